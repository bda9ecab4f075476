"""Postel's rows of SMTP, sync and async, written as a user of its API would write them."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator

from bench.child import main
from bench.job import Job
from bench.material import message
from postel import smtp

__all__ = ["work"]

SENDER = "ann@example.org"


def letters(count: int) -> Iterator[smtp.Letter]:
    """Messages, each to one."""
    for number in range(count):
        yield smtp.Letter(message(number), smtp.Envelope(
            SENDER, (smtp.Rcpt(f"bob{number}@example.net"),)))


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    url = job.url("", scheme="smtp")
    if job.mode == "async":
        return asyncio.run(_async(job, url))
    with smtp.Client(url, security="plain") as server:
        if job.action == "send-rcpt":
            sent = server.send(message(1), sender=SENDER, recipients=whom(job), last=True)
            return 1, len(sent.accepted)
        results = server.send_many(letters(job.count), last=True)
        return job.count, sum(len(sent.accepted) for sent in results)


async def _async(job: Job, url: str) -> tuple[int, int]:
    async with smtp.AsyncClient(url, security="plain") as server:
        if job.action == "send-rcpt":
            sent = await server.send(message(1), sender=SENDER, recipients=whom(job), last=True)
            return 1, len(sent.accepted)
        total = 0
        async for sent in server.send_many(letters(job.count), last=True):
            total += len(sent.accepted)
        return job.count, total


def whom(job: Job) -> list[str]:
    """Recipients of one message."""
    return [f"bob{number}@example.net" for number in range(job.count)]


if __name__ == "__main__":
    which = Job.from_json(sys.argv[1]).mode
    importlib.import_module(f"postel.smtp.client_{which}")  # before the clock starts
    main(work)
