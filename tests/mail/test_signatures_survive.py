"""A signature from the composer to the archive: sent, fetched, filed, flagged, converted, attached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab, mailboxes, pop3
from postel.mail import Direct
from postel.mail.signed import Signed, signed
from postel.messages import Signer, offline
from postel.messages.dkim import verify

KEY = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
TABLE = {("s1._domainkey.example.org", "TXT"): ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]}
FORMS = [("relaxed", "relaxed"), ("simple", "simple")]
MESSAGE = ("From: Ann <ann@example.org>\nTo: alice@lab.test\nDate: Sat, 21 Nov 2026 11:00:00 +0000\nSubject: survive\n"
           "Message-ID: <1@example.org>\n\nFrom here\n>From there\n.\n..dots\n\n  spaces  \t\nüñï\n\n\n").encode()


def passes(raw: bytes) -> bool:
    return [one.result for one in offline(verify(raw, now=2_000_000_000), TABLE)] == ["pass"]


@pytest.fixture(scope="module")
def here() -> Iterator[Any]:
    with lab.start("dns", "smtp", "pop3") as running:
        yield running


@pytest.mark.parametrize("forms", FORMS, ids="/".join)
def test_sent_fetched_filed_and_converted(here: Any, tmp_path: Path, forms: tuple[str, str]) -> None:
    signer = Signer("example.org", "s1", KEY, header_form=forms[0], body_form=forms[1])
    letter = signed(MESSAGE, signer, now=1_700_000_000)
    with Direct(timeout=10.0) as direct:
        direct.send(letter, sender="ann@example.org", recipients=[f"alice@{here.domain}"])
    with pop3.Client(here.url("pop3"), password="secret") as box:
        fetched = box.retr(box.list()[-1].number)
        box.fetch_new(tmp_path / "state.db", mailboxes.Maildir(tmp_path / "first").create())
    assert passes(fetched)
    place = tmp_path / "first"
    for number, kind in enumerate(("mboxrd", "mh", "mboxcl2", "eml", "maildir", "mmdf", "babyl", "mboxcl")):
        filed = mailboxes.open(place)
        if filed.kind != "eml":  # which keeps none
            filed.set_flags({message.key: ["seen", "flagged"] for message in filed})
        place = tmp_path / f"{number}-{kind}"
        done = mailboxes.convert(filed, place, kind)  # type: ignore[arg-type]
        assert not done.skipped
        assert all(passes(message.read()) for message in done.box if b"survive" in message.read()), kind


class Composed:
    """A message of pieces: bytes, and a file that is opened when it is sent."""

    needs_utf8 = False
    needs_8bit = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head = MESSAGE.partition(b"\n\n")[0].replace(b"\n", b"\r\n") + b"\r\n\r\n"

    @property
    def size(self) -> int:
        return len(self.head) + self.path.stat().st_size

    def open(self) -> Any:
        return self.path.open("rb")

    def chunks(self) -> Iterator[Any]:
        yield self.head
        yield self


def test_what_is_composed_of_files_is_signed_as_it_is_sent(here: Any, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"line  one \r\nline two\r\n\r\n" * 20_000)
    letter = signed(Composed(tmp_path / "body"), Signer("example.org", "s1", KEY), now=1_700_000_000)
    assert isinstance(letter, Signed)
    with Direct(timeout=10.0) as direct:
        direct.send(letter, sender="ann@example.org", recipients=[f"bob@{here.domain}"])
    raw = here.mail.messages[-1].data
    assert len(raw) == letter.size
    assert passes(raw)
