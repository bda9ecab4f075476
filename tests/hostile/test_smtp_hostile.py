"""Mail servers that cut, stutter, lie and flood: an error or the truth, never a hang, never a loss.

The truth is what the server took: whoever is told "accepted" must find the message there, and
nobody is told "refused" or given an error without doubt when the server has said yes.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from smtp_peer import SMTPPeer

from postel import smtp
from postel.errors import PostelError, ProtocolError, UsageError
from postel.smtp import DSN, Envelope, Letter, Rcpt
from postel.smtp.learned import LEARNED

TEXT = b"Subject: %d\r\n\r\n.Hello\r\n"


@pytest.fixture(autouse=True)
def nothing_learned() -> None:
    LEARNED.clear()


def session(peer: Any, done: list[Any]) -> None:
    """Three messages, one by one and ahead."""
    with smtp.Client(f"smtp://127.0.0.1:{peer.port}", security="plain", timeout=3) as server:
        done.append(server.send(TEXT % 0, sender="a@x", recipients=["b@x", "c@x"]))
        letters = [Letter(TEXT % n, Envelope("a@x", (Rcpt("b@x"),))) for n in (1, 2)]
        done.extend(server.send_many(letters))


def check(peer: SMTPPeer, done: list[Any]) -> None:
    """As many as were accepted have come."""
    accepted = sum(bool(one.accepted) for one in done)
    assert len(peer.messages) >= accepted


@pytest.mark.parametrize("without", [(), ("CHUNKING",), ("PIPELINING",)])
@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_cut_at_every_byte(without: tuple[str, ...], step: int) -> None:
    done: list[Any] = []
    with SMTPPeer(without=without) as peer:
        session(peer, done)
    assert [bool(one.accepted) for one in done] == [True] * 3
    whole = len(peer.said)
    for budget in range(0, whole, step):
        LEARNED.clear()
        done = []
        with SMTPPeer(without=without) as peer:
            peer.budget = budget
            try:
                session(peer, done)
            except PostelError as error:
                sent = getattr(error, "sent", None)
                if len(peer.messages) > len(done) and sent is not None:
                    assert sent.unknown or sent.accepted or sent.refused
            else:
                assert budget >= whole - 20 or len(peer.messages) > 2  # only the goodbye was cut
            check(peer, done)


@pytest.mark.parametrize("without", [(), ("CHUNKING",), ("PIPELINING",)])
def test_one_byte_at_a_time(without: tuple[str, ...]) -> None:
    done: list[Any] = []
    with SMTPPeer(without=without, slice=1) as peer:
        session(peer, done)
    assert [bool(one.accepted) for one in done] == [True] * 3


ANSWERS = [b"250 ok\r\n", b"250-a\r\n250 b\r\n", b"354 go\r\n", b"421 4.3.2 bye\r\n",
           b"450 4.2.1 later\r\n", b"503 5.5.1 order\r\n", b"550 5.1.1 no\r\n", b"220 hi\r\n",
           b"999 x\r\n", b"100 x\r\n", b"25\r\n", b"\r\n", b"250 \xff\x1b[2J\r\n", None,
           b"250 one\r\n250 too many\r\n", b"334 \r\n", b"250-never ends\r\n", b"x" * 5000]


@pytest.mark.parametrize("seed", [*range(8), *(
    pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 100))])
def test_any_answer_to_anything(seed: int) -> None:
    """Nothing but our errors; and an "accepted" only after three yeses and a message."""
    pick = random.Random(seed)
    verbs = (b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA", b".", b"BDAT LAST", b"RSET", b"QUIT")
    answers = {verb: [pick.choice(ANSWERS) for _ in range(4)]
               for verb in verbs if pick.random() < 0.4}
    done: list[Any] = []
    with SMTPPeer(answers, without=pick.choice([(), ("CHUNKING",), ("PIPELINING",)])) as peer:
        try:
            with smtp.Client(f"smtp://127.0.0.1:{peer.port}", security="plain",
                             timeout=0.3) as server:
                for n in range(3):
                    try:
                        done.append(server.send(TEXT % n, sender="a@x", recipients=["b@x", "c@x"],
                                                raise_on="never"))
                    except PostelError as error:
                        assert "\x1b" not in str(error)
        except PostelError:
            pass
        check(peer, done)


@pytest.mark.parametrize("flood", [b"250-x\r\n", b"x" * 1000, b"250-" + b"y" * 4000 + b"\r\n"])
def test_a_reply_without_end_is_an_error(flood: bytes) -> None:
    def endless(line: Any, argument: bytes) -> None:
        for _ in range(100_000):
            line.sock.sendall(flood)

    with SMTPPeer({b"MAIL": endless}) as peer:
        with (smtp.Client(f"smtp://127.0.0.1:{peer.port}", security="plain", timeout=5) as server,
              pytest.raises(PostelError) as caught):
            server.send(TEXT % 1, sender="a@x", recipients=["b@x"])
        assert isinstance(caught.value, ProtocolError | smtp.Unconfirmed)
        assert "over" in str(caught.value)


BREAKS = ["\r", "\n", "\r\nRCPT TO:<evil@x>", "\0", "x\ry", "x\n", "\nx", "> BODY=8BITMIME", "a b"]


@pytest.mark.parametrize("text", BREAKS)
def test_nothing_ends_a_command(text: str) -> None:
    also = b"250-peer\r\n250-PIPELINING\r\n250-DSN\r\n250-AUTH PLAIN\r\n250 SIZE\r\n"
    with SMTPPeer({b"EHLO": also}) as peer:
        with smtp.Client(f"smtp://127.0.0.1:{peer.port}", security="plain", timeout=5) as server:
            base: dict[str, Any] = {"sender": "a@x", "recipients": ["b@x"]}
            word: Any = text
            for given in ({"sender": text}, {"sender": f"a{text}@x"}, {"sender": f"a@{text}"},
                          {"recipients": [f"b@x{text}"]}, {"recipients": [f"{text}@x"]},
                          {"recipients": [Rcpt("b@x", orcpt=f"c@x{text}")]},
                          {"recipients": [Rcpt("b@x", notify=(word,))]},
                          {"dsn": DSN(ret=word)}, {"dsn": DSN((word,))}):
                with pytest.raises(UsageError):
                    server.send(TEXT % 1, **{**base, **given})
            if not text.isprintable():
                for given in ({"dsn": DSN(envid=text)}, {"submitter": text}):
                    with pytest.raises(UsageError):
                        server.send(TEXT % 1, **{**base, **given})
                for name in ("vrfy", "expn", "help"):
                    with pytest.raises(UsageError):
                        getattr(server, name)(f"x{text}")
        assert peer.verbs == ["EHLO", "QUIT"]
        with pytest.raises(UsageError):
            smtp.Client(f"smtp://127.0.0.1:{peer.port}", security="plain", helo=text).open()
        assert peer.verbs[2:] == []
