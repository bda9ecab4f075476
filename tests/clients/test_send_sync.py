# GENERATED from test_send_async.py by tools/unasync.py: edit that file, not this one.
"""`postel.send`: the envelope from the headers, no Bcc on the wire, as few round trips as can be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from smtp_peer import SMTPPeer, turns

from postel import lab
from postel.errors import TransferError, UsageError
from postel.mail.letters import addressed, without_bcc
from postel.mail.sending_sync import send
from postel.smtp import Envelope, Letter, Rcpt, RecipientsRefused
from postel.smtp.client_sync import Client
from postel.smtp.content import Outgoing
from postel.smtp.learned import LEARNED

TEXT = (b"From: Ann <ann@example.org>\r\nTo: bob@example.org, Carol <carol@example.org>\r\n"
        b"Bcc: eve@example.org,\r\n dan@example.org\r\nSubject: hi\r\n\r\nBcc: is a word here\r\n")


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    LEARNED.clear()
    yield
    LEARNED.clear()


def test_the_headers_say_who_and_bcc_stays_here() -> None:
    with lab.start("submission") as here:
        host, port = here.address("submission")
        with pytest.raises(RecipientsRefused) as caught_error:
            send(TEXT, via=f"submission://{host}:{port}")
        assert caught_error.value.hint == "log in first: user=, password="
        here.submission.options.mechanisms = ("PLAIN",)
        trace = io.StringIO()
        sent = send(TEXT, via=f"submission://alice:secret@{host}:{port}", trace=trace)
        assert sent.sender == "ann@example.org"
        assert sent.accepted == ("bob@example.org", "carol@example.org", "eve@example.org",
                                 "dan@example.org")
        [caught] = here.mail.messages
        assert caught.data == (
            b"From: Ann <ann@example.org>\r\nTo: bob@example.org, Carol <carol@example.org>\r\n"
            b"Subject: hi\r\n\r\nBcc: is a word here\r\n")
        assert turns(trace.getvalue()) == 3  # EHLO; AUTH; all the rest, QUIT with it


def test_arguments_beat_headers() -> None:
    with SMTPPeer() as peer:
        via = f"smtp://127.0.0.1:{peer.port}"
        sent = send(TEXT, via=via, sender="", recipients="x@example.org")
        assert (sent.sender, sent.accepted) == ("", ("x@example.org",))


def test_refusals_raise_or_are_told() -> None:
    with SMTPPeer({b"RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n"]}) as peer:
        via = f"smtp://127.0.0.1:{peer.port}"
        with pytest.raises(RecipientsRefused):
            send(TEXT, via=via)
        peer.answers[b"RCPT"] = [b"550 5.1.1 no\r\n", b"250 ok\r\n"]
        sent = send(TEXT, via=via, raise_on="all")
        assert tuple(sent.refused) == ("bob@example.org",)


class Sketch:
    """A draft, as composers have them."""

    def build(self, *, now: datetime, unique: str, files: Any = None, eight_bit: bool = False,
              utf8: bool = False) -> Outgoing:
        assert now.tzinfo is not None
        assert unique.isalnum()
        assert eight_bit
        return Built()


class Built:
    """What a composer makes of it."""

    size, needs_utf8, needs_8bit = 23, False, True
    sender, recipients = "ann@example.org", ("bob@example.org",)

    def chunks(self) -> Iterator[Any]:
        yield b"Subject: x\r\n\r\n"
        yield "Grüße\r\n".encode()

    def seven_bit(self) -> Outgoing:
        return Seven()


class Seven(Built):
    """The same in 7 bits."""

    size, needs_8bit = 27, False

    def chunks(self) -> Iterator[Any]:
        yield b"Subject: x\r\n\r\nGr=C3=BC=C3=9Fe\r\n"


def test_a_draft_is_built_and_made_seven_bit_where_it_must_be() -> None:
    with SMTPPeer(without=("CHUNKING",)) as peer:
        send(Sketch(), via=f"smtp://127.0.0.1:{peer.port}")
        assert "Grüße".encode() in peer.messages[0]
        assert b"MAIL FROM:<ann@example.org> SIZE=23 BODY=8BITMIME" in peer.commands
    with SMTPPeer(without=("CHUNKING", "8BITMIME")) as peer:
        send(Sketch(), via=f"smtp://127.0.0.1:{peer.port}")
        assert b"Gr=C3=BC=C3=9Fe" in peer.messages[0]
        assert b"MAIL FROM:<ann@example.org> SIZE=31" in peer.commands


def test_drafts_and_built_messages_among_letters() -> None:
    with SMTPPeer() as peer:
        with Client(f"smtp://127.0.0.1:{peer.port}", security="plain") as server:
            assert (server.send(Sketch())).accepted == ("bob@example.org",)
            given: list[Any] = [Sketch(), Built(), Letter(Sketch(), Envelope("a@x", (Rcpt("c@x"),)))]
            results = [one for one in server.send_many(given)]
        assert [one.accepted for one in results] == [
            ("bob@example.org",), ("bob@example.org",), ("c@x",)]
        assert len(peer.messages) == 4


class Filed(Built):
    """With a file in it that is opened when it is sent."""

    size, needs_8bit = 0, False

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data) + 14

    def chunks(self) -> Iterator[Any]:
        yield b"Subject: x\r\n\r\n"
        yield self

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)


@pytest.mark.parametrize("without", [(), ("CHUNKING",), ("PIPELINING",)])
def test_files_are_read_as_they_go(without: tuple[str, ...]) -> None:
    data = b".x\r\n" * 700_000
    with SMTPPeer({b"EHLO": b"250-peer\r\n250-PIPELINING\r\n250 CHUNKING\r\n"} if not without
                  else {}, without=without) as peer:
        if without:
            peer.answers[b"EHLO"] = peer.answers[b"EHLO"].replace(b"SIZE 1000000", b"SIZE")
        send(Filed(data), via=f"smtp://127.0.0.1:{peer.port}")
        found = peer.messages[0]
        if without == ("CHUNKING",):
            found = found.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        assert found == b"Subject: x\r\n\r\n" + data
        assert peer.verbs.count("BDAT") in (0, 3)


def test_a_file_that_changed_ends_the_connection_not_the_message() -> None:
    class Short(Filed):
        """Breaks in the middle."""

        def open(self) -> io.BytesIO:
            raise TransferError("attach x: it was longer")

    for without in ((), ("CHUNKING",)):
        with SMTPPeer(without=without) as peer:
            with pytest.raises(TransferError):
                send(Short(b"x" * 100), via=f"smtp://127.0.0.1:{peer.port}")
        assert not peer.messages


@pytest.mark.parametrize(("message", "keywords", "said"), [
    (b"Subject: x\r\n\r\n", {}, "nobody sends it"),
    (b"From: a@x\r\n\r\n", {}, "nobody gets it"),
    (b"From: a@x\r\nTo: undisclosed recipients:;\r\n\r\n", {}, "nobody gets it|cannot be read"),
    (TEXT, {"via": "pop3://mail.example.org"}, "has no send"),
    (TEXT, {"via": "gopher://x"}, "no scheme"),
])
def test_what_cannot_be_sent(message: bytes, keywords: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        send(message, **{"via": "smtp://127.0.0.1:1", **keywords})


def test_bcc_in_all_its_forms() -> None:
    for text in (b"Bcc: a@x\r\nTo: b@x\r\n\r\n", b"To: b@x\nBCC : a@x,\n\t c@x\n\n",
                 b"To: b@x\r\nresent-bcc:a@x\r\n\r\nbcc: body\r\n"):
        kept = without_bcc(text)
        assert b"a@x" not in kept
        assert b"To: b@x" in kept
        assert (b"bcc: body" in text) == (b"bcc: body" in kept)
    assert without_bcc(b"Bcc: a@x") == b""
    assert addressed(b"Sender: s@x\r\nFrom: a@x, b@x\r\nTo: c@x\r\n\r\n", None, None)[1] == "s@x"
