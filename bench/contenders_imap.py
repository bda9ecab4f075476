"""Who takes part in reading a mailbox by IMAP."""

from __future__ import annotations

from pathlib import Path

from bench.build import HERE
from bench.contender import Contender, script
from bench.job import Job

__all__ = ["CONTENDERS_IMAP"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"


def _mbsync(job: Job) -> list[str]:
    Path(job.local).mkdir()
    config = job.file("mbsyncrc", f"""\
IMAPAccount bench
Host {job.host}
Port {job.port}
User {job.user}
Pass {job.password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account bench

MaildirStore near
Path {job.local}/
Inbox {job.local}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState {job.scratch}/state
""")
    return ["mbsync", "-q", "-c", config, "all"]


def _offlineimap(job: Job) -> list[str]:
    config = job.file("offlineimaprc", f"""\
[general]
accounts = bench
metadata = {job.scratch}/offlineimap
ui = quiet
[Account bench]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {job.local}
[Repository far]
type = IMAP
remotehost = {job.host}
remoteport = {job.port}
remoteuser = {job.user}
remotepass = {job.password}
ssl = no
readonly = true
maxconnections = 3
""")
    return ["offlineimap", "-o", "-c", config]


def _python(result: str, *peers: str) -> list[Contender]:
    made = [script("postel", "bench.ours_imap", result),
            script("postel, async", "bench.ours_imap", result, changes={"mode": "async"})]
    for name in peers:
        program = _PEERS if name != "imaplib" else None
        module = "bench.peer_imaplib" if name == "imaplib" else "bench.peer_imap"
        shown = "imaplib, unparsed" if name == "imaplib" and result == "uids" else name
        made.append(script(shown, module, result, *([program] if program else []),
                           changes={"mode": name}))
    return made


CONTENDERS_IMAP: dict[str, list[Contender]] = {
    "imap-flags": _python("uids", "imaplib", "imapclient", "aioimaplib"),
    "imap-envelope": _python("uids", "imaplib", "imapclient"),
    "imap-pull": [
        *_python("messages", "imaplib", "imapclient", "imap_tools"),
        Contender("mbsync", "mbsync", _mbsync, "messages"),
        Contender("OfflineIMAP", "offlineimap", _offlineimap, "messages"),
    ],
}
