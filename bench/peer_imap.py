"""imapclient, imap_tools and aioimaplib, as their documentation shows them."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from bench.child import NOT_HERE, main
from bench.job import Job

__all__ = ["work"]

_UID = re.compile(rb"UID (\d+)")
_AT_ONCE = 500


def work(job: Job) -> tuple[int, int]:
    """Do *job* by the library that its mode names."""
    uids = _WORK[job.mode](job)
    return len(uids), sum(uids)


def _imapclient(job: Job) -> list[int]:
    import imapclient

    with imapclient.IMAPClient(job.host, job.port, ssl=False) as box:
        box.login(job.user, job.password)
        box.select_folder("INBOX", readonly=True)
        found = box.search("ALL")
        if job.action == "imap-flags":
            return list(box.fetch(found, ["FLAGS"]))
        if job.action == "imap-envelope":
            return list(box.fetch(found, ["ENVELOPE", "BODYSTRUCTURE"]))
        folder, uids = Path(job.local), []
        folder.mkdir()
        for start in range(0, len(found), _AT_ONCE):
            for uid, one in box.fetch(found[start : start + _AT_ONCE], ["BODY.PEEK[]"]).items():
                (folder / f"{uid}.eml").write_bytes(one[b"BODY[]"])
                uids.append(uid)
        return uids


def _imap_tools(job: Job) -> list[int]:
    import imap_tools

    folder, uids = Path(job.local), []
    folder.mkdir()
    with imap_tools.MailBoxUnencrypted(job.host, job.port).login(job.user, job.password) as box:
        for one in box.fetch(mark_seen=False, bulk=_AT_ONCE):
            (folder / f"{one.uid}.eml").write_bytes(one.obj.as_bytes())
            uids.append(int(one.uid or 0))
    return uids


def _aioimaplib(job: Job) -> list[int]:
    return asyncio.run(_by_aioimaplib(job))


async def _by_aioimaplib(job: Job) -> list[int]:
    import aioimaplib

    box = aioimaplib.IMAP4(job.host, job.port, timeout=60)
    await box.wait_hello_from_server()
    await box.login(job.user, job.password)
    await box.select("INBOX")
    answer = await asyncio.wait_for(box.uid("fetch", "1:*", "(FLAGS)"), 60)
    uids = [int(match[1]) for line in answer.lines if (match := _UID.search(line))]
    await box.logout()
    return uids


_WORK = {"imapclient": _imapclient, "imap_tools": _imap_tools, "aioimaplib": _aioimaplib}

if __name__ == "__main__":
    try:
        __import__(Job.from_json(sys.argv[1]).mode)
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_HERE)
    main(work)
