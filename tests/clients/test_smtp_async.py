# A conversation (its twin test_smtp_sync.py is generated): SMTP, step by step and result by result.
"""What goes over the wire, in how many round trips, and what is told of each recipient."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from smtp_peer import SMTPPeer, turns

from postel import lab
from postel.errors import (
    AuthenticationError,
    ConnectionLost,
    NoSpace,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TryLater,
    UsageError,
)
from postel.smtp import (
    DSN,
    Burl,
    DeliverBy,
    Envelope,
    Letter,
    Rcpt,
    RecipientsRefused,
    Status,
    Unconfirmed,
)
from postel.smtp.client_async import AsyncClient
from postel.smtp.learned import LEARNED

TEXT = b"Subject: hi\r\n\r\nHello\r\n"


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    LEARNED.clear()
    yield
    LEARNED.clear()


def client(peer: Any, **keywords: Any) -> AsyncClient:
    scheme = keywords.pop("scheme", "smtp")
    settings = {"security": "plain", "timeout": 5.0, **keywords}
    return AsyncClient(f"{scheme}://127.0.0.1:{peer.port}", **settings)


def letters(count: int, text: bytes = TEXT) -> list[Letter]:
    return [Letter(text, Envelope("a@example.org", (Rcpt(f"b{n}@example.org"),)))
            for n in range(count)]


# -- round trips ---------------------------------------------------------------------------


@pytest.mark.parametrize(("without", "most"), [
    (set(), 3), ({"CHUNKING", "BINARYMIME"}, 4), ({"PIPELINING"}, 105),
])
async def test_a_hundred_recipients(without: set[str], most: int) -> None:
    trace = io.StringIO()
    with lab.start("submission") as here:
        here.submission.options.without = without
        here.submission.options.mechanisms = ("PLAIN",)
        host, port = here.address("submission")
        async with AsyncClient(host, port=port, user="alice", password="secret",
                               trace=trace) as server:
            sent = await server.send(TEXT, sender="alice@example.org", last=True,
                                     recipients=[f"b{n}@example.org" for n in range(100)])
        assert len(sent.accepted) == 100
        assert len(here.mail.messages[0].recipients) == 100
    assert turns(trace.getvalue()) <= most


@pytest.mark.parametrize(("without", "most"), [
    (set(), 8), ({"CHUNKING", "BINARYMIME"}, 103), ({"PIPELINING"}, 303),
])
async def test_a_hundred_messages(without: set[str], most: int) -> None:
    trace = io.StringIO()
    with lab.start("submission") as here:
        here.submission.options.without = without
        here.submission.options.mechanisms = ("PLAIN",)
        host, port = here.address("submission")
        async with AsyncClient(host, port=port, user="alice", password="secret",
                               trace=trace) as server:
            results = [sent async for sent in server.send_many(letters(100), last=True)]
        assert [sent.accepted for sent in results] == [(f"b{n}@example.org",) for n in range(100)]
        assert len(here.mail.messages) == 100
    assert turns(trace.getvalue()) <= most


# -- each recipient ------------------------------------------------------------------------


def some(line: Any, argument: bytes) -> bytes:
    if b"<no" in argument:
        return b"550 5.1.1 no such user\r\n"
    return b"452 4.2.2 full\r\n" if b"<later" in argument else b"250 2.1.5 ok\r\n"


@pytest.mark.parametrize("without", [(), ("CHUNKING",), ("PIPELINING",),
                                     ("PIPELINING", "CHUNKING")])
async def test_some_are_refused(without: tuple[str, ...]) -> None:
    with SMTPPeer({b"RCPT": some}, without=without) as peer:
        async with client(peer) as server:
            with pytest.raises(RecipientsRefused) as caught:
                await server.send(TEXT, sender="a@x", recipients=["b@x", "no@x", "later@x"])
            sent = caught.value.sent
            assert sent.accepted == ("b@x",)
            assert {who: str(reply) for who, reply in sent.refused.items()} == {
                "no@x": "550 5.1.1 no such user", "later@x": "452 4.2.2 full"}
            assert "2 refused: no@x and 1 more" in str(caught.value)
            assert "do not send to them again" in caught.value.hint
            assert (caught.value.code, caught.value.temporary) == (550, False)
            assert pickle.loads(pickle.dumps(caught.value)).sent == sent
            with pytest.raises(TypeError, match="neither true nor false"):
                bool(sent)
            sent = await server.send(TEXT, sender="a@x", recipients=["b@x", "no@x"],
                                     raise_on="all")
            assert (sent.accepted, tuple(sent.refused)) == (("b@x",), ("no@x",))
            assert len(peer.messages) == 2


@pytest.mark.parametrize("without", [(), ("CHUNKING",), ("PIPELINING",),
                                     ("PIPELINING", "CHUNKING")])
async def test_all_are_refused_and_the_connection_lives(without: tuple[str, ...]) -> None:
    answers = {b"RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n"],
               b"BDAT LAST": [b"503 5.5.1 no valid recipients\r\n", b"250 2.0.0 taken\r\n"],
               b"DATA": b"354 go\r\n", b".": [b"554 5.5.1 nobody\r\n", b"250 2.0.0 taken\r\n"]}
    if "PIPELINING" in without:
        answers[b"."] = b"250 2.0.0 taken\r\n"
        answers[b"BDAT LAST"] = b"250 2.0.0 taken\r\n"
    with SMTPPeer(answers, without=without) as peer:
        async with client(peer) as server:
            with pytest.raises(RecipientsRefused) as caught:
                await server.send(TEXT, sender="a@x", recipients=["no@x"])
            assert caught.value.hint == "check the address for typing mistakes"
            assert (await server.send(TEXT, sender="a@x", recipients=["b@x"])).accepted == ("b@x",)
            assert peer.connections == 1
        assert "RSET" in peer.verbs
    if without == ("CHUNKING",):
        assert peer.messages[0] == b".\r\n"  # RFC 2920 section 3.1: the lone dot


@pytest.mark.parametrize(("verb", "without", "command"), [
    (b"MAIL", (), "MAIL"), (b"DATA", ("CHUNKING",), "DATA"), (b".", ("CHUNKING",), "message"),
    (b"BDAT LAST", (), "message"),
])
async def test_the_message_is_refused(verb: bytes, without: tuple[str, ...], command: str) -> None:
    said = b"554-5.7.1 spam\r\n554 5.7.1 see https://example.org/\r\n"
    with SMTPPeer({verb: [said, {b"MAIL": b"250 ok\r\n", b"DATA": b"354 go\r\n"}.get(
            verb, b"250 ok\r\n")]}, without=without) as peer:
        async with client(peer) as server:
            with pytest.raises(RecipientsRefused) as caught:
                await server.send(TEXT, sender="a@x", recipients=["b@x", "c@x"])
            one = caught.value.sent.recipients[1]
            assert (one.state, one.command) == ("refused", command)
            assert one.reply is not None
            assert one.reply.status == Status(5, 7, 1)
            assert one.reply.lines == ("spam", "see https://example.org/")
            assert (await server.send(TEXT, sender="a@x", recipients=["b@x"])).accepted


async def test_lmtp_answers_for_each_recipient() -> None:
    finals = b"250 2.0.0 for b\r\n552 5.2.2 d is full\r\n"
    for without in ((), ("CHUNKING",), ("PIPELINING",)):
        with SMTPPeer({b"RCPT": some, b".": finals, b"BDAT LAST": finals}, without=without) as peer:
            async with client(peer, scheme="lmtp") as server:
                sent = await server.send(TEXT, sender="a@x", recipients=["b@x", "no@x", "d@x"],
                                         raise_on="never")
                assert [(one.address, one.state) for one in sent.recipients] == [
                    ("b@x", "accepted"), ("no@x", "refused"), ("d@x", "refused")]
                assert str(sent.refused["d@x"]) == "552 5.2.2 d is full"
                await server.noop()
            assert peer.verbs[0] == "LHLO"


async def test_too_many_recipients_get_a_second_transaction() -> None:
    count = 0

    def two(line: Any, argument: bytes) -> bytes:
        nonlocal count
        count += 1
        return b"250 ok\r\n" if count % 3 else b"452 4.5.3 too many recipients\r\n"

    with SMTPPeer({b"RCPT": two}) as peer:
        async with client(peer) as server:
            sent = await server.send(TEXT, sender="a@x", recipients=["b@x", "c@x", "d@x"])
        assert sent.accepted == ("b@x", "c@x", "d@x")
        assert len(peer.messages) == 2


async def test_limits_are_kept() -> None:
    with lab.start("smtp") as here:
        here.smtp.options.rcpt_max, here.smtp.options.mail_max = 2, 3
        trace = io.StringIO()
        async with AsyncClient("smtp://{}:{}".format(*here.address("smtp")),
                               trace=trace) as server:
            sent = await server.send(TEXT, sender="a@x.org",
                                     recipients=[f"b{n}@x.org" for n in range(5)])
            assert len(sent.accepted) == 5
            results = [one async for one in server.send_many(letters(4))]
            assert all(one.accepted for one in results)
        assert [len(m.recipients) for m in here.mail.messages[:3]] == [2, 2, 1]
        assert trace.getvalue().count("C: EHLO") == 3  # RFC 9422: three MAILs a connection


@pytest.mark.parametrize("without", [set(), {"CHUNKING", "BINARYMIME"}, {"PIPELINING"}])
async def test_limits_of_domains_are_kept(without: set[str]) -> None:
    with lab.start("smtp") as here:
        here.smtp.options.rcpt_domain_max = 2
        here.smtp.options.without = without
        trace = io.StringIO()
        async with AsyncClient("smtp://{}:{}".format(*here.address("smtp")),
                               trace=trace) as server:
            sent = await server.send(TEXT, sender="a@x.org",
                                     recipients=[f"b@x{n}.org" for n in range(5)])
            assert len(sent.accepted) == 5
            results = [one async for one in server.send_many(
                Letter(TEXT, Envelope("a@x.org", (Rcpt(f"b@y{n % 3}.org"),))) for n in range(4))]
            assert all(one.accepted for one in results)
        assert len(here.mail.messages) == 7
        assert trace.getvalue().count("C: EHLO") == 5


# -- trouble on the way --------------------------------------------------------------------


@pytest.mark.parametrize("without", [(), ("CHUNKING",)])
async def test_a_connection_lost_before_the_answer_is_in_doubt(without: tuple[str, ...]) -> None:
    with SMTPPeer({b".": None, b"BDAT LAST": None}, without=without) as peer:
        async with client(peer) as server:
            with pytest.raises(Unconfirmed) as caught:
                await server.send(TEXT, sender="a@x", recipients=["b@x"])
            assert caught.value.sent.unknown == ("b@x",)
            assert "look before you send it again" in caught.value.hint
            peer.answers[b"."] = peer.answers[b"BDAT LAST"] = b"250 ok\r\n"
            assert (await server.send(TEXT, sender="a@x", recipients=["b@x"])).accepted
        assert peer.connections == 2


@pytest.mark.parametrize("verb", [b"MAIL", b"RCPT", b"DATA"])
async def test_a_connection_lost_before_the_message_is_not(verb: bytes) -> None:
    with SMTPPeer({verb: None}, without=("CHUNKING",)) as peer:
        async with client(peer) as server:
            with pytest.raises(ConnectionLost):
                await server.send(TEXT, sender="a@x", recipients=["b@x"])
    assert not peer.messages


async def test_those_in_doubt_and_then_the_error() -> None:
    with SMTPPeer({b"BDAT LAST": [b"250 ok\r\n", b"250 ok\r\n", None]}) as peer:
        async with client(peer) as server:
            states = []
            with pytest.raises(ConnectionLost):
                async for sent in server.send_many(letters(5)):
                    states.append(sent.recipients[0].state)
    assert states == ["accepted", "accepted", "unknown", "unknown", "unknown"]


async def test_421_between_messages_opens_a_new_connection() -> None:
    with SMTPPeer({b"MAIL": [b"250 ok\r\n", b"250 ok\r\n", b"421 4.7.0 enough\r\n",
                             b"250 ok\r\n"]}) as peer:
        original = peer.answers[b"MAIL"]

        def mail(line: Any, argument: bytes) -> bytes:
            said: bytes = original.pop(0) if len(original) > 1 else original[0]
            if said.startswith(b"421"):
                line.say(said)
                line.close()
            return said

        peer.answers[b"MAIL"] = mail
        async with client(peer) as server:
            results = [sent async for sent in server.send_many(letters(5))]
    assert all(sent.accepted for sent in results)
    assert (len(peer.messages), peer.connections) == (5, 2)


async def test_421_at_once_is_an_answer() -> None:
    with SMTPPeer({b"MAIL": b"421 4.7.0 not now\r\n"}) as peer:
        async with client(peer) as server:
            with pytest.raises(RecipientsRefused) as caught:
                await server.send(TEXT, sender="a@x", recipients=["b@x"])
            assert caught.value.temporary
            assert caught.value.hint == "try again later"


async def test_a_server_that_loses_its_place_is_spoken_to_step_by_step() -> None:
    lost = [b"503 5.5.1 need MAIL before RCPT\r\n", b"250 ok\r\n"]
    with SMTPPeer({b"RCPT": lost, b"BDAT LAST": [b"503 5.5.1 need RCPT\r\n", b"250 ok\r\n"]}
                  ) as peer:
        async with client(peer) as server:
            assert (await server.send(TEXT, sender="a@x", recipients=["b@x"])).accepted
            assert not LEARNED["127.0.0.1", peer.port].pipelining
    assert peer.verbs == ["EHLO", "MAIL", "RCPT", "BDAT", "RSET", "MAIL", "RCPT", "BDAT", "QUIT"]


async def test_a_rested_connection_is_tried_first() -> None:
    with SMTPPeer({b"NOOP": None}) as peer:
        async with client(peer) as server:
            await server.send(TEXT, sender="a@x", recipients=["b@x"])
            server._used_at -= 60
            await server.send(TEXT, sender="a@x", recipients=["b@x"])
    assert (len(peer.messages), peer.connections) == (2, 2)


async def test_a_client_that_was_never_opened() -> None:
    with pytest.raises(UsageError, match="not connected"):
        await AsyncClient("mail.example.org").send(TEXT, sender="a@x", recipients=["b@x"])


# -- what is said --------------------------------------------------------------------------


async def test_bare_line_ends_never_leave() -> None:
    text = b"Subject: x\n\n.dot\r.\n.\r\n\r\n.\nMAIL FROM:<evil@x>\n"
    for without in ((), ("CHUNKING",), ("PIPELINING",)):
        with SMTPPeer(without=without) as peer:
            async with client(peer) as server:
                await server.send(text, sender="a@x", recipients=["b@x"])
            assert peer.verbs.count("MAIL") == 1
            found = peer.messages[0]
            assert found.count(b"\r\n") == found.count(b"\r") == found.count(b"\n")
            plain = b"Subject: x\r\n\r\n.dot\r\n.\r\n.\r\n\r\n.\r\nMAIL FROM:<evil@x>\r\n"
            dotted = plain.replace(b"\r\n.", b"\r\n..") + b".\r\n"
            assert found == (dotted if without == ("CHUNKING",) else plain)


async def test_parameters() -> None:
    also = (b"250-peer\r\n250-PIPELINING\r\n250-DSN\r\n250-SIZE\r\n250-REQUIRETLS\r\n"
            b"250-DELIVERBY 60\r\n250-FUTURERELEASE 3600 2030-01-01T00:00:00Z\r\n250-MT-PRIORITY\r\n"
            b"250-AUTH PLAIN\r\n250 8BITMIME\r\n")
    with SMTPPeer({b"EHLO": also}) as peer:
        async with client(peer) as server:
            await server.send(
                "Subject: x\r\n\r\nGrüße\r\n".encode(), sender="a@x",
                recipients=["b@x", Rcpt("c@x", notify=("never",), orcpt="c+d@y")],
                dsn=DSN(("success", "delay"), "headers", "id 1"), priority=-3,
                deliver_by=DeliverBy(timedelta(minutes=2), "notify", trace=True),
                hold=timedelta(minutes=5), submitter="x+y@z")
            await server.send(TEXT, sender="", recipients=["b@bücher.example"],
                              hold=datetime(2029, 1, 2, 3, 4, 5, tzinfo=UTC), submitter="")
    assert [line for line in peer.commands if line[:4] in (b"MAIL", b"RCPT")] == [
        b"MAIL FROM:<a@x> SIZE=23 BODY=8BITMIME RET=HDRS ENVID=id+201 BY=120;NT HOLDFOR=300 "
        b"MT-PRIORITY=-3 AUTH=x+2By@z",
        b"RCPT TO:<b@x> NOTIFY=SUCCESS,DELAY",
        b"RCPT TO:<c@x> NOTIFY=NEVER ORCPT=rfc822;c+2Bd@y",
        b"MAIL FROM:<> SIZE=22 HOLDUNTIL=2029-01-02T03:04:05Z AUTH=<>",
        b"RCPT TO:<b@xn--bcher-kva.example>"]


async def test_smtputf8_only_where_it_is_needed() -> None:
    with SMTPPeer() as peer:
        async with client(peer) as server:
            await server.send(TEXT, sender="a@x", recipients=["b@bücher.example"])
            await server.send(TEXT, sender="a@x", recipients=["bücher@bücher.example"])
            await server.send("Subject: Grüße\r\n\r\n".encode(), sender="a@x", recipients=["b@x"])
    assert [b"SMTPUTF8" in line for line in peer.commands if line[:4] == b"MAIL"] == [
        False, True, True]
    assert "RCPT TO:<bücher@xn--bcher-kva.example>".encode() in peer.commands


@pytest.mark.parametrize(("keywords", "message", "error", "said"), [
    ({"recipients": ["bü@x"]}, TEXT, NotSupported, "the address bü@x needs SMTPUTF8"),
    ({}, "Subject: ü\r\n\r\n".encode(), NotSupported, "a header of the message needs SMTPUTF8"),
    ({}, "Subject: x\r\n\r\nü\r\n".encode(), NotSupported, "8-bit bodies"),
    ({}, b"Content-Transfer-Encoding: binary\r\n\r\n\0\r\n", NotSupported, "binary bodies"),
    ({}, b"x" * 101, NoSpace, "101 bytes, the server takes 100"),
    ({"dsn": DSN(ret="full")}, TEXT, NotSupported, "no DSN, which delivery reports need"),
    ({"dsn": DSN(("success",))}, TEXT, NotSupported, "no DSN"),
    ({"require_tls": True}, TEXT, NotSupported, "no REQUIRETLS"),
    ({"deliver_by": DeliverBy(timedelta(hours=1))}, TEXT, NotSupported, "no DELIVERBY"),
    ({"hold": timedelta(hours=1)}, TEXT, NotSupported, "no FUTURERELEASE"),
    ({"priority": 3}, TEXT, NotSupported, "no MT-PRIORITY"),
    ({"submitter": "a@x"}, TEXT, NotSupported, "no AUTH"),
    ({"priority": 10}, TEXT, UsageError, "from -9 to 9"),
    ({"recipients": []}, TEXT, UsageError, "there are no recipients"),
    ({"recipients": None}, TEXT, UsageError, "there are no recipients"),
    ({"sender": None}, TEXT, UsageError, "there is no sender"),
    ({"recipients": ["b@x\r\nRSET"]}, TEXT, UsageError, "is no mail address"),
    ({"sender": "a@x> BODY=8BITMIME"}, TEXT, UsageError, "is no mail address"),
    ({"dsn": DSN(("never", "delay"))}, TEXT, UsageError, "never stands alone"),
    ({"dsn": DSN(envid="x" * 101)}, TEXT, UsageError, "over 100"),
    ({"hold": datetime(2030, 1, 1)}, TEXT, UsageError, "without a time zone"),
    ({"hold": timedelta(0)}, TEXT, UsageError, "a time that is over"),
])
async def test_what_cannot_be_sent_is_not_begun(
    keywords: dict[str, Any], message: bytes, error: type[PostelError], said: str
) -> None:
    settings: dict[str, Any] = {"sender": "a@x", "recipients": ["b@x"], **keywords}
    with SMTPPeer({b"EHLO": b"250-peer\r\n250 SIZE 100\r\n"}) as peer:
        async with client(peer) as server:
            with pytest.raises(error, match=said):
                await server.send(message, **settings)
            await server.noop()
    assert peer.verbs == ["EHLO", "NOOP", "QUIT"]


async def test_requiretls_wants_verified_tls() -> None:
    with SMTPPeer({b"EHLO": b"250-peer\r\n250 REQUIRETLS\r\n"}) as peer:
        async with client(peer) as server:
            with pytest.raises(NotSupported, match="verified TLS, too"):
                await server.send(TEXT, sender="a@x", recipients=["b@x"], require_tls=True)


# -- the way in ----------------------------------------------------------------------------


async def test_helo_for_those_who_know_no_ehlo() -> None:
    with SMTPPeer({b"EHLO": b"502 5.5.1 what?\r\n"}) as peer:
        async with client(peer, helo="me.example.org") as server:
            assert not server.capabilities
            assert (await server.send(TEXT, sender="a@x", recipients=["b@x"])).accepted
    assert peer.commands[:3] == [b"EHLO me.example.org", b"HELO me.example.org",
                                 b"MAIL FROM:<a@x>"]


@pytest.mark.parametrize(("greeting", "error", "hint"), [
    (b"421 4.3.2 busy\r\n", TryLater, "busy"),
    (b"554 5.7.1 your address is listed\r\n", ReplyError, "submission server"),
    (b"+OK POP3\r\n", ProtocolError, "POP3"),
])
async def test_greetings_that_are_none(greeting: bytes, error: type[PostelError], hint: str) -> None:
    with SMTPPeer(greeting=greeting) as peer:
        with pytest.raises(error) as caught:
            await client(peer).open()
        assert hint in caught.value.hint


async def test_starttls_is_required_and_clear_text_after_it_refused() -> None:
    with SMTPPeer() as peer, pytest.raises(NotSupported, match="no TLS on this port") as caught:
        await client(peer, security="starttls").open()
    assert "465" in caught.value.hint
    offered = {b"EHLO": b"250-peer\r\n250 STARTTLS\r\n",
               b"STARTTLS": b"220 go\r\n250 injected\r\n"}
    with SMTPPeer(offered) as peer, pytest.raises(ProtocolError, match="in the clear"):
        await client(peer, security="starttls").open()
    offered[b"STARTTLS"] = b"454 4.7.0 not now\r\n"
    with SMTPPeer(offered) as peer, pytest.raises(TryLater):
        await client(peer, security="starttls").open()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1",
                                       "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER", None])
async def test_every_way_to_log_in(mechanism: str | None) -> None:
    with lab.start("submission") as here:
        host, port = here.address("submission")
        async with AsyncClient(host, port=port, user="alice", password="secret",
                               auth=mechanism) as server:
            assert (await server.send(TEXT, sender="alice@example.org",
                                      recipients=["b@x.org"])).accepted
        with pytest.raises(AuthenticationError, match=r"log in (as alice|with )") as caught:
            await AsyncClient(host, port=port, user="alice", password="wr0ng",
                              auth=mechanism).open()
        assert "wr0ng" not in f"{caught.value} {caught.value.hint}"


async def test_log_ins_that_fail() -> None:
    with SMTPPeer() as peer, pytest.raises(NotSupported, match="offers no AUTH"):
        await client(peer, user="a", password="b").open()
    offered = {b"EHLO": b"250-peer\r\n250 AUTH PLAIN\r\n", b"AUTH": b"454 4.7.0 later\r\n"}
    with SMTPPeer(offered) as peer, pytest.raises(TryLater):
        await client(peer, user="a", password="b").open()
    offered[b"AUTH"] = b"535 5.7.8 no\r\n"
    with SMTPPeer(offered) as peer, pytest.raises(AuthenticationError) as caught:
        await client(peer, user="a", password="b").open()
    assert "app password" in caught.value.hint


async def test_a_long_initial_response_waits_for_the_challenge() -> None:
    with SMTPPeer({b"EHLO": b"250-peer\r\n250 AUTH XOAUTH2\r\n", b"AUTH": b"334 \r\n"}) as peer:
        peer.answers[b"AUTH"] = lambda line, argument: line.say(b"334 \r\n") or (
            b"235 2.7.0 ok\r\n" if len(line.hear()) > 12_270 else b"535 short\r\n")
        async with client(peer, user="a", password="t" * 9_192, auth="XOAUTH2"):
            pass
    assert peer.commands[1] == b"AUTH XOAUTH2"


@pytest.mark.parametrize("target", ["pop3://mail.example.org", "lmtp://mail.example.org"])
def test_targets_that_do_not_fit(target: str) -> None:
    with pytest.raises(UsageError):
        AsyncClient(target)


async def test_starttls_against_the_lab_and_the_verified_way_of_requiretls() -> None:
    with lab.start("smtp", "submission") as here:
        async with AsyncClient(here.url("submission"), user="alice", password="secret") as server:
            assert server.peer.tls
            sent = await server.send(TEXT, sender="alice@example.org", recipients=["b@x.org"],
                                     require_tls=True)
            assert sent.accepted
        assert here.mail.messages[0].mail.require_tls
        assert here.mail.messages[0].tls


async def test_another_command_while_messages_are_under_way() -> None:
    for without in ((), ("CHUNKING",)):
        with SMTPPeer(without=without) as peer:
            async with client(peer) as server:
                results = server.send_many(letters(3))
                first = await results.__anext__()
                await server.noop()
                rest = [one async for one in results]
                assert [one.accepted for one in (first, *rest)] == [
                    (f"b{n}@example.org",) for n in range(3)]
            assert len(peer.messages) == 3


async def test_a_loop_that_is_left_early() -> None:
    with SMTPPeer(without=("CHUNKING",)) as peer:
        async with client(peer) as server:
            async for sent in server.send_many(letters(5)):
                assert sent.accepted
                break
            assert (await server.send(TEXT, sender="a@x", recipients=["z@x"])).accepted == ("z@x",)
        assert 2 <= len(peer.messages) <= 3  # the second was on its way already


async def test_letters_that_end_in_an_error() -> None:
    def broken() -> Iterator[Letter]:
        yield from letters(2)
        raise ValueError("no more")

    for without in ((), ("CHUNKING",), ("PIPELINING",)):
        with SMTPPeer(without=without) as peer:
            async with client(peer) as server:
                done = []
                with pytest.raises(ValueError, match="no more"):
                    async for sent in server.send_many(broken()):
                        done.append(sent.accepted)
                assert len(done) == 2
                await server.noop()
            assert len(peer.messages) == 2


async def test_421_to_anything_ends_the_connection() -> None:
    with SMTPPeer({b"NOOP": b"421 4.3.2 going down\r\n"}) as peer:
        async with client(peer) as server:
            with pytest.raises(TryLater, match="going down") as caught:
                await server.noop()
            assert "wait a while" in caught.value.hint
            assert not server.is_open
            assert (await server.send(TEXT, sender="a@x", recipients=["b@x"])).accepted
        assert peer.connections == 2


async def test_burl() -> None:
    url = "imap://ann@mail.example.org/Drafts/;uid=20;urlauth=submit+ann:internal:91354a473744"
    trace = io.StringIO()
    with SMTPPeer({b"EHLO": b"250-peer\r\n250-PIPELINING\r\n250 BURL imap\r\n",
                   b"BURL": [b"250 ok\r\n", b"554 5.6.6 cannot fetch\r\n"]}) as peer:
        async with client(peer, trace=trace) as server:
            sent = await server.send(Burl(url), sender="a@x", recipients=["b@x", "c@x"])
            assert sent.accepted == ("b@x", "c@x")
            with pytest.raises(RecipientsRefused, match="cannot fetch"):
                await server.send(Burl(url), sender="a@x", recipients=["b@x"])
            for odd in ("imap://x y", "imap://x\r\nQUIT", "file:///etc/passwd"):
                with pytest.raises(UsageError, match="BURL"):
                    await server.send(Burl(odd), sender="a@x", recipients=["b@x"])
            assert peer.verbs.count("MAIL") == 2
    assert f"BURL {url} LAST".encode() in peer.commands
    assert "91354a473744" not in trace.getvalue()
    with SMTPPeer() as peer:
        async with client(peer) as server:
            with pytest.raises(NotSupported, match="no BURL"):
                await server.send(Burl(url), sender="a@x", recipients=["b@x"])


async def test_words() -> None:
    with SMTPPeer({b"VRFY": b"252 2.0.0 try it\r\n", b"HELP": b"214-one\r\n214 two\r\n",
                   b"EXPN": b"250-<a@x>\r\n250 <b@x>\r\n"}) as peer:
        async with client(peer) as server:
            assert (await server.vrfy("bob")).code == 252
            assert await server.expn("list") == ("<a@x>", "<b@x>")
            assert await server.help() == "one\ntwo"
            await server.noop()
            await server.rset()
            assert server.server.greeting == "peer ESMTP"
            with pytest.raises(UsageError, match="would end the command"):
                await server.vrfy("bob\r\nQUIT")
            await server.quit()
        assert peer.verbs == ["EHLO", "VRFY", "EXPN", "HELP", "NOOP", "RSET", "QUIT"]


async def test_a_message_of_any_size_by_bdat_and_data() -> None:
    text = b"Subject: x\r\n\r\n" + b".line of text\r\n" * 200_000
    for without in ((), ("CHUNKING",)):
        with SMTPPeer({b"EHLO": b"250-peer\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
                       if not without else b"250-peer\r\n250 PIPELINING\r\n"}) as peer:
            async with client(peer) as server:
                assert (await server.send(text, sender="a@x", recipients=["b@x"])).accepted
            found = peer.messages[0]
            if without:
                found = found.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
            assert found == text
