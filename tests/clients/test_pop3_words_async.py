# A conversation (its twin test_pop3_words_sync.py is generated): POP3's words, byte for byte.
"""Each command on the wire and what is made of its answer; log-ins; marks and the goodbye."""

from __future__ import annotations

import base64
import hashlib
import io
import tracemalloc
from typing import Any

import pytest
from scripted_peer import Line, POP3Peer

from postel.errors import (
    AuthenticationError,
    BusyError,
    ConnectionLost,
    LimitReached,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TimedOut,
    TryLater,
    UsageError,
)
from postel.pop3 import Item, Listed, Status
from postel.pop3.client_async import AsyncClient


def client(peer: Any, **keywords: Any) -> AsyncClient:
    settings = {"user": "ann", "password": "s p", "auth": "USER", "security": "plain",
                "timeout": 5.0, **keywords}
    return AsyncClient("127.0.0.1", port=peer.port, **settings)


WORDS = [
    ("stat", (), b"STAT", b"+OK 2 320 more\r\n", Status(2, 320)),
    ("list", (), b"LIST", b"+OK\r\n1 120\r\n3 200 extra\r\n.\r\n", (Item(1, 120), Item(3, 200))),
    ("list", (), b"LIST", b"+OK none\r\n.\r\n", ()),
    ("uidl", (), b"UIDL", b"+ok\r\n1 aaa\r\n.\r\n", (Listed(1, "aaa"),)),
    ("retr", (7,), b"RETR 7", b"+OK 3 octets\r\n..a\r\nb\r\n.\r\n", b".a\r\nb\r\n"),
    ("retr", (7,), b"RETR 7", b"+OK\r\n.\r\n", b""),
    ("top", (7, 2), b"TOP 7 2", b"+OK\r\nSubject: x\r\n\r\n.\r\n", b"Subject: x\r\n\r\n"),
    ("dele", (7,), b"DELE 7", b"+OK\r\n", None),
    ("rset", (), b"RSET", b"+OK\r\n", None),
    ("noop", (), b"NOOP", b"+ok fine\r\n", None),
    ("utf8", (), b"UTF8", b"+OK\r\n", None),
    ("lang", ("de",), b"LANG de", b"+OK de\r\n", None),
    ("langs", (), b"LANG", b"+OK\r\nen English\r\nde Deutsch\r\n.\r\n",
     {"en": "English", "de": "Deutsch"}),
]


@pytest.mark.parametrize(("word", "arguments", "sent", "answer", "result"), WORDS)
async def test_word(
    word: str, arguments: tuple[Any, ...], sent: bytes, answer: bytes, result: Any
) -> None:
    with POP3Peer() as peer:
        async with client(peer) as box:
            peer.commands.clear()
            peer.answers[sent.split(b" ")[0]] = answer
            assert await getattr(box, word)(*arguments) == result
            assert peer.commands == [sent]
            peer.answers[b"NOOP"] = b"+OK\r\n"
            await box.noop()


@pytest.mark.parametrize(("word", "arguments", "verb", "answer"), [
    ("stat", (), b"STAT", b"+OK many\r\n"),
    ("stat", (), b"STAT", b"+OK\r\n"),
    ("stat", (), b"STAT", b"+OK -1 5\r\n"),
    ("stat", (), b"STAT", "+OK \u00b2 5\r\n".encode()),
    ("stat", (), b"STAT", b"+OK 1 " + b"9" * 30 + b"\r\n"),
    ("list", (), b"LIST", b"+OK\r\nx y\r\n.\r\n"),
    ("list", (), b"LIST", b"+OK\r\n1\r\n.\r\n"),
    ("list", (), b"LIST", b"+OK\r\n1 big\r\n.\r\n"),
    ("list", (), b"LIST", "+OK\r\n1 \u00b2\r\n.\r\n".encode()),
    ("list", (), b"LIST", b"+OK\r\n" + b"9" * 40 + b" 5\r\n.\r\n"),
    ("uidl", (), b"UIDL", b"+OK\r\n1 \r\n.\r\n"),
    ("noop", (), b"NOOP", b"what?\r\n"),
    ("noop", (), b"NOOP", b"200 ok\r\n"),
    ("noop", (), b"NOOP", b"* OK\r\n"),
    ("noop", (), b"NOOP", b"x" * 70_000),
])
async def test_garbage_is_a_broken_rule(
    word: str, arguments: tuple[Any, ...], verb: bytes, answer: bytes
) -> None:
    with POP3Peer() as peer:
        box = client(peer)
        await box.open()
        peer.answers[verb] = answer
        with pytest.raises(ProtocolError):
            await getattr(box, word)(*arguments)
        assert not box.is_open


@pytest.mark.parametrize(("answer", "error", "temporary"), [
    (b"-ERR no such message\r\n", NotFound, False),
    (b"-ERR\r\n", NotFound, False),
    (b"-err lower case\r\n", NotFound, False),
    (b"-ERR [SYS/TEMP] later\r\n", TryLater, True),
    (b"-ERR [IN-USE] busy\r\n", TryLater, True),
    (b"-ERR [SYS/PERM] broken\r\n", NotFound, False),
    (b"-ERR \x1b[2J\r\n", NotFound, False),
])
async def test_refusal(answer: bytes, error: type[PostelError], temporary: bool) -> None:
    with POP3Peer({"RETR": answer}) as peer:
        async with client(peer) as box:
            with pytest.raises(error) as caught:
                await box.retr(3)
            assert isinstance(caught.value, ReplyError)
            assert caught.value.temporary == temporary
            assert bool(caught.value.hint) == temporary
            assert str(caught.value).startswith("RETR 3: the server said: ")
            assert "\x1b" not in str(caught.value)
            assert caught.value.command == "RETR 3"
            await box.noop()


@pytest.mark.parametrize("word", ["uidl", "utf8", "langs"])
async def test_what_the_server_does_not_know(word: str) -> None:
    with POP3Peer({"UIDL": b"-ERR\r\n"}) as peer:
        async with client(peer) as box:
            with pytest.raises(NotSupported):
                await getattr(box, word)()
            await box.noop()


# -- log in --------------------------------------------------------------------------------


async def test_user_and_password() -> None:
    with POP3Peer() as peer:
        async with client(peer) as box:
            assert peer.commands == [b"USER ann", b"PASS s p"]
            assert box.greeting == "ready <1.2@peer>"
        assert "s p" not in box.trace.text
    assert peer.commands[-1] == b"QUIT"


async def test_capa_missing_means_user_and_one_at_a_time() -> None:
    with POP3Peer({"CAPA": b"-ERR\r\n"}) as peer:
        async with client(peer, auth=None) as box:
            assert "PASS s p" in [c.decode() for c in peer.commands]
            assert [n async for n, _ in box.retr_many([1, 2])] == [1, 2]


async def test_apop() -> None:
    with POP3Peer({"APOP": b"+OK\r\n"}) as peer:
        async with client(peer, auth="APOP"):
            digest = hashlib.md5(b"<1.2@peer>s p").hexdigest().encode()
            assert peer.commands == [b"APOP ann " + digest]
    with POP3Peer(greeting=b"+OK no stamp\r\n") as peer:
        with pytest.raises(NotSupported, match="no stamp"):
            await client(peer, auth="APOP").open()


@pytest.mark.parametrize(("answer", "error"), [
    (b"-ERR [AUTH] no\r\n", AuthenticationError), (b"-ERR no\r\n", AuthenticationError),
    (b"-ERR [IN-USE] other\r\n", TryLater), (b"-ERR [LOGIN-DELAY] wait\r\n", TryLater)])
@pytest.mark.parametrize("auth", ["USER", "APOP", "PLAIN"])
async def test_log_in_refused(auth: str, answer: bytes, error: type[PostelError]) -> None:
    answers = {"PASS": answer, "APOP": answer, "AUTH": answer,
               "CAPA": b"+OK\r\nSASL PLAIN\r\n.\r\n"}
    with POP3Peer(answers) as peer:
        box = client(peer, auth=auth)
        with pytest.raises(error, match="log in as ann: the server said") as caught:
            await box.open()
        assert "s p" not in str(caught.value)
        assert caught.value.hint
        assert not box.is_open


async def test_sasl_plain_with_initial_response() -> None:
    with POP3Peer({"AUTH": b"+OK\r\n", "CAPA": b"+OK\r\nSASL PLAIN\r\n.\r\n"}) as peer:
        async with client(peer, auth=None):
            told = base64.b64encode(b"\0ann\0s p")
            assert peer.commands[1] == b"AUTH PLAIN " + told


async def test_a_certificate_needs_no_name() -> None:
    with POP3Peer({"AUTH": b"+OK\r\n", "CAPA": b"+OK\r\nSASL EXTERNAL PLAIN\r\n.\r\n"}) as peer:
        async with AsyncClient(f"pop3://127.0.0.1:{peer.port}", timeout=5.0, auth="EXTERNAL"):
            assert peer.commands[1] == b"AUTH EXTERNAL ="


async def test_a_mechanism_that_is_not_offered() -> None:
    with POP3Peer({"CAPA": b"+OK\r\nSASL PLAIN\r\n.\r\n"}) as peer:
        with pytest.raises(NotSupported):
            await client(peer, auth="SCRAM-SHA-256").open()
        assert "AUTH" not in peer.verbs


@pytest.mark.parametrize("final", [
    b"v=" + base64.b64encode(b"x" * 32), b"e=invalid-proof", b"nonsense", b""])
async def test_scram_server_that_does_not_know_the_password(final: bytes) -> None:
    def auth(line: Line, rest: str) -> bytes | None:
        first = base64.b64decode(rest.split()[1])
        nonce = first.partition(b"r=")[2]
        challenge = b"r=" + nonce + b"srv,s=" + base64.b64encode(b"salt") + b",i=4096"
        line.say(b"+ " + base64.b64encode(challenge) + b"\r\n")
        assert b"p=" in base64.b64decode(line.hear())
        line.say(b"+ " + base64.b64encode(final) + b"\r\n")
        if line.hear() == b"*":
            return b"-ERR cancelled\r\n"
        return b"+OK welcome\r\n"

    with POP3Peer({"AUTH": auth, "CAPA": b"+OK\r\nSASL SCRAM-SHA-256\r\n.\r\n"}) as peer:
        box = client(peer, auth="SCRAM-SHA-256")
        with pytest.raises((AuthenticationError, ProtocolError)):
            await box.open()
        assert not box.is_open


async def test_scram_success_without_a_signature() -> None:
    def auth(line: Line, rest: str) -> bytes:
        return b"+OK trust me\r\n"

    with POP3Peer({"AUTH": auth, "CAPA": b"+OK\r\nSASL SCRAM-SHA-256\r\n.\r\n"}) as peer:
        with pytest.raises((AuthenticationError, ProtocolError)):
            await client(peer, auth="SCRAM-SHA-256").open()


@pytest.mark.parametrize("challenge", [b"+ !!!\r\n", b"+ " + b"A" * 66_000 + b"\r\n", b"+OKAY\r\n"])
async def test_challenges_that_are_none(challenge: bytes) -> None:
    def auth(line: Line, _: str) -> bytes:
        line.say(challenge)
        line.hear()
        return b"-ERR cancelled\r\n"

    with POP3Peer({"AUTH": auth, "CAPA": b"+OK\r\nSASL CRAM-MD5\r\n.\r\n"}) as peer:
        with pytest.raises((AuthenticationError, ProtocolError)):
            await client(peer, auth="CRAM-MD5").open()


@pytest.mark.parametrize("rest", [b"+OK injected\r\n", b"-", b"\0"])
async def test_bytes_after_the_agreement_to_tls(rest: bytes) -> None:
    with POP3Peer({"STLS": b"+OK begin\r\n" + rest}) as peer:
        with pytest.raises(ProtocolError, match="in the clear after TLS was agreed"):
            await client(peer, security="starttls").open()
        assert peer.commands == [b"STLS"]


async def test_tls_required_and_not_offered() -> None:
    with POP3Peer() as peer:
        with pytest.raises(NotSupported, match="no TLS on this port") as caught:
            await client(peer, security="starttls").open()
        assert "995" in caught.value.hint
        assert peer.verbs == ["STLS"]


@pytest.mark.parametrize(("greeting", "error", "hint"), [
    (b"-ERR busy\r\n", ReplyError, ""),
    (b"220 FTP here\r\n", ProtocolError, "FTP, SMTP or NNTP"),
    (b"* OK IMAP4rev1\r\n", ProtocolError, "IMAP"),
    (b"\x15\x03\x01\x00\x02\x02\n", ProtocolError, "TLS on this port"),
    (b"", ConnectionLost, ""),
])
async def test_greetings_that_end_it(
    greeting: bytes, error: type[PostelError], hint: str
) -> None:
    peer = POP3Peer()
    peer.play = lambda line: line.say(greeting)  # type: ignore[method-assign, assignment]
    with peer:
        with pytest.raises(error) as caught:
            await client(peer).open()
        assert hint in caught.value.hint


# -- marks and the goodbye -----------------------------------------------------------------


async def test_the_goodbye_makes_deletions_real_or_says_so() -> None:
    with POP3Peer({"QUIT": b"-ERR some not removed\r\n"}) as peer:
        box = client(peer)
        await box.open()
        await box.dele(1)
        with pytest.raises(ReplyError, match="some not removed") as caught:
            await box.aclose()
        assert "not done: 1 deletions" in caught.value.__notes__
        async with client(peer):
            pass  # nothing was marked, so nothing is lost


async def test_no_answer_to_the_goodbye() -> None:
    with POP3Peer({"QUIT": lambda line, _: line.close()}) as peer:
        with pytest.raises(ConnectionLost) as caught:
            async with client(peer) as box:
                await box.dele(1)
                await box.dele(2)
        assert "not done: 2 deletions" in caught.value.__notes__
        box = client(peer)
        await box.open()
        with pytest.raises(ConnectionLost):
            await box.quit()


async def test_an_error_in_the_block_takes_marks_back() -> None:
    with POP3Peer({"RETR": b"-ERR gone\r\n"}) as peer:
        with pytest.raises(NotFound):
            async with client(peer) as box:
                await box.dele(1)
                await box.retr(9)
        assert peer.verbs[-2:] == ["RSET", "QUIT"]
        with pytest.raises(KeyError):
            async with client(peer) as box:
                await box.dele(1)
                raise KeyError
        assert peer.verbs[-1] == "DELE"  # hung up without QUIT: the server forgets the marks


async def test_a_refused_mark_is_no_mark() -> None:
    with POP3Peer({"DELE": [b"-ERR no\r\n"], "QUIT": b"-ERR\r\n"}) as peer:
        async with client(peer) as box:
            with pytest.raises(NotFound):
                await box.dele(1)


# -- many ----------------------------------------------------------------------------------


async def test_many_in_windows() -> None:
    with POP3Peer() as peer:
        async with client(peer) as box:
            got = [(n, d) async for n, d in box.retr_many(range(1, 501))]
            assert [n for n, _ in got] == list(range(1, 501))
            assert got[41] == (42, b"Subject: 42\r\n\r\nhi\r\n")
            tops = [m.number async for m in box.top_many([1, 2, 3], 5)]
            assert tops == [1, 2, 3]
    assert b"TOP 3 5" in peer.commands


async def test_without_pipelining_one_at_a_time() -> None:
    def strict(line: Line, n: str) -> bytes:
        assert line.held == b"", "another command came before the answer"
        return b"+OK\r\nx\r\n.\r\n"

    answers = {"CAPA": b"+OK\r\nUSER\r\n.\r\n", "RETR": strict, "DELE": strict}
    answers["DELE"] = lambda line, n: b"+OK\r\n" if not line.held else b"-ERR ahead\r\n"
    with POP3Peer(answers) as peer:
        async with client(peer) as box:
            assert len([m async for m in box.retr_many(range(1, 30))]) == 29
            assert [n async for n in box.dele_many([1, 2, 3])] == [1, 2, 3]


@pytest.mark.parametrize("bad", [1, 2, 17, 50])
async def test_a_message_that_is_gone_in_the_middle(bad: int) -> None:
    def retr(line: Line, n: str) -> bytes:
        return b"-ERR gone\r\n" if int(n) == bad else b"+OK\r\n%s\r\n.\r\n" % n.encode()

    with POP3Peer({"RETR": retr}) as peer:
        async with client(peer) as box:
            seen = []
            with pytest.raises(NotFound, match=f"RETR {bad}"):
                async for number, data in box.retr_many(range(1, 51)):
                    assert data == b"%d\r\n" % number
                    seen.append(number)
            assert seen == list(range(1, bad))
            assert (await box.stat()).messages == 2


async def test_deletions_of_which_one_is_refused() -> None:
    def dele(line: Line, n: str) -> bytes:
        return b"-ERR gone\r\n" if n == "3" else b"+OK\r\n"

    with POP3Peer({"DELE": dele, "QUIT": b"-ERR half\r\n"}) as peer:
        box = client(peer)
        await box.open()
        seen = []
        with pytest.raises(NotFound, match="DELE 3"):
            async for number in box.dele_many(range(1, 6)):
                seen.append(number)
        assert seen == [1, 2, 4, 5]
        with pytest.raises(ReplyError) as caught:
            await box.aclose()
        assert "not done: 4 deletions" in caught.value.__notes__


async def test_other_commands_within_the_loop_and_a_loop_left_early() -> None:
    with POP3Peer() as peer:
        async with client(peer) as box:
            seen = []
            async for number, _ in box.retr_many(range(1, 40)):
                seen.append(number)
                if number % 7 == 0:
                    assert (await box.stat()).messages == 2
                    assert await box.retr(99) == b"Subject: 99\r\n\r\nhi\r\n"
            assert seen == list(range(1, 40))
            async for _ in box.retr_many(range(1, 40)):
                break
            assert (await box.stat()).messages == 2


async def test_a_stream_refuses_other_commands_and_can_be_left() -> None:
    body = b"x" * 998 + b"\r\n"
    with POP3Peer({"RETR": b"+OK\r\n" + body * 2_000 + b".\r\n"}) as peer:
        async with client(peer) as box:
            async with box.retr_stream(1) as message:
                async for _ in message:
                    with pytest.raises(BusyError, match="RETR 1"):
                        await box.stat()
                    break
            assert (await box.stat()).messages == 2
            file = io.BytesIO()
            assert await box.retr_to(1, file) == len(body) * 2_000
            assert file.getvalue() == body * 2_000


async def test_memory_stays_flat_however_large_the_message() -> None:
    def huge(line: Line, _: str) -> bytes:
        line.say(b"+OK\r\n")
        block = (b"." * 60 + b"\r\n") * 8_000
        for _ in range(40):
            line.say(block)  # 20 MB
        return b".\r\n"

    with POP3Peer({"RETR": huge}) as peer:
        peer.said = _Nothing()  # type: ignore[assignment]
        async with client(peer) as box:
            tracemalloc.start()
            try:
                async with box.retr_stream(1) as message:
                    size = sum([len(chunk) async for chunk in message])
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
    assert size == 61 * 8_000 * 40
    assert peak < 6_000_000, f"{peak:,} bytes at most for {size:,}"


class _Nothing(bytes):
    """What the peer said is not kept here."""

    def __add__(self, other: Any) -> _Nothing:
        return self


async def test_a_message_over_the_limit() -> None:
    with POP3Peer({"RETR": b"+OK\r\n" + b"x" * 5_000_000 + b"\r\n.\r\n"}) as peer:
        async with client(peer) as box:
            box.largest = 1_000_000
            with pytest.raises(LimitReached, match="more than 1,000,000"):
                await box.retr(1)
            assert (await box.stat()).messages == 2


async def test_line_breaks_in_names_send_nothing() -> None:
    with POP3Peer() as peer:
        with pytest.raises(UsageError):
            await client(peer, user="a\r\nDELE 1").open()
        with pytest.raises(UsageError):
            await client(peer, password="a\nDELE 1").open()
        assert b"DELE" not in peer.heard


async def test_silence_ends_in_time() -> None:
    with POP3Peer({"NOOP": None}) as peer:
        box = client(peer)
        await box.open()
        with pytest.raises(TimedOut):
            await box.noop(timeout=0.1)
        assert not box.is_open
