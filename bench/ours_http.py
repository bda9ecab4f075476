"""Postel's rows of HTTP, sync and async, written as a user of its API would write them."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path
from typing import Any

from bench.child import NOT_HERE, main
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    if job.mode == "async":
        return asyncio.run(_async(job))
    if job.action == "http-tree":
        with http.Site(_base(job), **_options(job)) as site:
            done = site.download_tree(job.remote, job.local, connections=job.connections)
        return done.files, done.size
    with http.Client(_base(job), **_options(job)) as web:
        if job.action == "http-get":
            return 1, web.save(job.remote, job.local)
        if job.action == "http-put":
            with Path(job.local).open("rb") as file:
                web.put(job.remote, content=file).raise_for_status()
            return 1, Path(job.local).stat().st_size
        if job.block:
            sizes = [len(page.content) for page in web.get_many(_names(job))]
        else:
            sizes = [len(web.get(name).content) for name in _names(job)]
        return len(sizes), sum(sizes)


async def _async(job: Job) -> tuple[int, int]:
    if job.action == "http-tree":
        async with http.AsyncSite(_base(job), **_options(job)) as site:
            done = await site.download_tree(job.remote, job.local, connections=job.connections)
        return done.files, done.size
    async with http.AsyncClient(_base(job), **_options(job)) as web:
        if job.action == "http-get":
            return 1, await web.save(job.remote, job.local)
        if job.action == "http-put":
            with Path(job.local).open("rb") as file:
                (await web.put(job.remote, content=file)).raise_for_status()
            return 1, Path(job.local).stat().st_size
        if job.block:
            sizes = [len(page.content) async for page in web.get_many(_names(job))]
        else:
            sizes = [len((await web.get(name)).content) for name in _names(job)]
        return len(sizes), sum(sizes)


def _base(job: Job) -> str:
    return job.url("/", scheme="http" if job.security == "plain" else "https")


def _options(job: Job) -> dict[str, Any]:
    options: dict[str, Any] = {"http2": job.security == "h2"}
    if job.security != "plain":
        from postel.transport.tls import TLSOptions

        options["tls"] = TLSOptions(ca=job.ca)
    return options


def _names(job: Job) -> list[str]:
    return [f"{job.remote}/file-{number:06d}.dat" for number in range(job.count)]


if __name__ == "__main__":
    try:
        http = importlib.import_module("postel.http")
        getattr(http, "AsyncClient" if "async" in sys.argv[1] else "Client")  # they load lazily
    except (ImportError, AttributeError) as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_HERE)
    main(work)
