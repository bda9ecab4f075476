"""Postel's rows of TFTP, sync and async, written as a user of its API would write them."""

from __future__ import annotations

import asyncio

from bench.child import main
from bench.job import Job
from postel import tftp

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    if job.mode == "async":
        return asyncio.run(_async(job))
    with tftp.Client(job.host, port=job.port, block_size=job.block or None) as site:
        return 1, site.download(job.remote.lstrip("/"), job.local)


async def _async(job: Job) -> tuple[int, int]:
    async with tftp.AsyncClient(job.host, port=job.port, block_size=job.block or None) as site:
        return 1, await site.download(job.remote.lstrip("/"), job.local)


if __name__ == "__main__":
    main(work)
