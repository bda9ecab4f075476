"""News by Python's old nntplib (until 3.12) and by pynntp, as their documentation shows them."""

from __future__ import annotations

import warnings
from typing import Any

from bench.child import main
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*: how many, and the sum of their numbers."""
    return _nntplib(job) if job.mode == "nntplib" else _pynntp(job)


def _nntplib(job: Job) -> tuple[int, int]:
    warnings.simplefilter("ignore")
    import nntplib

    nntplib._MAXLINE = 1 << 20
    count = total = 0
    with nntplib.NNTP(job.host, job.port, readermode=True) as news:
        if job.action == "news-over":
            _, _, first, last, _ = news.group("bench.over")
            _, rows = news.over((first, last))
            for number, _fields in rows:
                count, total = count + 1, total + number
        else:
            _, _, first, last, _ = news.group("bench.articles")
            for number in range(first, last + 1):
                news.article(number)
                count, total = count + 1, total + number
    return count, total


def _pynntp(job: Job) -> tuple[int, int]:
    import nntp

    count = total = 0
    news: Any = nntp.NNTPClient(job.host, job.port)
    news.mode_reader()
    if job.action == "news-over":
        _, first, last, _ = news.group("bench.over")
        for number, _fields in news.xover((first, last)):
            count, total = count + 1, total + number
    else:
        _, first, last, _ = news.group("bench.articles")
        for number in range(first, last + 1):
            news.article(number)
            count, total = count + 1, total + number
    news.quit()
    return count, total


if __name__ == "__main__":
    main(work)
