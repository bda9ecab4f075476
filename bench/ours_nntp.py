"""Postel's news rows, sync and async, written as a user of its API would write them."""

from __future__ import annotations

import asyncio
from typing import Any

from bench.child import main
from bench.job import Job
from postel import nntp

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*: how many, and the sum of their numbers."""
    if job.mode == "async":
        return asyncio.run(_async(job))
    with nntp.Client(job.host, **_options(job)) as news:
        count = total = 0
        if job.action == "news-over":
            for row in news.overview(news.group("bench.over")):
                _look(row)
                count, total = count + 1, total + row.number
        else:
            for article in news.articles(news.group("bench.articles")):
                count, total = count + 1, total + article.number
        return count, total


def _options(job: Job) -> dict[str, Any]:
    return {"port": job.port, "security": "plain", "compress": job.block == 1}


def _look(row: nntp.Overview) -> tuple[Any, ...]:
    """What nntplib makes of each row: its texts."""
    return row.subject, row.author, row.message_id


async def _async(job: Job) -> tuple[int, int]:
    async with nntp.AsyncClient(job.host, **_options(job)) as news:
        count = total = 0
        if job.action == "news-over":
            async for row in news.overview(await news.group("bench.over")):
                _look(row)
                count, total = count + 1, total + row.number
        else:
            async for article in news.articles(await news.group("bench.articles")):
                count, total = count + 1, total + article.number
        return count, total


if __name__ == "__main__":
    main(work)
