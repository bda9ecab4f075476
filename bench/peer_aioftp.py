"""aioftp, used as its documentation shows. Runs under the interpreter of `bench/.peers`."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath
from typing import Any

import aioftp  # type: ignore[import-not-found, unused-ignore]

from bench.child import main
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    return asyncio.run(_work(job))


async def _work(job: Job) -> tuple[int, int]:
    async with _client(job) as client:
        return await _ACTIONS[job.action](client, job)


def _client(job: Job) -> Any:
    return aioftp.Client.context(job.host, job.port, job.user, job.password)


def _blocks(job: Job) -> dict[str, int]:
    return {"block_size": job.block} if job.block else {}


async def _retr(client: Any, job: Job) -> tuple[int, int]:
    await client.download(job.remote, job.local, write_into=True, **_blocks(job))
    return 1, Path(job.local).stat().st_size


async def _stor(client: Any, job: Job) -> tuple[int, int]:
    await client.upload(job.local, job.remote, write_into=True, **_blocks(job))
    return 1, Path(job.local).stat().st_size


async def _list(client: Any, job: Job) -> tuple[int, int]:
    count = total = 0
    async for _, info in client.list(job.remote):
        count, total = count + 1, total + int(info["size"])
    return count, total


async def _tree(client: Any, job: Job) -> tuple[int, int]:
    if job.connections == 1:
        await client.download(job.remote, job.local, write_into=True)
        return 0, 0
    pairs = []
    async for path, info in client.list(job.remote, recursive=True):
        target = Path(job.local) / path.relative_to(job.remote)
        if info["type"] == "file":
            pairs.append((path, target))
        else:
            target.mkdir(parents=True)
    rest = iter(pairs)

    async def worker() -> None:
        async with _client(job) as one:
            for path, target in rest:
                await one.download(path, target, write_into=True)

    await asyncio.gather(*(worker() for _ in range(job.connections)))
    return len(pairs), 0


async def _tree_up(client: Any, job: Job) -> tuple[int, int]:
    # it makes the folders below the target relative to where it stands
    target = PurePosixPath(job.remote)
    await client.change_directory(target.parent)
    await client.upload(job.local, target.name, write_into=True)
    return 0, 0


_ACTIONS = {"retr": _retr, "stor": _stor, "list": _list, "tree": _tree, "tree-up": _tree_up}

if __name__ == "__main__":
    main(work)
