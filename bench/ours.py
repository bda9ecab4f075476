"""Postel's rows, sync and async, written as a user of its API would write them."""

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
    if job.action == "mail":
        return _mail(job)
    with ftp.Client(job.host, **_options(job)) as site:
        return _ACTIONS[job.action](site, job)


def _options(job: Job) -> dict[str, Any]:
    options: dict[str, Any] = {
        "port": job.port, "user": job.user, "password": job.password, "security": job.security,
    }
    if job.security != "plain":
        from postel.transport.tls import TLSOptions

        options["tls"] = TLSOptions(ca=job.ca)
    return options


def _retr(site: Any, job: Job) -> tuple[int, int]:
    site.download(job.remote, job.local)
    return 1, Path(job.local).stat().st_size


def _stor(site: Any, job: Job) -> tuple[int, int]:
    site.upload(job.local, job.remote)
    return 1, Path(job.local).stat().st_size


def _list(site: Any, job: Job) -> tuple[int, int]:
    count = total = 0
    for entry in site.list(job.remote):
        count, total = count + 1, total + entry.size
    return count, total


def _tree(site: Any, job: Job) -> tuple[int, int]:
    site.download_tree(job.remote, job.local, connections=job.connections)
    return 0, 0


def _tree_up(site: Any, job: Job) -> tuple[int, int]:
    site.upload_tree(job.local, job.remote, connections=job.connections)
    return 0, 0


def _mail(job: Job) -> tuple[int, int]:
    folder, size = Path(job.local), 0
    folder.mkdir()
    with pop3.Client(job.host, **_options(job)) as box:
        for number, data in box.retr_many(range(1, job.count + 1)):
            size += (folder / f"{number}.eml").write_bytes(data)
    return job.count, size


async def _async(job: Job) -> tuple[int, int]:
    if job.action == "mail":
        return await _mail_async(job)
    async with ftp.AsyncClient(job.host, **_options(job)) as site:
        return await _ASYNC_ACTIONS[job.action](site, job)


async def _retr_async(site: Any, job: Job) -> tuple[int, int]:
    await site.download(job.remote, job.local)
    return 1, Path(job.local).stat().st_size


async def _stor_async(site: Any, job: Job) -> tuple[int, int]:
    await site.upload(job.local, job.remote)
    return 1, Path(job.local).stat().st_size


async def _list_async(site: Any, job: Job) -> tuple[int, int]:
    count = total = 0
    async for entry in site.list(job.remote):
        count, total = count + 1, total + entry.size
    return count, total


async def _tree_async(site: Any, job: Job) -> tuple[int, int]:
    await site.download_tree(job.remote, job.local, connections=job.connections)
    return 0, 0


async def _tree_up_async(site: Any, job: Job) -> tuple[int, int]:
    await site.upload_tree(job.local, job.remote, connections=job.connections)
    return 0, 0


async def _mail_async(job: Job) -> tuple[int, int]:
    folder, size = Path(job.local), 0
    folder.mkdir()
    async with pop3.AsyncClient(job.host, **_options(job)) as box:
        async for number, data in box.retr_many(range(1, job.count + 1)):
            size += (folder / f"{number}.eml").write_bytes(data)
    return job.count, size


_ACTIONS = {"retr": _retr, "stor": _stor, "list": _list, "tree": _tree, "tree-up": _tree_up}
_ASYNC_ACTIONS = {
    "retr": _retr_async, "stor": _stor_async, "list": _list_async,
    "tree": _tree_async, "tree-up": _tree_up_async,
}


def _package(job: Job) -> Any:
    """The package this job needs: an FTP row must not pay for importing POP3."""
    package = importlib.import_module("postel.pop3" if job.action == "mail" else "postel.ftp")
    getattr(package, "AsyncClient" if job.mode == "async" else "Client")  # they load lazily
    return package


if __name__ == "__main__":
    try:
        ftp = pop3 = _package(Job.from_json(sys.argv[1]))
    except (ImportError, AttributeError) as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_HERE)
    main(work)
