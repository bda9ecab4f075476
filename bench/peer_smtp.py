"""smtplib and aiosmtplib: one connection, message after message."""

from __future__ import annotations

import asyncio
import smtplib

from bench.child import NOT_HERE, main
from bench.job import Job
from bench.material import message

__all__ = ["work"]

SENDER = "ann@example.org"


def whom(job: Job) -> list[str]:
    """Recipients of one message."""
    return [f"bob{number}@example.net" for number in range(job.count)]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    if job.mode == "async":
        return asyncio.run(_async(job))
    refused = 0
    with smtplib.SMTP(job.host, job.port) as server:
        if job.action == "send-rcpt":
            return 1, job.count - len(server.sendmail(SENDER, whom(job), message(1)))
        for number in range(job.count):
            refused += len(server.sendmail(SENDER, [f"bob{number}@example.net"],
                                           message(number)))
    return job.count, job.count - refused


async def _async(job: Job) -> tuple[int, int]:
    try:
        import aiosmtplib
    except ImportError:
        raise SystemExit(NOT_HERE) from None
    refused = 0
    async with aiosmtplib.SMTP(hostname=job.host, port=job.port, start_tls=False) as server:
        if job.action == "send-rcpt":
            errors, _ = await server.sendmail(SENDER, whom(job), message(1))
            return 1, job.count - len(errors)
        for number in range(job.count):
            errors, _ = await server.sendmail(SENDER, [f"bob{number}@example.net"],
                                              message(number))
            refused += len(errors)
    return job.count, job.count - refused


if __name__ == "__main__":
    main(work)
