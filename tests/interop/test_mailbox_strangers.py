"""Mailbox files that others write and read: the standard library, formail, procmail, nmh, mutt."""

from __future__ import annotations

import mailbox
import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from postel import mailboxes
from postel.mailboxes import Kind, Letter

pytestmark = pytest.mark.interop

ONE = b"From: a@x.example\nSubject: one\n\nHello.\n"
TWO = b"From: b@x.example\nSubject: two\n\nFrom me.\n\n>From you.\n"
BOTH = [Letter(ONE, frozenset({"seen", "flagged"}), "a@x.example"), Letter(TWO)]
STDLIB: dict[Kind, Callable[[str], mailbox.Mailbox]] = {
    "mboxo": mailbox.mbox, "mmdf": mailbox.MMDF, "babyl": mailbox.Babyl,
    "maildir": lambda path: mailbox.Maildir(path, create=True), "mh": mailbox.MH}


def program(name: str, package: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/bin/mh")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {package})")
    return found


def run(*command: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    done = subprocess.run(command, input=data, capture_output=True, timeout=10, check=False,
                          env={**os.environ, **(env or {})})
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


@pytest.mark.parametrize("kind", list(STDLIB))
def test_the_standard_library_reads_ours(tmp_path: Path, kind: Kind) -> None:
    mailboxes.open(tmp_path / "box", kind).extend(BOTH)
    theirs = STDLIB[kind](str(tmp_path / "box"))
    found: dict[str, Any] = {one["Subject"]: one for one in theirs}
    assert set(found) == {"one", "two"}
    assert found["one"].get_payload().strip() == "Hello."
    if kind == "mboxo":
        assert "R" in found["one"].get_flags()
        assert "F" in found["one"].get_flags()
        assert found["one"].get_from().startswith("a@x.example ")
    elif kind == "maildir":
        assert found["one"].get_flags() == "FS"
    elif kind == "mh":
        assert "flagged" in found["one"].get_sequences()
        assert "unseen" in found["two"].get_sequences()
    elif kind == "babyl":
        assert b"unseen" in found["two"].get_labels()
    theirs.close()


@pytest.mark.parametrize("kind", list(STDLIB))
def test_we_read_the_standard_library(tmp_path: Path, kind: Kind) -> None:
    theirs = STDLIB[kind](str(tmp_path / "box"))
    for raw in (ONE, TWO):
        theirs.add(message_from_bytes(raw))
    theirs.flush()
    theirs.close()
    box = mailboxes.open(tmp_path / "box")
    assert box.kind == {"mboxo": "mboxrd"}.get(kind, kind)
    assert [one.read().rstrip(b"\n") for one in sorted(box, key=lambda one: one.read())] == [
        as_left(one, kind).rstrip(b"\n") for one in (ONE, TWO)]
    box.append(ONE)
    again = STDLIB[kind](str(tmp_path / "box"))
    assert len(again) == 3
    again.close()


def as_left(message: bytes, kind: Kind) -> bytes:
    """What is left of a message when the standard library has quoted it, as mboxo, in one way."""
    if kind == "mboxo":  # read as mboxrd
        return message.replace(b"\n>From you", b"\nFrom you")
    return message.replace(b"\nFrom me", b"\n>From me") if kind == "mmdf" else message


def test_both_add_to_one_mbox_at_the_same_time(tmp_path: Path) -> None:
    """The locks are those of the standard library: nothing is lost, nothing mixed."""
    path = tmp_path / "inbox"
    code = ("import mailbox, sys\nbox = mailbox.mbox(sys.argv[1])\nfor n in range(40):\n"
            "    while True:\n        try:\n            box.lock()\n            break\n"
            "        except mailbox.ExternalClashError:\n            pass\n"
            "    box.add('Subject: theirs\\n\\nbody\\n' * 1)\n    box.flush()\n    box.unlock()\n")
    path.touch()
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as other:
        box = mailboxes.open(path, "mboxrd", sync="never")
        for _ in range(40):
            box.append(b"Subject: ours\n\nbody\n")
        assert other.wait(60) == 0
    assert len(list(box)) == 80
    assert all(one.read().rstrip(b"\n").endswith(b"body") for one in box)


def test_formail_splits_what_we_write(tmp_path: Path) -> None:
    formail = program("formail", "procmail")
    mailboxes.open(tmp_path / "inbox", "mboxrd").extend(BOTH * 10)
    raw = (tmp_path / "inbox").read_bytes()
    assert run(formail, "-s", formail, "-xSubject:", data=raw).split() == [b"one", b"two"] * 10


def test_procmail_delivers_into_our_mailboxes(tmp_path: Path) -> None:
    procmail = program("procmail", "procmail")
    for kind, name in (("mboxrd", "inbox"), ("maildir", "Mail/"), ("mh", "mh/.")):
        box = mailboxes.open(tmp_path / name.rstrip("/."), kind)  # type: ignore[arg-type]
        box.append(ONE)
        rules = tmp_path / f"rules-{kind}"
        rules.write_text(f"MAILDIR={tmp_path}\nLOCKEXT=.lock\nDEFAULT={tmp_path}/{name}\n")
        rules.chmod(0o600)
        run(procmail, "-m", str(rules), data=b"From c@x.example Sat Nov 21 08:00:00 2026\n" + TWO)
        assert len(box) == 2
        bare = {one.read().replace(b"\n>", b"\n").rstrip(b"\n") for one in box}
        assert any(one.endswith(TWO.replace(b"\n>", b"\n").rstrip(b"\n")) for one in bare), kind


def test_nmh_reads_our_folders(tmp_path: Path) -> None:
    scan, pick = program("scan", "nmh"), program("pick", "nmh")
    mailboxes.open(tmp_path / "Mail" / "inbox", "mh").extend(BOTH)
    (tmp_path / "profile").write_text(f"Path: {tmp_path}/Mail\nUnseen-Sequence: unseen\n")
    mh = {"MH": str(tmp_path / "profile"), "HOME": str(tmp_path)}
    lines = run(scan, "+inbox", "-format", "%(msg) %{subject}", env=mh).splitlines()
    assert [line.strip() for line in lines] == [b"1 one", b"2 two"]
    assert run(pick, "+inbox", "unseen", env=mh).strip() == b"2"
    assert run(pick, "+inbox", "flagged", env=mh).strip() == b"1"
    run(program("rmm", "nmh"), "+inbox", "1", env=mh)
    assert [one.key for one in mailboxes.open(tmp_path / "Mail" / "inbox")] == ["2"]
    (tmp_path / "Mail" / "inbox" / "done").mkdir()
    run(program("refile", "nmh"), "2", "-src", "+inbox", "+inbox/done", "-nolink", env=mh)
    assert [one.read() for one in mailboxes.open(tmp_path / "Mail/inbox/done", "mh")] == [TWO]


def test_nmh_packs_and_takes_in_mbox_files(tmp_path: Path) -> None:
    inc = program("inc", "nmh")
    mailboxes.open(tmp_path / "box", "mboxrd").extend(BOTH)
    (tmp_path / "profile").write_text(f"Path: {tmp_path}/Mail\n")
    (tmp_path / "Mail" / "inbox").mkdir(parents=True)
    mh = {"MH": str(tmp_path / "profile"), "HOME": str(tmp_path)}
    run(inc, "+inbox", "-file", str(tmp_path / "box"), "-notruncate", "-silent", env=mh)
    found = [one.read() for one in mailboxes.open(tmp_path / "Mail" / "inbox", "mh")]
    assert [b"Subject: one" in found[0], b"Subject: two" in found[1], len(found)] == [True, True, 2]
    run(program("packf", "nmh"), "+inbox", "-file", str(tmp_path / "packed"), env=mh)
    assert len(mailboxes.open(tmp_path / "packed")) == 2


@pytest.mark.parametrize("kind", ["mboxrd", "mmdf", "maildir", "mh"])
def test_mutt_reads_and_changes_our_mailboxes(tmp_path: Path, kind: Kind) -> None:
    mutt = program("mutt", "mutt")
    mailboxes.open(tmp_path / "box", kind).extend(BOTH)
    on_a_terminal(mutt, "-n", "-F", "/dev/null", "-e",
                  f"set sort=subject folder={tmp_path} quit=yes move=no",
                  "-e", 'push "<last-entry><flag-message><sync-mailbox><exit>"',
                  "-f", str(tmp_path / "box"), home=tmp_path)
    found = {one.read().split(b"Subject: ")[1].split(b"\n")[0]: one
             for one in mailboxes.open(tmp_path / "box", kind)}
    assert "flagged" in found[b"two"].flags
    assert {"flagged", "seen"} <= found[b"one"].flags
    assert found[b"two"].read().split(b"\n\n", 1)[1] == TWO.split(b"\n\n", 1)[1]


def on_a_terminal(*command: str, home: Path) -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "vt100", "HOME": str(home)}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env,
                          start_new_session=True) as child:
        os.close(theirs)
        try:
            while select.select([ours], [], [], 10)[0] and os.read(ours, 4096):
                pass
        except OSError:
            pass  # the terminal is closed: it has ended
        finally:
            os.close(ours)
            child.kill()
