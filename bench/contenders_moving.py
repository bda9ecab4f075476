"""Who takes part in keeping a Maildir and an account alike: anew, again, and the other way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.contender import Contender, script
from bench.job import Job
from bench.material import LONG, message

__all__ = ["CONTENDERS_MOVING", "PUSHED"]

PUSHED = 2_000
"""Messages that are pushed."""

_MBSYNC = """\
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
{style}
Channel all
Far :far:
Near :near:
Patterns {folder}
Create Both
{sync}
SyncState {job.scratch}/state
"""
_OFFLINEIMAP = """\
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
sync_deletes = no
[Repository far]
type = IMAP
remotehost = {job.host}
remoteport = {job.port}
remoteuser = {job.user}
remotepass = {job.password}
ssl = no
maxconnections = 3
folderfilter = lambda name: name == '{folder}'
"""


def _mbsync(job: Job, folder: str, sync: str) -> list[str]:
    Path(job.local).mkdir(exist_ok=True)
    config = job.file("mbsyncrc", _MBSYNC.format(job=job, folder=folder, sync=sync,
                                                 style="SubFolders Verbatim\n"))
    return ["mbsync", "-q", "-c", config, "all"]


def _mbsync_again(job: Job) -> list[str]:
    return _mbsync(job, "INBOX", "Sync All")


def _mbsync_push(job: Job) -> list[str]:
    _fill(Path(job.local) / "push")
    return _mbsync(job, "push", "Sync Push")


def _offlineimap(job: Job, folder: str) -> list[str]:
    config = job.file("offlineimaprc", _OFFLINEIMAP.format(job=job, folder=folder))
    return ["offlineimap", "-o", "-c", config]


def _offlineimap_again(job: Job) -> list[str]:
    return _offlineimap(job, "INBOX")


def _offlineimap_push(job: Job) -> list[str]:
    _fill(Path(job.local) / "push")
    return _offlineimap(job, "push")


def _fill(maildir: Path) -> None:
    """A Maildir of messages that no server has."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    for number in range(LONG + 1, LONG + 1 + PUSHED):
        name = f"{1_700_000_000 + number}.M1P1.bench:2,S"
        (maildir / "cur" / name).write_bytes(message(number).replace(b"\r\n", b"\n"))


def _postel_push() -> Contender:
    made = script("postel", "bench.ours_moving", "pushed")

    def command(job: Job) -> list[str]:
        _fill(Path(job.local) / ".push")
        return made.command(job)

    return replace(made, command=command)


CONTENDERS_MOVING: dict[str, list[Contender]] = {
    "imap-sync": [
        script("postel", "bench.ours_moving", "messages"),
        script("postel, async", "bench.ours_moving", "messages", changes={"mode": "async"}),
        Contender("mbsync", "mbsync", _mbsync_again, "messages"),
        Contender("OfflineIMAP", "offlineimap", _offlineimap_again, "messages"),
    ],
    "imap-again": [
        replace(script("postel", "bench.ours_moving", "messages"), twice=True),
        Contender("mbsync", "mbsync", _mbsync_again, "messages", twice=True),
        Contender("OfflineIMAP", "offlineimap", _offlineimap_again, "messages", twice=True),
    ],
    "imap-push": [
        _postel_push(),
        Contender("mbsync", "mbsync", _mbsync_push, "pushed"),
        Contender("OfflineIMAP", "offlineimap", _offlineimap_push, "pushed"),
    ],
}
