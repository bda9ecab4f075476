"""The lab's mail servers against clients that others wrote: smtplib, aiosmtplib, swaks, msmtp,
curl, mutt and smtp-source."""

from __future__ import annotations

import asyncio
import email.message
import os
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import aiosmtplib
import pytest

from postel import lab

Tool = Callable[[str], Path]
MAIL = (b"From: Ann <ann@example.org>\r\nTo: bob@lab.test\r\nSubject: hello\r\n"
        b"Message-ID: <1@example.org>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\n.dot\r\n.\r\n..\r\nGr\xc3\xbc\xc3\x9fe\r\n"
        + b"x" * 900 + b"\r\n")


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("smtp", "submission", "lmtp", "pop3") as started:
        yield started


@pytest.fixture
def here(running: lab.Lab) -> lab.Lab:
    running.mail.clear()
    running.smtp.faults.clear()
    return running


def context(here: lab.Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(here.ca))


def run(*words: str, stdin: bytes = b"", env: dict[str, str] | None = None, code: int = 0) -> bytes:
    done = subprocess.run(words, input=stdin, capture_output=True, timeout=30, check=False, env=env)
    assert done.returncode == code, (done.stdout + done.stderr).decode(errors="replace")
    return done.stdout + done.stderr


# -- libraries ------------------------------------------------------------------------------------

@pytest.mark.parametrize("way", ["smtp", "starttls", "submission", "submissions", "lmtp"])
def test_smtplib(way: str, here: lab.Lab) -> None:
    host, port = here.address("smtp" if way == "starttls" else way)
    client = (smtplib.SMTP_SSL(host, port, context=context(here), timeout=10)
              if way == "submissions" else smtplib.LMTP(host, port) if way == "lmtp"
              else smtplib.SMTP(host, port, timeout=10))
    with client:
        if way == "starttls":
            client.starttls(context=context(here))
        if way.startswith("submission"):
            client.login("alice", "secret")
        # smtplib reads one reply for a message, whoever it is for (cpython#76984).
        many = ["bob@lab.test", "alice@lab.test"][: 1 if way == "lmtp" else 2]
        refused = client.sendmail("ann@example.org", many, MAIL,
                                  mail_options=["BODY=8BITMIME", "RET=HDRS"],
                                  rcpt_options=["NOTIFY=FAILURE"])
    assert not refused
    (caught,) = here.mail.messages
    assert caught.data == MAIL
    assert caught.mail.size == len(MAIL)
    assert caught.tls is None or caught.tls.startswith("TLSv1")
    assert caught.user == ("alice" if way.startswith("submission") else "")


def test_smtplib_in_other_scripts(here: lab.Lab) -> None:
    message = email.message.EmailMessage()
    message["From"], message["To"] = "jürgen@bücher.example", "δοκιμή@παράδειγμα.example"
    message["Subject"] = "Grüße"
    message.set_content("你好\n")
    with smtplib.SMTP(*here.address("smtp")) as client:
        client.send_message(message)
    (caught,) = here.mail.messages
    assert caught.mail.smtputf8
    assert caught.recipients == ("δοκιμή@παράδειγμα.example",)


def test_smtplib_meets_the_scripted_faults(here: lab.Lab) -> None:
    here.smtp.faults.say("RCPT b@ → 452 twice, then ok")
    with smtplib.SMTP(*here.address("smtp")) as client:
        for _ in range(2):
            refused = client.sendmail("ann@example.org", ["b@lab.test", "c@lab.test"], MAIL)
            assert refused == {"b@lab.test": (452, b"4.2.2 as you asked")}
        assert not client.sendmail("ann@example.org", ["b@lab.test", "c@lab.test"], MAIL)


@pytest.mark.parametrize("way", ["plain", "starttls", "tls"])
def test_aiosmtplib(way: str, here: lab.Lab) -> None:
    async def main() -> None:
        host, port = here.address("submissions" if way == "tls" else "submission")
        async with aiosmtplib.SMTP(
                hostname=host, port=port, use_tls=way == "tls", start_tls=way == "starttls",
                username="carol", password="secret", timeout=10,
                tls_context=None if way == "plain" else context(here)) as client:
            for _ in range(3):
                errors, text = await client.sendmail("ann@example.org", ["bob@lab.test"], MAIL)
                assert not errors
                assert "is caught" in text

    asyncio.run(main())
    assert [caught.data for caught in here.mail.messages] == [MAIL] * 3
    assert {caught.user for caught in here.mail.messages} == {"carol"}


# -- swaks ----------------------------------------------------------------------------------------

def swaks(tool: Tool, here: lab.Lab, scheme: str, *words: str, code: int = 0) -> str:
    host, port = here.address(scheme)
    return run(str(tool("swaks")), "--server", host, "--port", str(port), "--from",
               "ann@example.org", "--to", "bob@lab.test,carol@lab.test", "--ehlo", "me.example",
               *words, code=code).decode()


@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("security", ["clear", "--tls", "--tls-on-connect"])
def test_swaks(auth: str, security: str, tool: Tool, here: lab.Lab) -> None:
    scheme = "submissions" if security == "--tls-on-connect" else "submission"
    words = [] if security == "clear" else [security, "--tls-verify", "--tls-ca-path",
                                            str(here.ca)]
    swaks(tool, here, scheme, "--auth", auth, "-au", "alice", "-ap", "secret", *words,
          "--header", "Subject: by swaks", "--body", ".\n.dot")
    (caught,) = here.mail.messages
    assert (caught.subject, caught.user, caught.recipients) == (
        "by swaks", "alice", ("bob@lab.test", "carol@lab.test"))
    assert b"\r\n\r\n.\r\n.dot\r\n" in caught.data
    assert (caught.tls is None) == (security == "clear")


def test_swaks_is_refused(tool: Tool, here: lab.Lab) -> None:
    swaks(tool, here, "submission", "--auth", "PLAIN", "-au", "alice", "-ap", "wrong", code=28)
    here.smtp.faults.say("RCPT bob@ → 550 5.1.1 nobody")
    out = swaks(tool, here, "smtp")
    assert "550 5.1.1 nobody" in out
    (caught,) = here.mail.messages
    assert caught.recipients == ("carol@lab.test",)


def test_swaks_pipelining_and_lmtp(tool: Tool, here: lab.Lab) -> None:
    swaks(tool, here, "smtp", "--pipeline")
    swaks(tool, here, "lmtp", "--protocol", "LMTP")
    assert [caught.server for caught in here.mail.messages] == ["smtp", "lmtp"]


# -- msmtp ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("auth", ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"])
def test_msmtp(auth: str, tool: Tool, here: lab.Lab) -> None:
    host, port = here.address("submission")
    out = run(str(tool("msmtp")), "--file=/dev/null", f"--host={host}", f"--port={port}",
              f"--auth={auth}", "--user=alice", "--passwordeval=echo secret", "--tls=on",
              "--tls-starttls=on", f"--tls-trust-file={here.ca}", "--from=ann@example.org",
              "--dsn-notify=failure,delay", "--dsn-return=headers", "--domain=me.example", "--",
              "bob@lab.test", stdin=MAIL.replace(b"\r\n", b"\n"))
    assert not out
    (caught,) = here.mail.messages
    assert caught.data == MAIL
    assert caught.rcpts[0].notify == {"FAILURE", "DELAY"}
    assert (caught.mail.ret, caught.user, caught.helo) == ("HDRS", "alice", "me.example")


def test_msmtp_lmtp(tool: Tool, here: lab.Lab) -> None:
    host, port = here.address("lmtp")
    here.lmtp.faults.say("MESSAGE carol@lab.test → 452 4.2.2 full")
    out = run(str(tool("msmtp")), "--file=/dev/null", "--protocol=lmtp", f"--host={host}",
              f"--port={port}", "--tls=off", "--from=ann@example.org", "--", "bob@lab.test",
              "carol@lab.test", stdin=MAIL.replace(b"\r\n", b"\n"), code=69)
    here.lmtp.faults.clear()
    assert b"452" in out
    assert here.mail.messages[0].recipients == ("bob@lab.test",)


# -- curl, mutt, smtp-source ----------------------------------------------------------------------

@pytest.mark.parametrize("scheme", ["smtp", "smtps", "submission", "submissions"])
def test_curl(scheme: str, tool: Tool, here: lab.Lab, tmp_path: Path) -> None:
    host, port = here.address(scheme)
    (tmp_path / "mail").write_bytes(MAIL)
    word = "smtps" if scheme.endswith("s") else "smtp"
    run(str(tool("curl")), "-sS", "--cacert", str(here.ca), "--ssl-reqd", "-u", "alice:secret",
        "--login-options", "AUTH=PLAIN",
        f"{word}://{host}:{port}/me.example", "--mail-from", "ann@example.org", "--mail-rcpt",
        "bob@lab.test", "--mail-rcpt", "carol@lab.test", "-T", str(tmp_path / "mail"))
    (caught,) = here.mail.messages
    assert caught.data == MAIL
    assert caught.recipients == ("bob@lab.test", "carol@lab.test")
    assert caught.user == "alice"


def test_mutt(tool: Tool, here: lab.Lab, tmp_path: Path) -> None:
    host, port = here.address("submissions")
    (tmp_path / "muttrc").write_text(
        f'set smtp_url="smtps://alice:secret@{host}:{port}/"\nset ssl_ca_certificates_file="{here.ca}"\n'
        f'set certificate_file="{here.ca}"\n'
        'set from="ann@example.org"\nset record=""\nset ssl_starttls=yes\n'
        'set ssl_verify_host=yes\nset use_envelope_from=yes\nset hostname="me.example"\n'
        'set smtp_authenticators="plain"\nset copy=no\nset charset="utf-8"\n')
    (tmp_path / "notes.bin").write_bytes(bytes(range(256)))
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    run(str(tool("mutt")), "-F", str(tmp_path / "muttrc"), "-s", "by mutt: Grüße", "-a",
        str(tmp_path / "notes.bin"), "--", "bob@lab.test", stdin=b".\nGr\xc3\xbc\xc3\x9fe\n",
        env=env)
    (caught,) = here.mail.messages
    assert caught.subject == "by mutt: Grüße"
    message = email.message_from_bytes(caught.data)
    assert [part.get_payload(decode=True) for part in message.walk()
            if part.get_filename()] == [bytes(range(256))]


@pytest.mark.parametrize("words", [(), ("-d",), ("-L",)], ids=["smtp", "kept", "lmtp"])
def test_smtp_source(words: tuple[str, ...], tool: Tool, here: lab.Lab) -> None:
    """Postfix' own source of messages, by four connections at once."""
    host, port = here.address("lmtp" if words == ("-L",) else "smtp")
    run(str(tool("smtp-source")), *words, "-m", "40", "-s", "4", "-r", "5", "-l", "5000", "-f",
        "ann@example.org", "-t", "bob@lab.test", f"inet:{host}:{port}")
    assert len(here.mail.messages) == 40
    assert all(len(caught.rcpts) == 5 for caught in here.mail.messages)
