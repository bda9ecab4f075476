"""The lab's mail servers, spoken to by hand: every command, every fault, and the post office."""

from __future__ import annotations

import asyncio
import base64
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from postel import lab
from postel.errors import TimedOut, UsageError
from postel.lab.post_office import PostOffice
from postel.smtp.envelope import Refused
from postel.smtp.server_options import EXTENSIONS


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("smtp", "submission", "lmtp", "pop3") as started:
        yield started


@pytest.fixture
def here(running: lab.Lab) -> lab.Lab:
    """The lab as new."""
    running.mail.clear()
    for service in (running.smtp, running.submission, running.lmtp):
        service.faults.clear()
        fresh = type(service.options)()
        fresh.auth = service.options.auth
        for name, value in vars(fresh).items():
            setattr(service.options, name, value)
    for box in running.mail.boxes.values():
        box.delete([message.uidl for message in box.messages()])
    return running


class Peer:
    """A client of a few lines: it sends bytes, and reads replies."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, timeout=10)
        self.file = self.sock.makefile("rb")
        self.greeting = self.reply()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.file.close()
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reply(self) -> str:
        lines = []
        while line := self.file.readline():
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] == b" ":
                break
        return "\n".join(lines)

    def ask(self, *lines: str | bytes) -> list[str]:
        """Send all at once; the replies."""
        data = [line.encode() if isinstance(line, str) else line for line in lines]
        self.send(b"".join(line + b"\r\n" for line in data))
        return [self.reply() for _ in lines]

    def say(self, line: str) -> str:
        return self.ask(line)[0]

    def codes(self, *lines: str | bytes) -> list[str]:
        return [reply[:3] for reply in self.ask(*lines)]

    def start_tls(self, here: lab.Lab) -> None:
        assert self.say("STARTTLS").startswith("220")
        self.file.close()
        context = ssl.create_default_context(cafile=str(here.ca))
        self.sock = context.wrap_socket(self.sock, server_hostname="127.0.0.1")
        self.file = self.sock.makefile("rb")

    def message(self, data: bytes = b"Subject: hi\r\n\r\nhello\r\n") -> str:
        assert self.codes("DATA") == ["354"]
        self.send(data + b".\r\n")
        return self.reply()

    def gone(self) -> bool:
        return self.file.read(1) == b""


def peer(here: lab.Lab, scheme: str = "smtp", *, ehlo: bool = True) -> Peer:
    one = Peer(here.address(scheme))
    if ehlo:
        assert one.say("LHLO me" if scheme == "lmtp" else "EHLO me.example").startswith("250")
    return one


def extensions(reply: str) -> dict[str, str]:
    lines = [line[4:] for line in reply.splitlines()[1:]]
    return {name: rest for name, _, rest in (line.partition(" ") for line in lines)}


# -- the beginning --------------------------------------------------------------------------------

def test_every_extension_is_offered_where_it_belongs(here: lab.Lab) -> None:
    with peer(here, ehlo=False) as one:
        assert one.greeting.startswith("220 smtp.lab")
        clear = extensions(one.say("EHLO me"))
        one.start_tls(here)
        secure = extensions(one.say("EHLO me"))
    with peer(here, "submission", ehlo=False) as one:
        submission = extensions(one.say("EHLO me"))
    assert set(clear) == set(EXTENSIONS) - {"REQUIRETLS", "FUTURERELEASE"}
    assert set(secure) == set(EXTENSIONS) - {"STARTTLS", "FUTURERELEASE"}
    assert set(submission) == set(EXTENSIONS) - {"REQUIRETLS"}
    assert re.fullmatch(r"5184000 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", submission["FUTURERELEASE"])
    assert clear["SIZE"] == "52428800"
    assert clear["LIMITS"] == "MAILMAX=10000 RCPTMAX=1000"


@pytest.mark.parametrize("name", [name for name in EXTENSIONS if name != "FUTURERELEASE"])
def test_an_extension_can_be_withheld(here: lab.Lab, name: str) -> None:
    here.smtp.options.without = {name}
    with peer(here, ehlo=False) as one:
        assert name not in extensions(one.say("EHLO me"))


def test_helo_has_no_extensions(here: lab.Lab) -> None:
    with peer(here, ehlo=False) as one:
        assert one.codes("MAIL FROM:<a@b>", "HELO", "EHLO", "LHLO x", "HELO me") == [
            "503", "501", "501", "500", "250"]
        assert one.codes("MAIL FROM:<a@b> SIZE=1", "MAIL FROM:<a@b>") == ["555", "250"]


def test_small_talk(here: lab.Lab) -> None:
    with peer(here) as one:
        assert one.codes("NOOP", "VRFY ann", "EXPN list", "HELP", "FROB", "RSET") == [
            "250", "252", "500", "214", "500", "250"]
        assert one.say("QUIT") == "221 2.0.0 bye"
        assert one.gone()


def test_a_new_ehlo_ends_the_transaction(here: lab.Lab) -> None:
    with peer(here) as one:
        assert one.codes("MAIL FROM:<a@b>", "EHLO me", "RCPT TO:<a@b>") == ["250", "250", "503"]


def test_a_browser_is_sent_away(here: lab.Lab) -> None:
    with peer(here, ehlo=False) as one:
        assert one.say("GET / HTTP/1.1").startswith("421")
        assert one.gone()


def test_too_many_errors(here: lab.Lab) -> None:
    with peer(here) as one:
        one.send(b"FROB\r\n" * 120)
        replies = [one.reply() for _ in range(102)]
        assert replies[100].startswith("500")
        assert replies[101].startswith("421")


# -- TLS and log-in -------------------------------------------------------------------------------

def test_starttls_forgets_everything(here: lab.Lab) -> None:
    with peer(here) as one:
        one.start_tls(here)
        assert one.codes("MAIL FROM:<a@b>", "STARTTLS", "EHLO me", "MAIL FROM:<a@b> REQUIRETLS") == [
            "503", "503", "250", "250"]


def test_commands_before_tls_are_not_carried_through(here: lab.Lab) -> None:
    """Command injection: what came in the clear behind STARTTLS ends the session."""
    with peer(here) as one:
        one.send(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
        assert one.reply().startswith("501 5.5.1 something came")
        assert one.gone()


def test_tls_comes_first(here: lab.Lab) -> None:
    with peer(here) as one:
        assert one.codes("MAIL FROM:<a@b>", "STARTTLS") == ["250", "503"]


def auth_plain(user: str, password: str) -> str:
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def test_auth(here: lab.Lab) -> None:
    with peer(here, "submission") as one:
        assert one.codes("MAIL FROM:<a@b>") == ["530"]
        assert one.codes(f"AUTH PLAIN {auth_plain('alice', 'wrong')}", "AUTH FROB", "AUTH",
                         "AUTH PLAIN !!", f"AUTH PLAIN {auth_plain('alice', 'secret')}",
                         "AUTH PLAIN", "MAIL FROM:<a@b>") == [
            "535", "504", "504", "501", "235", "503", "250"]


def test_auth_in_steps_and_cancelled(here: lab.Lab) -> None:
    with peer(here, "submission") as one:
        assert one.codes("AUTH LOGIN", base64.b64encode(b"bob"), base64.b64encode(b"secret")) == [
            "334", "334", "235"]
    with peer(here, "submission") as one:
        assert one.codes("AUTH PLAIN", "*", "AUTH PLAIN", auth_plain("bob", "secret")) == [
            "334", "501", "334", "235"]


def test_passwords_in_the_clear_can_be_forbidden(here: lab.Lab) -> None:
    here.submission.options.allow_clear = False
    with peer(here, "submission", ehlo=False) as one:
        assert "PLAIN" not in extensions(one.say("EHLO me"))["AUTH"].split()
        assert one.codes(f"AUTH PLAIN {auth_plain('alice', 'secret')}") == ["538"]


def test_lmtp_has_no_auth_and_its_own_greeting(here: lab.Lab) -> None:
    with peer(here, "lmtp", ehlo=False) as one:
        assert one.codes("EHLO me", "HELO me", "LHLO me", "AUTH PLAIN") == [
            "500", "500", "250", "503"]


# -- messages -------------------------------------------------------------------------------------

def test_a_message_in_one_packet(here: lab.Lab) -> None:
    with peer(here) as one:
        one.send(b"MAIL FROM:<ann@example.org>\r\nRCPT TO:<alice@lab.test>\r\n"
                 b"RCPT TO:<carol@elsewhere.example>\r\nDATA\r\n")
        assert [one.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        one.send(b"Subject: hi\r\n\r\n..dot\r\n.\r\nMAIL FROM:<>\r\nQUIT\r\n")
        assert [one.reply()[:3] for _ in range(3)] == ["250", "250", "221"]
    (caught,) = here.mail.messages
    assert caught.data == b"Subject: hi\r\n\r\n.dot\r\n"
    assert (caught.sender, caught.recipients, caught.server, caught.helo, caught.tls) == (
        "ann@example.org", ("alice@lab.test", "carol@elsewhere.example"), "smtp", "me.example",
        None)
    (stored,) = here.pop3.mailbox("alice").messages()
    assert stored.data.startswith(b"Return-Path: <ann@example.org>\r\nReceived: from me.example")
    assert stored.data.endswith(b"+0000\r\n" + caught.data)
    assert not here.mail.boxes["carol"].messages(), "that carol lives elsewhere"


def test_the_order_of_commands(here: lab.Lab) -> None:
    with peer(here) as one:
        assert one.codes("RCPT TO:<a@b>", "DATA", "MAIL FROM:<a@b>", "MAIL FROM:<a@b>", "DATA",
                         "RCPT TO:<a@b>", "DATA now", "RSET", "RCPT TO:<a@b>") == [
            "503", "503", "250", "503", "554", "250", "501", "250", "503"]


def test_chunks(here: lab.Lab) -> None:
    with peer(here) as one:
        one.send(b"MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<alice@lab.test>\r\nBDAT 4\r\n\r\n.\r"
                 b"BDAT 3\r\n\nhi"
                 b"BDAT 0 LAST\r\nNOOP\r\n")
        assert [one.reply()[:3] for _ in range(6)] == ["250"] * 6
    (caught,) = here.mail.messages
    assert caught.data == b"\r\n.\r\nhi"


def test_binary_is_kept_as_it_is_and_only_here(here: lab.Lab) -> None:
    with peer(here) as one:
        one.send(b"MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<alice@lab.test>\r\nBDAT 5 LAST\r\n"
                 b"\0\r\0\n\xff")
        assert [one.reply()[:3] for _ in range(3)] == ["250"] * 3
    assert here.mail.messages[0].data == b"\0\r\0\n\xff"
    assert not here.mail.boxes["alice"].messages()


def test_refused_chunks_are_counted_off(here: lab.Lab) -> None:
    with peer(here) as one:
        one.send(b"BDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<>\r\nBDAT 6\r\nRSET\r\nRSET\r\nMAIL FROM:<>\r\n"
                 b"RCPT TO:<a@b>\r\nBDAT 1\r\nxDATA\r\nRCPT TO:<c@d>\r\nRSET\r\n")
        assert [one.reply()[:3] for _ in range(9)] == [
            "503", "250", "554", "250", "250", "250", "250", "503", "503"]
    with peer(here) as one:
        assert one.say("BDAT x").startswith("501")
        assert one.gone()


def test_after_a_refused_chunk_the_rest_is_refused_too(here: lab.Lab) -> None:
    here.smtp.options.size = 8
    with peer(here) as one:
        one.send(b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nBDAT 5\r\n12345BDAT 5\r\n12345"
                 b"BDAT 5 LAST\r\n12345RSET\r\n")
        assert [one.reply()[:3] for _ in range(6)] == ["250", "250", "250", "552", "503", "250"]
    assert not here.mail.messages


def test_bdat_without_chunking_ends_the_session(here: lab.Lab) -> None:
    here.smtp.options.without = {"CHUNKING"}
    with peer(here) as one:
        one.send(b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nBDAT 6 LAST\r\nRSET\r\n")
        assert [one.reply()[:3] for _ in range(3)] == ["250", "250", "501"]
        assert one.gone()


def test_binarymime_goes_by_bdat(here: lab.Lab) -> None:
    with peer(here) as one:
        assert one.codes("MAIL FROM:<> BODY=BINARYMIME", "RCPT TO:<a@b>", "DATA") == [
            "250", "250", "503"]


def test_limits(here: lab.Lab) -> None:
    options = here.smtp.options
    options.size, options.rcpt_max, options.mail_max = 100, 2, 3
    with peer(here) as one:
        assert one.codes("MAIL FROM:<> SIZE=101", "MAIL FROM:<> SIZE=100", "RCPT TO:<a@b>",
                         "RCPT TO:<c@d>", "RCPT TO:<e@f>") == ["552", "250", "250", "250", "452"]
        assert one.message(b"x" * 200 + b"\r\n").startswith("552 5.3.4")
        assert one.codes("MAIL FROM:<>", "RSET", "MAIL FROM:<>") == ["250", "250", "452"]
    assert not here.mail.messages


def test_domains_of_a_connection(here: lab.Lab) -> None:
    here.smtp.options.rcpt_domain_max = 1
    with peer(here, ehlo=False) as one:
        assert extensions(one.say("EHLO me"))["LIMITS"].endswith(" RCPTDOMAINMAX=1")
        assert one.codes("MAIL FROM:<>", "RCPT TO:<a@X.org>", "RCPT TO:<b@x.org>",
                         "RCPT TO:<b@y.org>", "RSET", "MAIL FROM:<>", "RCPT TO:<b@y.org>") == [
            "250", "250", "250", "452", "250", "250", "452"]


def test_the_envelope_is_kept(here: lab.Lab) -> None:
    with peer(here, "submission") as one:
        one.codes(f"AUTH PLAIN {auth_plain('alice', 'secret')}")
        assert one.codes(
            "MAIL FROM:<ann@example.org> SIZE=50 BODY=8BITMIME RET=HDRS ENVID=e1 MT-PRIORITY=2 "
            "HOLDFOR=3600 BY=7200;N",
            "RCPT TO:<bob@lab.test> NOTIFY=FAILURE ORCPT=rfc822;old@example.org") == ["250", "250"]
        one.message()
    (caught,) = here.mail.messages
    mail = caught.mail
    assert (caught.user, mail.envid, mail.ret, mail.priority, mail.body) == (
        "alice", "e1", "HDRS", 2, "8BITMIME")
    assert mail.hold_until is not None
    assert mail.deliver_by is not None
    assert caught.rcpts[0].orcpt == "rfc822;old@example.org"


def test_lmtp_answers_for_each_recipient(here: lab.Lab) -> None:
    here.lmtp.faults.say("MESSAGE bob@lab.test → 452 4.2.2 full")
    with peer(here, "lmtp") as one:
        assert one.codes("MAIL FROM:<a@b>", "RCPT TO:<alice@lab.test>", "RCPT TO:<bob@lab.test>",
                         "RCPT TO:<x y>", "DATA") == ["250", "250", "250", "501", "354"]
        one.send(b"Subject: x\r\n\r\n.\r\n")
        assert [one.reply() for _ in range(2)] == [
            "250 2.1.5 message " + str(here.mail.messages[0].number) + " for alice@lab.test",
            "452 4.2.2 full"]
        assert one.codes("DATA", "MAIL FROM:<a@b>", "DATA") == ["503", "250", "503"]
    (caught,) = here.mail.messages
    assert caught.recipients == ("alice@lab.test",)
    assert len(here.mail.boxes["alice"].messages()) == 1
    assert not here.mail.boxes["bob"].messages()


def test_strict_is_as_a_real_server(here: lab.Lab) -> None:
    here.smtp.options.strict = here.submission.options.strict = True
    with peer(here) as one:
        assert one.ask("MAIL FROM:<a@b>", "RCPT TO:<alice+x@lab.test>", "RCPT TO:<eve@lab.test>",
                       "RCPT TO:<a@elsewhere.example>", "RCPT TO:<postmaster>")[1:] == [
            "250 2.1.5 go on", "550 5.1.1 there is no eve here",
            "554 5.7.1 nothing is relayed to elsewhere.example", "250 2.1.5 go on"]
    with peer(here, "submission") as one:
        assert one.codes(f"AUTH PLAIN {auth_plain('alice', 'secret')}", "MAIL FROM:<a@b>",
                         "RCPT TO:<a@elsewhere.example>") == ["235", "250", "250"]


def test_trace_lines_can_be_left_out(here: lab.Lab) -> None:
    here.smtp.options.trace = False
    with peer(here) as one:
        one.codes("MAIL FROM:<a@b>", "RCPT TO:<alice@lab.test>")
        one.message(b"Subject: x\r\n\r\nexactly\r\n")
    assert here.mail.boxes["alice"].messages()[0].data == b"Subject: x\r\n\r\nexactly\r\n"


# -- faults ---------------------------------------------------------------------------------------

def test_a_recipient_that_is_refused_twice(here: lab.Lab) -> None:
    here.smtp.faults.say("RCPT b@ → 452 twice, then ok")
    with peer(here) as one:
        assert one.codes("MAIL FROM:<a@b>", "RCPT TO:<b@x.org>", "RCPT TO:<c@x.org>",
                         "RCPT TO:<B@x.org>", "RCPT TO:<b@x.org>") == [
            "250", "452", "250", "452", "250"]


def test_too_many_messages_a_second(here: lab.Lab) -> None:
    here.smtp.faults.say("421 above 5 messages a second")
    with peer(here) as one:
        for _ in range(5):
            assert one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>") == ["250", "250"]
            one.message()
        assert one.say("MAIL FROM:<a@b>") == "421 4.7.0 5 messages a second are enough"
        assert one.gone()
    assert len(here.mail.messages) == 5


def test_dropped_after_354(here: lab.Lab) -> None:
    here.smtp.faults.say("drop after 354 once")
    with peer(here) as one:
        assert one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA") == ["250", "250", "354"]
        assert one.gone()
    with peer(here) as one:
        one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>")
        assert one.message().startswith("250")


def test_dropped_in_the_middle(here: lab.Lab) -> None:
    here.smtp.faults.say("drop after 1000 bytes")
    with peer(here) as one:
        one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
        one.send(b"x" * 1200)
        assert one.gone()
    assert not here.mail.messages


def test_taken_and_dropped(here: lab.Lab) -> None:
    """What makes clients send twice: the message is here, and its 250 never comes."""
    here.smtp.faults.say("drop after the message")
    with peer(here) as one:
        one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
        one.send(b"Subject: x\r\n\r\n.\r\n")
        assert one.gone()
    assert len(here.mail.messages) == 1


def test_refused_at_the_end(here: lab.Lab) -> None:
    here.smtp.faults.say("MESSAGE → 554 5.6.0 no thanks, once")
    with peer(here) as one:
        for wanted in ("554 5.6.0 no thanks", "250 2.0.0"):
            one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>")
            assert one.message().startswith(wanted)
    assert len(here.mail.messages) == 1


def test_a_reply_before_tls(here: lab.Lab) -> None:
    here.smtp.faults.say("reply before TLS")
    with peer(here) as one:
        one.send(b"STARTTLS\r\n")
        assert [one.reply(), one.reply()] == ["220 2.0.0 begin TLS",
                                              "250-injected\n250 AUTH PLAIN"]


def test_greeting_and_silence(here: lab.Lab) -> None:
    here.smtp.faults.say("GREETING → 421 4.3.2 not today, once", "DATA → silence")
    with peer(here, ehlo=False) as one:
        assert one.greeting == "421 4.3.2 not today"
        assert one.gone()
    with peer(here) as one:
        one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>")
        one.send(b"DATA\r\nNOOP\r\n")
        one.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            one.reply()


def test_faults_as_the_other_servers_have_them(here: lab.Lab) -> None:
    here.smtp.faults.on("MAIL", b"451 4.3.0 later", after=1)
    with peer(here) as one:
        assert one.codes("MAIL FROM:<a@b>", "RSET", "MAIL FROM:<a@b>", "MAIL FROM:<a@b>") == [
            "250", "250", "451", "250"]


def test_drop_after_a_command(here: lab.Lab) -> None:
    here.smtp.faults.say("drop after RCPT", "AUTH → drop")
    with peer(here) as one:
        assert one.codes("MAIL FROM:<a@b>", "RCPT TO:<c@d>") == ["250", "250"]
        assert one.gone()
    with peer(here) as one:
        one.send(b"AUTH PLAIN\r\n")
        assert one.gone()


# -- the post office ------------------------------------------------------------------------------

def post(here: lab.Lab, to: str, subject: str, text: str = "hello") -> None:
    with smtplib.SMTP(*here.address("smtp")) as server:
        server.sendmail("ann@example.org", [to],
                        f"Subject: {subject}\r\n\r\n{text}\r\n".encode())


def test_waiting_for_a_message(here: lab.Lab) -> None:
    threading.Timer(0.1, post, (here, "bob@lab.test", "Your code")).start()
    began = time.monotonic()
    caught = here.mail.wait_for(to="BOB@lab.test", subject="your CODE", timeout=10)
    assert time.monotonic() - began < 5
    assert caught.subject == "Your code"
    assert here.mail.wait_for(sender="ann@example.org").number == caught.number, "it is there"
    post(here, "bob@lab.test", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "look at 12345")
    again = here.mail.wait_for(after=caught, subject=re.compile("^Grüße$"), text="12345")
    assert again.number == caught.number + 1


def test_waiting_in_vain_tells_what_came(here: lab.Lab) -> None:
    with pytest.raises(TimedOut, match=r"to bob@lab\.test.*in 0\.05 seconds") as caught:
        here.mail.wait_for(to="bob@lab.test", timeout=0.05)
    assert caught.value.hint == "nothing has come at all"
    post(here, "carol@lab.test", "other")
    with pytest.raises(TimedOut) as caught:
        here.mail.wait_for(to="bob@lab.test", timeout=0.05)
    assert "ann@example.org to carol@lab.test: other" in caught.value.hint


def test_waiting_with_asyncio(here: lab.Lab) -> None:
    async def main() -> None:
        waits = [asyncio.create_task(here.mail.wait_for_async(to=f"{name}@lab.test", timeout=10))
                 for name in ("bob", "carol")]
        await asyncio.sleep(0.05)
        for name in ("carol", "bob"):
            await asyncio.to_thread(post, here, f"{name}@lab.test", name)
        assert [(await one).subject for one in waits] == ["bob", "carol"]
        assert (await here.mail.wait_for_async(subject="bob")).recipients == ("bob@lab.test",)
        with pytest.raises(TimedOut):
            await here.mail.wait_for_async(to="nobody@lab.test", timeout=0.02)

    asyncio.run(main())


def test_what_one_is_asked_to_click_and_to_type(here: lab.Lab) -> None:
    post(here, "bob@lab.test", "Welcome", "Type 123456 (not 12 or 123456789), or go to "
         "https://example.org/confirm?t=98765&u=1. Then: <http://example.org/>, invoice AB-2026.")
    caught = here.mail.wait_for(subject="Welcome")
    assert caught.codes == ("123456",)
    assert caught.links == ("https://example.org/confirm?t=98765&u=1", "http://example.org/")
    with smtplib.SMTP(*here.address("smtp")) as server:
        server.sendmail("ann@example.org", ["bob@lab.test"],
                        b"Subject: HTML\r\nContent-Type: text/html\r\n\r\n"
                        b'<a href="https://example.org/?a=1&amp;b=2">here</a>')
    assert here.mail.wait_for(subject="HTML").links == ("https://example.org/?a=1&b=2",)


def test_reports_to_senders(here: lab.Lab) -> None:
    here.mail.bounce("eve@elsewhere.example", "5.1.1", "no such user")
    with pytest.raises(UsageError):
        here.mail.bounce("x@example.org", action="eaten")
    with peer(here) as one:
        one.codes("MAIL FROM:<alice@lab.test> ENVID=my+2Benvelope RET=HDRS",
                  "RCPT TO:<eve@elsewhere.example> ORCPT=rfc822;eva@example.org",
                  "RCPT TO:<bob@lab.test> NOTIFY=SUCCESS")
        one.message(b"Subject: x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n")
    report = here.mail.wait_for(to="alice@lab.test")
    assert report.sender == ""
    for line in (b"Original-Envelope-Id: my+envelope", b"Final-Recipient: rfc822; bob@lab.test",
                 b"Original-Recipient: rfc822; eva@example.org", b"Action: failed",
                 b"Action: delivered", b"Status: 5.1.1", b"Message-ID: <1@x>"):
        assert b"\r\n" + line + b"\r\n" in report.data, line
    assert here.mail.boxes["alice"].messages()[0].data.endswith(report.data)
    with peer(here) as one:
        one.codes("MAIL FROM:<alice@lab.test>", "RCPT TO:<eve@elsewhere.example> NOTIFY=NEVER")
        one.message()
    assert len(here.mail.messages) == 3, "nothing was said of the last one"


def test_who_has_a_mailbox() -> None:
    office = PostOffice(["alice"])
    for address, user in (("alice@lab.test", "alice"), ("Alice+tag@LAB.test", "alice"),
                          ("alice@mail.lab.test", "alice"), ("alice", "alice"),
                          ("alice@example.org", ""), ("eve@lab.test", "")):
        local, _, domain = address.partition("@")
        from postel.smtp.envelope import Mailbox
        assert office.user_of(Mailbox(local, domain)) == user
    with pytest.raises(Refused):
        office.admit(Mailbox("eve", "lab.test"), relay=True)


def test_no_secret_is_watched() -> None:
    seen: list[str] = []
    with lab.start("submission", watcher=lambda *what: seen.append(" ".join(what))) as here:
        with peer(here, "submission") as one:
            one.codes(f"AUTH PLAIN {auth_plain('alice', 'secret')}", "QUIT")
    assert "submission C AUTH PLAIN ***" in seen
    assert not any(auth_plain("alice", "secret") in line for line in seen)


def test_postel_lab_shows_them(here: lab.Lab) -> None:
    from postel.cli.lab import _table

    text = "\n".join(_table(here))
    for scheme in ("smtp", "smtps", "submission", "submissions", "lmtp"):
        login = "alice@" if scheme.startswith("submission") else ""
        assert f" {scheme}://{login}127.0.0.1:{here.address(scheme)[1]}/" in text
    assert "lmtps" not in text


def test_what_is_caught_is_told_to_those_who_watch() -> None:
    seen: list[tuple[str, ...]] = []
    with lab.start("smtp", watcher=lambda *what: seen.append(what)) as here:
        post(here, "bob@lab.test", "hello")
    assert ("smtp", "*", "message 1: 25 bytes from <ann@example.org> to bob@lab.test") in seen
