"""The lab's IMAP server against clients that others wrote, on small and on large things.

imaplib, imapclient, aioimaplib, imap_tools, curl, mbsync, OfflineIMAP, fetchmail, getmail, mutt.
The Python libraries are looked for here, in bench/.peers, in the system's Python, and in the one
that POSTEL_PEERS names.
"""

from __future__ import annotations

import imaplib
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab
from postel.lab import Lab
from postel.serving.mail_store import MailStore

ROOT = Path(__file__).resolve().parents[2]
MAIL = [b"From: Ann <ann@example.org>\r\nTo: alice@example.org\r\nSubject: m%d\r\n"
        b"Message-ID: <%d@x>\r\nDate: Sat, 21 Nov 2026 10:%02d:00 +0000\r\n\r\n"
        b".dot\r\nbody %d\r\n" % (n, n, n, n) for n in range(25)]
Tool = Callable[[str], Path]


@pytest.fixture
def here() -> Iterator[Lab]:
    with lab.start("imap") as started:
        for message in MAIL:
            started.imap.mailbox("alice").append("INBOX", message)
        yield started


def mail(here: Lab) -> MailStore:
    found = here.imap.mailbox("alice")
    assert isinstance(found, MailStore)
    return found


def bodies(here: Lab, name: str = "INBOX") -> list[bytes]:
    return [one.data for one in mail(here)[name].messages.values()]


def run(*words: object, timeout: float = 60, **settings: Any) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=timeout,
                          check=False, **settings)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:] + (
        done.stderr.decode(errors="replace")[-3000:])
    return done


# -- Python's -------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["plain", "starttls", "tls", "cram"])
def test_imaplib(way: str, here: Lab) -> None:
    context = ssl.create_default_context(cafile=str(here.ca))
    host, port = here.address("imaps" if way == "tls" else "imap")
    box = (imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=10) if way == "tls"
           else imaplib.IMAP4(host, port, timeout=10))
    if way == "starttls":
        box.starttls(context)
    if way == "cram":
        box.login_cram_md5("alice", "secret")
    else:
        box.login("alice", "secret")
    assert box.select()[1] == [b"25"]
    found = [box.fetch(str(number), "(BODY.PEEK[])")[1][0][1]  # type: ignore[index]
             for number in range(1, 26)]
    assert found == MAIL
    assert box.uid("SEARCH", "SUBJECT", "m7")[1] == [b"8"]
    assert box.append("Sent", "(\\Seen)", imaplib.Time2Internaldate(0), MAIL[0])[0] == "OK"
    assert box.copy("1:3", "Archive")[0] == "OK"
    box.store("2", "+FLAGS", "\\Deleted")
    assert box.expunge()[1] == [b"2"]
    assert box.sort("REVERSE DATE", "UTF-8", "ALL")[1][0].split()[0] == b"24"
    assert box.thread("REFERENCES", "UTF-8", "1:2")[1] == [b"(1)(2)"]
    box.logout()
    assert len(bodies(here)) == 24
    assert bodies(here, "Archive") == MAIL[:3]


def interpreter(peer: str) -> str:
    """A Python that has this library."""
    places = [sys.executable, str(ROOT / "bench" / ".peers" / "venv" / "bin" / "python"),
              "/usr/bin/python3", os.environ.get("POSTEL_PEERS", "")]
    for place in places:
        if place and Path(place).exists() and subprocess.run(
                [place, "-c", f"import {peer}"], capture_output=True, check=False).returncode == 0:
            return place
    pytest.skip(f"no Python has {peer}: pip install it, or let POSTEL_PEERS name one that has")


@pytest.mark.parametrize("peer", ["imapclient", "aioimaplib", "imap_tools"])
def test_libraries(peer: str, here: Lab) -> None:
    script = Path(__file__).with_name("strangers") / "imap_peers.py"
    done = run(interpreter(peer), script, peer, *here.address("imap"))
    said = json.loads(done.stdout)
    assert said["found"] == 11, "m1 and m10 to m19"
    assert said.get("exists", 25) == 25
    assert said.get("body", MAIL[1].decode()) == MAIL[1].decode()
    assert said.get("subject", "m1") == "m1"
    assert said.get("status", 1) == 1
    assert len(bodies(here)) == 25
    assert bodies(here, "Archive") == [MAIL[19]]
    if peer == "imapclient":
        assert (said["sorted"], said["threads"], said["type"]) == (25, 25, "text")
        assert said["news"] == 0 or said["news"] == 1


# -- programs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_curl(scheme: str, here: Lab, tool: Tool, tmp_path: Path) -> None:
    host, port = here.address(scheme)
    base = [tool("curl"), "-sS", "--cacert", here.ca, "--ssl-reqd", "-u", "alice:secret"]
    url = f"{scheme}://{host}:{port}"
    assert run(*base, f"{url}/INBOX;MAILINDEX=3").stdout == MAIL[2]
    assert run(*base, f"{url}/INBOX;UID=4;SECTION=HEADER.FIELDS%20(SUBJECT)").stdout == (
        b"Subject: m3\r\n\r\n")
    assert b"* SEARCH 8" in run(*base, f"{url}/INBOX?SUBJECT%20m7").stdout
    assert b'"/" Drafts' in run(*base, f"{url}/").stdout
    (tmp_path / "mail").write_bytes(MAIL[5])
    run(*base, f"{url}/Sent", "-T", tmp_path / "mail")
    assert bodies(here, "Sent") == [MAIL[5]]


def _mbsyncrc(here: Lab, folder: Path, more: str = "") -> Path:
    port = here.address("imap")[1]
    (folder / "mail").mkdir(exist_ok=True)
    config = folder / "mbsyncrc"
    config.write_text(
        f"IMAPAccount lab\nHost localhost\nPort {port}\nUser alice\nPass secret\nSSLType STARTTLS\n"
        f"CertificateFile {here.ca}\nAuthMechs LOGIN\n{more}\n"
        "IMAPStore far\nAccount lab\n\n"
        f"MaildirStore near\nPath {folder}/mail/\nInbox {folder}/mail/INBOX\nSubFolders Verbatim\n"
        "\nChannel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\n"
        "SyncState *\nSync All\n")
    return config


def test_mbsync_both_ways(here: Lab, tool: Tool, tmp_path: Path) -> None:
    config = _mbsyncrc(here, tmp_path)
    run(tool("mbsync"), "-c", config, "-a", timeout=120)
    box = tmp_path / "mail" / "INBOX"
    files = [*(box / "new").iterdir(), *(box / "cur").iterdir()]
    assert len(files) == 25
    gone = next(one for one in files if b"Subject: m3\n" in one.read_bytes())
    gone.rename(box / "cur" / (gone.name.partition(":2,")[0] + ":2,ST"))
    (box / "new" / "1.local.example").write_bytes(b"Subject: from here\n\nx\n")
    mail(here).append("INBOX", b"Subject: late\r\n\r\nx\r\n")
    mail(here).set_flags(mail(here)["INBOX"], 5, frozenset({"\\Flagged"}))
    run(tool("mbsync"), "-c", config, "-a", timeout=120)
    subjects = {one.parsed.subject for one in mail(here)["INBOX"].messages.values()}
    assert "m3" not in subjects
    assert {"late", "from here"} <= subjects
    files = [*(box / "new").iterdir(), *(box / "cur").iterdir()]
    assert len(files) == 26
    assert sum("F" in one.name.partition(":2,")[2] for one in files) == 1


def test_offlineimap(here: Lab, tool: Tool, tmp_path: Path) -> None:
    """In the clear: its library wants a common name in certificates, and races with STARTTLS."""
    port = here.address("imap")[1]
    config = tmp_path / "offlineimaprc"
    config.write_text(
        f"[general]\naccounts = lab\nmetadata = {tmp_path}/state\nui = basic\n"
        "[Account lab]\nlocalrepository = near\nremoterepository = far\n"
        f"[Repository near]\ntype = Maildir\nlocalfolders = {tmp_path}/mail\n"
        f"[Repository far]\ntype = IMAP\nremotehost = localhost\nremoteport = {port}\n"
        "remoteuser = alice\nremotepass = secret\nssl = no\nstarttls = no\n"
        "auth_mechanisms = CRAM-MD5\n")
    words = (tool("offlineimap"), "-c", config, "-o", "-1")
    run(*words, timeout=120, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    box = tmp_path / "mail" / "INBOX"
    files = [*(box / "new").iterdir(), *(box / "cur").iterdir()]
    assert len(files) == 25
    assert (tmp_path / "mail" / "Drafts" / "cur").is_dir()
    files[0].unlink()
    (box / "new" / "1.local.example").write_bytes(b"Subject: from here\n\nx\n")
    run(*words, timeout=120, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    subjects = [one.parsed.subject for one in mail(here)["INBOX"].messages.values()
                if "\\Deleted" not in one.flags]
    assert len(subjects) == 25
    assert "from here" in subjects


def test_fetchmail(here: Lab, tool: Tool, tmp_path: Path) -> None:
    host, port = here.address("imap")
    out, script = tmp_path / "mail", tmp_path / "mda"
    script.write_text(f"#!/bin/sh\ncat >> {out}\n")
    script.chmod(0o755)
    config = tmp_path / "fetchmailrc"
    config.write_text(f"poll {host} service {port} protocol imap username alice password secret "
                      f"sslproto '' keep fetchall mda {script}\n")
    config.chmod(0o600)
    run(tool("fetchmail"), "-f", config, "--pidfile", tmp_path / "pid",
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "FETCHMAILHOME": str(tmp_path)})
    assert out.read_bytes().count(b"Subject: m") == 25
    assert all("\\Seen" in one.flags for one in mail(here)["INBOX"].messages.values())


def test_getmail(here: Lab, tool: Tool, tmp_path: Path) -> None:
    host, port = here.address("imaps")
    out, script = tmp_path / "mail", tmp_path / "mda"
    script.write_text(f"#!/bin/sh\ncat >> {out}\n")
    script.chmod(0o755)
    (tmp_path / "getmailrc").write_text(
        f"[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = {host}\nport = {port}\n"
        f"username = alice\npassword = secret\nmailboxes = ('INBOX',)\nca_certs = {here.ca}\n"
        f"[destination]\ntype = MDA_external\npath = {script}\nallow_root_commands = true\n"
        "unixfrom = false\n[options]\nread_all = false\ndelete = true\n")
    run(tool("getmail"), "--getmaildir", tmp_path, timeout=120,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert out.read_bytes().count(b"Subject: m") == 25
    assert not bodies(here)


def test_mutt_in_a_terminal(here: Lab, tool: Tool, tmp_path: Path) -> None:
    """Opens the INBOX, reads, marks, moves, leaves."""
    tmux, mutt = tool("tmux"), tool("mutt")
    host, port = here.address("imap")
    config = tmp_path / "muttrc"
    config.write_text(
        f"set folder=imap://alice@{host}:{port}/\nset spoolfile=+INBOX\nset imap_pass=secret\n"
        "set ssl_starttls=no\nset ssl_force_tls=no\nset confirmappend=no\nset delete=yes\n"
        "set sort=date\nset wait_key=no\nset imap_check_subscribed=no\nset move=no\n")
    socket = ("-S", tmp_path / "tmux.sock")

    def screen() -> str:
        return run(tmux, *socket, "capture-pane", "-p", "-t", "m").stdout.decode()

    def until(text: str) -> str:
        for _ in range(150):
            shown = screen()
            if text in shown:
                return shown
            time.sleep(0.1)
        pytest.fail(f"no {text!r} on the screen:\n{screen()}")

    def keys(*words: str) -> None:
        run(tmux, *socket, "send-keys", "-t", "m", *words)

    run(tmux, *socket, "new-session", "-d", "-x", "100", "-y", "40", "-s", "m",
        f"env HOME={tmp_path} TERM=xterm {mutt} -n -F {config}; sleep 5",
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})
    try:
        until("Msgs:25")
        keys("1", "Enter")
        keys("Enter")
        until("body 0")
        keys("i", "F")
        keys("2", "Enter")
        keys("s")
        until("Save to mailbox")
        keys("C-a", "C-k")
        keys("=Archive", "Enter")
        time.sleep(0.5)
        keys("q")
        for _ in range(150):
            if bodies(here, "Archive") and len(bodies(here)) == 24:
                break
            time.sleep(0.1)
        assert bodies(here, "Archive") == [MAIL[1]]
        assert len(bodies(here)) == 24
        first = mail(here)["INBOX"].messages[1]
        assert {"\\Seen", "\\Flagged"} <= first.flags
    finally:
        subprocess.run([str(tmux), *map(str, socket), "kill-server"], capture_output=True,
                       check=False)
