"""Other people's messages taken up as drafts and written anew: nothing a reader sees is lost."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postel.errors import UsageError
from postel.messages import Parsed, draft_of, parse

CORPORA = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
BULK = CORPORA / "bulk"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300),
              pytest.mark.skipif(not BULK.is_dir(), reason=f"no corpora at {CORPORA}")]


def messages(name: str, every: int) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(BULK / f"{name}.tar.xz") as archive:
        for number, member in enumerate(archive):
            file = archive.extractfile(member) if member.isfile() and number % every == 0 else None
            if file is not None:
                yield member.name, file.read()


def seen(found: Parsed) -> dict[str, object]:
    """What a reader sees, white space aside."""
    def words(text: str | None) -> list[str]:
        return (text or "").split()

    return {
        "subject": words(found.subject), "text": words(found.text), "html": words(found.html),
        "from": [box.local for box in found.from_.mailboxes],
        "to": [(words(box.name), box.local) for box in found.to.mailboxes],
        "cc": [box.local for box in found.cc.mailboxes],
        "files": sorted(one.content.replace(b"\r\n", b"\n") for one in found.attachments),
        "id": found.message_id, "references": found.references[-19:], "date": found.date,
    }


@pytest.mark.parametrize(("name", "every", "refused"), [
    ("spamassassin", 10, 0.03), ("mailing-list-usrp-users", 10, 0.03)])
def test_written_anew(name: str, every: int, refused: float) -> None:
    count = cannot = 0
    for place, raw in messages(name, every):
        got = parse(raw)
        count += 1
        try:
            draft = draft_of(got)
        except UsageError:  # signed, or an address that nobody can write to
            cannot += 1
            continue
        if not draft.from_:
            continue
        built = draft.build(now=datetime(2026, 11, 21, tzinfo=UTC), unique="x" * 16)
        again = parse(bytes(built))
        if not any(one.content_type.startswith("message/") for one in got.attachments):
            assert again.defects == (), place
        before, after = seen(got), seen(again)
        if draft.text is None:  # the text was the HTML's
            before["text"] = after["text"]
        if not got.date:
            before["date"] = after["date"]
        if not got.message_id:
            before["id"] = after["id"]
        assert after == before, place
    assert count > 90
    assert cannot / count < refused
