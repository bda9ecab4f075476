# GENERATED from test_outbox_async.py by tools/unasync.py: edit that file, not this one.
"""Messages that wait on disk: sent once, later or again; taken back, refused, lost, bounced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.errors import NotFound, TryLater, UsageError
from postel.mail.files import source
from postel.mail.outbox_sync import Outbox
from postel.mail.outbox_store import OutboxStore
from postel.mail.outbox_types import Item, Schedule
from postel.messages import Message
from postel.smtp.learned import LEARNED
from postel.smtp.types import DSN, Rcpt

MAIL = (b"From: Ann <ann@lab.test>\r\nTo: bob@lab.test, carol@lab.test\r\nSubject: hello\r\n"
        b"Message-ID: <1@lab.test>\r\n\r\n.dot\r\nhi\r\n")
AT_ONCE = Schedule(first=0.0, longest=0.0)


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("smtp", "submission", "pop3") as started:
        yield started


@pytest.fixture
def here(running: lab.Lab) -> Iterator[lab.Lab]:
    LEARNED.clear()
    running.mail.clear()
    running.smtp.faults.clear()
    running.smtp.options.without = set()
    yield running
    running.smtp.faults.clear()


def outbox(tmp_path: Path, **options: Any) -> Outbox:
    return Outbox(tmp_path / "outbox.db", schedule=AT_ONCE, security="plain", **options)


def states(item: Item) -> dict[str, str]:
    return {one.address: one.state for one in item.destinations}


def test_put_in_and_sent(here: lab.Lab, tmp_path: Path) -> None:
    told: list[Item] = []
    with outbox(tmp_path) as box:
        item = box.add(MAIL, via=here.url("smtp"))
        assert (item.sender, item.subject, item.message_id) == (
            "ann@lab.test", "hello", "1@lab.test")
        assert states(item) == {"bob@lab.test": "queued", "carol@lab.test": "queued"}
        assert not here.mail.messages
        (tried,) = box.run(tell=told.append)
        assert told == [tried]
        assert states(tried) == {"bob@lab.test": "sent", "carol@lab.test": "sent"}
        assert tried.destinations[0].reply.startswith("250 2.0.0 message")
        assert tried.is_final
        assert box.run() == []
    (caught,) = here.mail.messages
    assert caught.data == MAIL
    assert caught.mail.envid == item.envid


def test_the_envelope_is_kept_and_bcc_is_not(here: lab.Lab, tmp_path: Path) -> None:
    with outbox(tmp_path) as box:
        item = box.add(b"Bcc: eve@x.org\r\n" + MAIL, via=here.url("smtp"), priority=-3,
                             dsn=DSN(notify=("failure",), ret="full", envid="mine"))
        assert [one.address for one in item.destinations] == [
            "bob@lab.test", "carol@lab.test", "eve@x.org"]
        box.run()
        box.add(MAIL, via=here.url("smtp"), sender="", recipients=[
            Rcpt("b@x.org", ("never",)), Rcpt("c@x.org", orcpt="old@x.org")])
        box.run()
    first, second = here.mail.messages
    assert first.data == MAIL
    assert (first.mail.envid, first.mail.ret, first.mail.priority) == ("mine", "FULL", -3)
    assert {rcpt.notify for rcpt in first.rcpts} == {frozenset({"FAILURE"})}
    assert [(sorted(rcpt.notify), rcpt.orcpt) for rcpt in second.rcpts] == [
        (["NEVER"], ""), ([], "rfc822;old@x.org")]


def test_drafts_and_their_files(here: lab.Lab, tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_bytes(bytes(range(256)) * 99)
    draft = Message(from_="Ann <ann@lab.test>", to="bob@lab.test", bcc="eve@x.org",
                    subject="Grüße", text="Grüße.\n", attach=[tmp_path / "notes.bin"])
    with outbox(tmp_path) as box:
        here.smtp.options.without = {"8BITMIME"}
        built = draft.build(now=datetime.now(UTC), unique="a" * 12, files=source, eight_bit=True)
        assert built.needs_8bit
        box.add(built, via=here.url("smtp"))
        item = box.add(draft, via=here.url("smtp"))
        (tmp_path / "notes.bin").unlink()
        assert item.subject == "Grüße"
        assert item.is_final is False
        box.run()
    assert len(here.mail.messages) == 2
    for caught in here.mail.messages:
        assert caught.recipients == ("bob@lab.test", "eve@x.org")
        assert b"eve@" not in caught.data
        assert caught.text == "Grüße.\n"
        assert [one.content for one in caught.attachments] == [bytes(range(256)) * 99]


@pytest.mark.parametrize("without", [set(), {"CHUNKING", "BINARYMIME"}], ids=["BDAT", "DATA"])
def test_large_and_odd_messages(
    here: lab.Lab, tmp_path: Path, without: set[str]
) -> None:
    here.smtp.options.without = without
    large = MAIL + b".dots\r\n" * 200_000
    eight = MAIL + "Grüße\r\n".encode()
    binary = (b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
              b"Content-Transfer-Encoding: binary\r\n\r\n\0\r\0\n.\r\n.\r\n")
    with outbox(tmp_path) as box:
        for data in (large, eight, binary):
            box.add(data, via=here.url("smtp"), sender="a@x.org", recipients=["b@x.org"])
        found = [set(states(item).values()) for item in box.run()]
    if without:
        assert found == [{"sent"}, {"sent"}, {"refused"}]
        assert [one.data for one in here.mail.messages] == [large, eight]
    else:
        assert found == [{"sent"}] * 3
        assert [one.data for one in here.mail.messages] == [large, eight, binary]


def test_one_connection_for_many(here: lab.Lab, tmp_path: Path) -> None:
    before = here.smtp.clear.connections
    with outbox(tmp_path) as box:
        for _ in range(5):
            box.add(MAIL, via=here.url("smtp"))
        assert len(box.run()) == 5
    assert here.smtp.clear.connections == before + 1
    assert len(here.mail.messages) == 5


def test_each_recipient_by_itself(here: lab.Lab, tmp_path: Path) -> None:
    here.smtp.faults.say("RCPT b@ → 452 twice, then ok", "RCPT c@ → 550 5.1.1 nobody")
    with outbox(tmp_path) as box:
        box.add(MAIL, via=here.url("smtp"), recipients=["a@x.org", "b@x.org", "c@x.org"])
        (item,) = box.run()
        assert states(item) == {"a@x.org": "sent", "b@x.org": "queued", "c@x.org": "refused"}
        assert item.destinations[1].reply == "452 4.2.2 as you asked"
        assert item.destinations[2].reply == "550 5.1.1 nobody"
        assert states((box.run())[0])["b@x.org"] == "queued"
        (item,) = box.run()
        assert states(item)["b@x.org"] == "sent"
        assert [one.tries for one in item.destinations] == [1, 3, 1]
    assert [caught.recipients for caught in here.mail.messages] == [("a@x.org",), ("b@x.org",)]


def test_send_later_and_the_undo_window(here: lab.Lab, tmp_path: Path) -> None:
    with outbox(tmp_path) as box:
        later = box.add(MAIL, via=here.url("smtp"), later=timedelta(hours=1))
        undo = box.add(MAIL, via=here.url("smtp"), undo=30)
        date = box.add(MAIL, via=here.url("smtp"), later=datetime(2030, 1, 1, tzinfo=UTC))
        assert box.run() == []
        assert later.due is not None
        assert undo.due is not None
        assert (later.due - later.created).total_seconds() == pytest.approx(3600, abs=1)
        assert (undo.due - undo.created).total_seconds() == pytest.approx(30, abs=1)
        assert date.due == datetime(2030, 1, 1, tzinfo=UTC)
        assert set(states(box.cancel(undo.id)).values()) == {"cancelled"}
        box.retry(later.id)
        assert len(box.run()) == 1
        with pytest.raises(UsageError, match="time zone"):
            box.add(MAIL, via=here.url("smtp"), later=datetime(2030, 1, 1))
        with pytest.raises(NotFound):
            box.cancel(99)
    assert len(here.mail.messages) == 1


def test_a_server_that_cannot_be_reached(here: lab.Lab, tmp_path: Path) -> None:
    with outbox(tmp_path) as box:
        box.add(MAIL, via="smtp://127.0.0.1:1/")
        box.add(MAIL, via="smtp://127.0.0.1:1/")
        box.add(MAIL, via=here.url("smtp"))
        items = box.run()
        assert [set(states(item).values()) for item in items] == [
            {"queued"}, {"queued"}, {"sent"}]
        assert "connect" in items[0].destinations[0].reply.lower()


def test_the_line_is_cut_before_the_end(here: lab.Lab, tmp_path: Path) -> None:
    """Nothing was taken: the next messages go by a new connection, this one with the next run."""
    here.smtp.faults.say("drop after 354 once")
    with outbox(tmp_path) as box:
        for _ in range(3):
            box.add(MAIL, via=here.url("smtp"))
        here.smtp.options.without = {"CHUNKING"}
        items = box.run()
        assert [set(states(item).values()) for item in items] in (
            [{"queued"}, {"sent"}, {"sent"}], [{"unknown"}, {"sent"}, {"sent"}])
    assert len(here.mail.messages) == 2


def test_the_answer_is_lost(here: lab.Lab, tmp_path: Path) -> None:
    """The server has it, and its 250 never came: unknown, and never sent again by itself."""
    here.smtp.faults.say("drop after the message once")
    with outbox(tmp_path) as box:
        item = box.add(MAIL, via=here.url("smtp"))
        (item,) = box.run()
        assert set(states(item).values()) == {"unknown"}
        assert not item.is_final
        assert box.run() == []
        assert len(here.mail.messages) == 1
        box.retry(item.id)
        (item,) = box.run()
        assert set(states(item).values()) == {"sent"}
    assert len(here.mail.messages) == 2, "you have asked for it"


def test_refused_as_a_whole(here: lab.Lab, tmp_path: Path) -> None:
    here.smtp.faults.say("MESSAGE → 554 5.6.0 no, once", "MAIL → 451 4.3.0 later, once")
    with outbox(tmp_path) as box:
        box.add(MAIL, via=here.url("smtp"))
        assert set(states((box.run())[0]).values()) == {"queued"}
        assert set(states((box.run())[0]).values()) == {"refused"}
    assert not here.mail.messages


def test_what_the_server_cannot_take(here: lab.Lab, tmp_path: Path) -> None:
    here.smtp.options.without = {"8BITMIME"}
    with outbox(tmp_path) as box:
        box.add(MAIL + "Grüße\r\n".encode(), via=here.url("smtp"))
        (item,) = box.run()
        assert set(states(item).values()) == {"refused"}
        assert "8BITMIME" in item.destinations[0].reply


def test_no_password_is_kept(here: lab.Lab, tmp_path: Path) -> None:
    with outbox(tmp_path, password="secret") as box:
        url = here.url("submission").replace("alice@", "alice:hunter2@")
        item = box.add(MAIL, via=url, recipients=["bob@lab.test"])
        assert item.via == here.url("submission")
        assert states((box.run())[0]) == {"bob@lab.test": "sent"}
    assert b"hunter2" not in b"".join(
        one.read_bytes() for one in tmp_path.iterdir() if one.is_file())
    assert here.mail.messages[-1].user == "alice"


def test_reports_find_their_message(here: lab.Lab, tmp_path: Path) -> None:
    here.mail.bounce("eve@elsewhere.example", "5.1.1", "no such user")
    with outbox(tmp_path) as box:
        item = box.add(
            MAIL, via=here.url("smtp"), sender="alice@lab.test",
            recipients=["eve@elsewhere.example", "bob@lab.test", "carol@lab.test"],
            dsn=DSN(notify=("success", "failure"), ret="headers"))
        box.run()
        report = here.mail.wait_for(to="alice@lab.test", sender="")
        found = box.report(report.data)
        assert {(one.address, one.action) for one in found} == {
            ("eve@elsewhere.example", "failed"), ("bob@lab.test", "delivered"),
            ("carol@lab.test", "delivered")}
        assert states(box.get(item.id)) == {
            "bob@lab.test": "delivered", "carol@lab.test": "delivered",
            "eve@elsewhere.example": "bounced"}
        assert box.report(MAIL) == []
        stranger = report.data.replace(item.envid.encode(), b"other").replace(
            b"<1@lab.test>", b"<2@lab.test>")
        assert box.report(stranger) == []


def test_a_report_without_the_envelopes_name(here: lab.Lab, tmp_path: Path) -> None:
    with outbox(tmp_path) as box:
        item = box.add(MAIL, via=here.url("smtp"), sender="alice@lab.test",
                             recipients=["bob@lab.test"], dsn=DSN(notify=("success",)))
        box.run()
        data = here.mail.wait_for(to="alice@lab.test", sender="").data
        data = data.replace(b"Original-Envelope-Id: " + item.envid.encode() + b"\r\n", b"")
        assert len(box.report(data)) == 1
        assert states(box.get(item.id)) == {"bob@lab.test": "delivered"}


def test_one_run_at_a_time(here: lab.Lab, tmp_path: Path) -> None:
    with outbox(tmp_path) as box:
        box.add(MAIL, via=here.url("smtp"))
        with OutboxStore(tmp_path / "outbox.db") as other:
            other.lock()
            with pytest.raises(TryLater, match="another run"):
                box.run()
        assert len(box.run()) == 1


def test_messages_without_sender_or_recipients(tmp_path: Path) -> None:
    with outbox(tmp_path) as box:
        with pytest.raises(UsageError, match="nobody sends it"):
            box.add(b"To: a@x\r\n\r\n", via="smtp://x/")
        with pytest.raises(UsageError, match="nobody gets it"):
            box.add(b"From: a@x\r\n\r\n", via="smtp://x/")
        with pytest.raises(UsageError):
            box.add(MAIL, via="no url")
        for bad in ("a@x\r\nRCPT TO:<eve@x>", "", "a b@x", "a@x>"):
            with pytest.raises(UsageError):
                box.add(MAIL, via="smtp://x/", recipients=[bad])
        with pytest.raises(UsageError):
            box.add(MAIL, via="ftp://x/")
        assert box.items() == []
    with pytest.raises(UsageError, match="not open"):
        box.items()
