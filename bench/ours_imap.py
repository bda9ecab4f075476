"""Postel's part of the IMAP rows: the client as the guide shows it."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from bench.child import NOT_HERE, main
from bench.job import Job

__all__ = ["work"]

_BATCH = 500  # messages that become durable together


def _options(job: Job) -> dict[str, Any]:
    return {"port": job.port, "user": job.user, "password": job.password, "security": "plain"}


def work(job: Job) -> tuple[int, int]:
    """Do *job*; returns how many messages, and the sum of their UIDs."""
    if job.mode == "async":
        return asyncio.run(_async(job))
    with imap.Client(job.host, **_options(job)) as box:
        box.select("INBOX", readonly=True)
        if job.action == "imap-flags":
            uids = [one.uid for one in box.fetch("1:*", "flags")]
        elif job.action == "imap-envelope":
            uids = [one.uid for one in box.fetch("1:*", "envelope", "structure")
                    if one.envelope.subject and one.structure.content_type]
        else:
            uids = _pull(job, box)
    return len(uids), sum(uids)


def _pull(job: Job, box: Any) -> list[int]:
    maildir, uids = Maildir(job.local).create(), []
    for uid, _, chunks in box.fetch_many_bodies("1:*"):
        with maildir.writing(staged=True) as delivery:
            for chunk in chunks:
                delivery.write(chunk)
        uids.append(uid)
        if len(uids) % _BATCH == 0:
            maildir.flush()
    maildir.flush()
    return uids


async def _async(job: Job) -> tuple[int, int]:
    async with imap.AsyncClient(job.host, **_options(job)) as box:
        await box.select("INBOX", readonly=True)
        if job.action == "imap-flags":
            uids = [one.uid async for one in box.fetch("1:*", "flags")]
        elif job.action == "imap-envelope":
            uids = [one.uid async for one in box.fetch("1:*", "envelope", "structure")
                    if one.envelope.subject and one.structure.content_type]
        else:
            uids = await _pull_async(job, box)
    return len(uids), sum(uids)


async def _pull_async(job: Job, box: Any) -> list[int]:
    maildir, uids = Maildir(job.local).create(), []
    async for uid, _, chunks in box.fetch_many_bodies("1:*"):
        with maildir.writing(staged=True) as delivery:
            async for chunk in chunks:
                delivery.write(chunk)
        uids.append(uid)
        if len(uids) % _BATCH == 0:
            maildir.flush()
    maildir.flush()
    return uids


if __name__ == "__main__":
    try:
        from postel import imap
        from postel.mailboxes import Maildir

        getattr(imap, "AsyncClient" if Job.from_json(sys.argv[1]).mode == "async" else "Client")
    except (ImportError, AttributeError) as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_HERE)
    main(work)
