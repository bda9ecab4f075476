"""The lab's POP3 server against clients that others wrote: poplib, curl, mpop, fetchmail."""

from __future__ import annotations

import poplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab

MAIL = [b"From: a@example.org\r\nTo: alice@example.org\r\nSubject: m%d\r\nMessage-ID: <%d@x>\r\n"
        b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n.dot\r\nbody %d\r\n" % (n, n, n)
        for n in range(25)]


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("pop3") as started:
        for message in MAIL:
            started.pop3.mailbox("alice").add(message)
        yield started


def context(here: lab.Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(here.ca))


@pytest.mark.parametrize("way", ["plain", "stls", "tls", "apop"])
def test_poplib(way: str, here: lab.Lab) -> None:
    host, port = here.address("pop3s" if way == "tls" else "pop3")
    box = (poplib.POP3_SSL(host, port, context=context(here), timeout=10) if way == "tls"
           else poplib.POP3(host, port, timeout=10))
    if way == "stls":
        box.stls(context(here))
    if way == "apop":
        box.apop("alice", "secret")
    else:
        box.user("alice")
        box.pass_("secret")
    assert box.stat()[0] == len(MAIL)
    got = [b"\r\n".join(box.retr(number)[1]) + b"\r\n" for number in range(1, 26)]
    assert got == MAIL
    assert b"\r\n".join(box.top(1, 1)[1]).endswith(b".dot")
    assert len(box.uidl()[1]) == len(box.list()[1]) == 25
    box.dele(1)
    box.rset()
    box.dele(2)
    box.quit()
    assert len(here.pop3.mailbox("alice").messages()) == 24


@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_curl(auth: str, scheme: str, here: lab.Lab, tool: Callable[[str], Path]) -> None:
    host, port = here.address(scheme)
    words = [str(tool("curl")), "-sS", "--cacert", str(here.ca), "--ssl-reqd",
             "--login-options", f"AUTH={auth}", "-u", "alice:secret", f"{scheme}://{host}:{port}/3"]
    done = subprocess.run(words, capture_output=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == MAIL[2]


def test_mpop(here: lab.Lab, tool: Callable[[str], Path], tmp_path: Path) -> None:
    host, port = here.address("pop3s")
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    config = tmp_path / "mpoprc"
    config.write_text(
        f"account lab\nhost {host}\nport {port}\nuser alice\npassword secret\ntls on\n"
        f"tls_starttls off\ntls_trust_file {here.ca}\nkeep on\npipelining on\n"
        f"uidls_file {tmp_path}/uidls\ndelivery maildir {tmp_path}/mail\n"
        "account default : lab\n")
    config.chmod(0o600)
    done = subprocess.run([str(tool("mpop")), "-C", str(config)], capture_output=True, timeout=30,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 25


def test_fetchmail(here: lab.Lab, tool: Callable[[str], Path], tmp_path: Path) -> None:
    host, port = here.address("pop3")
    out = tmp_path / "mail"
    script = tmp_path / "mda"
    script.write_text(f"#!/bin/sh\ncat >> {out}\n")
    script.chmod(0o755)
    config = tmp_path / "fetchmailrc"
    config.write_text(f"poll {host} service {port} protocol pop3 username alice password secret "
                      f"sslproto '' keep fetchall mda {script}\n")
    config.chmod(0o600)
    done = subprocess.run(
        [str(tool("fetchmail")), "-f", str(config), "--pidfile", str(tmp_path / "pid"),
         "--idfile", str(tmp_path / "ids")], capture_output=True, timeout=60, check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "FETCHMAILHOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr + done.stdout
    assert out.read_bytes().count(b"Subject: m") == 25
