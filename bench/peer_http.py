"""httpx2, aiohttp and requests, as their documentation shows them."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

from bench.child import NOT_HERE, main
from bench.job import Job

__all__ = ["work"]

_BLOCK = 64 * 1024


def work(job: Job) -> tuple[int, int]:
    """Do *job* with the library that `job.mode` names."""
    if job.security == "h2" and not job.mode.startswith("httpx2"):
        print(f"{job.mode} speaks no HTTP/2", file=sys.stderr)
        sys.exit(NOT_HERE)
    if job.mode == "requests":
        return _requests(job)
    if job.mode == "httpx2":
        return _httpx2(job)
    return asyncio.run(_aiohttp(job) if job.mode == "aiohttp" else _httpx2_async(job))


def _url(job: Job) -> str:
    return job.url(scheme="http" if job.security == "plain" else "https")


def _names(job: Job) -> list[str]:
    return [f"{_url(job)}/file-{number:06d}.dat" for number in range(job.count)]


def _context(job: Job) -> ssl.SSLContext | bool:
    return True if job.security == "plain" else ssl.create_default_context(cafile=job.ca)


def _requests(job: Job) -> tuple[int, int]:
    import requests

    with requests.Session() as web:
        web.verify = job.ca
        if job.action == "http-put":
            with Path(job.local).open("rb") as file:
                web.put(_url(job), data=file).raise_for_status()
            return 1, 0
        if job.action == "http-get":
            with web.get(_url(job), stream=True) as answer, Path(job.local).open("wb") as file:
                file.writelines(answer.iter_content(_BLOCK))
            return 1, 0
        sizes = [len(web.get(name).content) for name in _names(job)]
        return len(sizes), sum(sizes)


def _httpx2(job: Job) -> tuple[int, int]:
    import httpx2

    with httpx2.Client(verify=_context(job), http2=job.security == "h2") as web:
        if job.action == "http-put":
            with Path(job.local).open("rb") as file:
                web.put(_url(job), content=file).raise_for_status()
            return 1, 0
        if job.action == "http-get":
            with web.stream("GET", _url(job)) as answer, Path(job.local).open("wb") as file:
                file.writelines(answer.iter_bytes())
            return 1, 0
        sizes = [len(web.get(name).content) for name in _names(job)]
        return len(sizes), sum(sizes)


async def _httpx2_async(job: Job) -> tuple[int, int]:
    import httpx2

    async def chunks(path: str):  # type: ignore[no-untyped-def]
        with Path(path).open("rb") as file:
            while data := file.read(_BLOCK):
                yield data

    async with httpx2.AsyncClient(verify=_context(job), http2=job.security == "h2") as web:
        if job.action == "http-put":
            length = {"Content-Length": str(Path(job.local).stat().st_size)}
            answer = await web.put(_url(job), content=chunks(job.local), headers=length)
            answer.raise_for_status()
            return 1, 0
        if job.action == "http-get":
            async with web.stream("GET", _url(job)) as answer:
                with Path(job.local).open("wb") as file:
                    async for chunk in answer.aiter_bytes():
                        file.write(chunk)
            return 1, 0
        sizes = [len((await web.get(name)).content) for name in _names(job)]
        return len(sizes), sum(sizes)


async def _aiohttp(job: Job) -> tuple[int, int]:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=_context(job))) as web:
        if job.action == "http-put":
            with Path(job.local).open("rb") as file:
                async with web.put(_url(job), data=file) as answer:
                    answer.raise_for_status()
            return 1, 0
        if job.action == "http-get":
            async with web.get(_url(job)) as answer:
                with Path(job.local).open("wb") as file:
                    async for chunk in answer.content.iter_chunked(_BLOCK):
                        file.write(chunk)
            return 1, 0
        sizes = []
        for name in _names(job):
            async with web.get(name) as answer:
                sizes.append(len(await answer.read()))
        return len(sizes), sum(sizes)


if __name__ == "__main__":
    try:
        main(work)
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_HERE)
