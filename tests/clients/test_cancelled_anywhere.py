"""Cancelled at every wait, one after the other: nothing leaks, and the client goes on."""

from __future__ import annotations

import asyncio
import gc
import io
import socket
import struct
import warnings
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any

import pytest

from postel import ftp, lab
from postel.errors import ConnectionLost, PostelError
from postel.ftp.learned import DEEP, LEARNED
from postel.testing.outside import ServedOutside
from postel.transport import dial_async, socket_async, sockets

pytestmark = pytest.mark.slow

Doing = Callable[[ftp.AsyncClient], Coroutine[Any, Any, None]]
FILES = {f"/here/{number}": f"{number}".encode() * 300 for number in range(5)}


class Cut:
    """Runs a coroutine and cancels it at one of its waits.

    Args:
        doing: the coroutine.
        at: which wait, counted from 1; from then on every wait of the clean-up too, if *again*.
        late: when what it waited for has come, in place of at once.
        again: how many more waits are cancelled.
    """

    def __init__(self, doing: Coroutine[Any, Any, None], at: int, late: bool, again: int) -> None:
        self._doing, self._at, self._late, self._again = doing, at, late, again
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[], Any] = lambda: self._doing.send(None)  # noqa: E731
        while True:
            try:
                waited = step()
            except StopIteration:
                return
            self.waits += 1
            cut = self._at <= self.waits <= self._at + self._again
            if not cut or self._late or waited is None:
                yield waited
            else:
                waited._asyncio_future_blocking = False
                waited.cancel()
            step = self._cancel if cut else lambda: self._doing.send(None)

    def _cancel(self) -> Any:
        return self._doing.throw(asyncio.CancelledError())


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start() as started:
        outside = ServedOutside(started.ftp.files)
        for path, data in {**FILES, "/short": b"short"}.items():
            outside.put(path, data)
        yield started


@pytest.fixture(autouse=True)
def every_wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where nothing needs to be waited for, it is all the same."""
    monkeypatch.setattr(socket_async, "_STREAK", 1)
    monkeypatch.setattr(dial_async, "_at_once", lambda sockets: [])
    LEARNED.clear()
    yield
    LEARNED.clear()


async def read(site: ftp.AsyncClient, path: str) -> bytes:
    async with site.retr(path) as reading:
        return b"".join([bytes(chunk) async for chunk in reading])


async def many(site: ftp.AsyncClient) -> None:
    async def take(path: str, reading: Any) -> None:
        async with reading:
            assert b"".join([bytes(chunk) async for chunk in reading]) == FILES[path]

    await site.files.read_many([(path, path) for path in FILES], take)


async def one(site: ftp.AsyncClient) -> None:
    assert await read(site, "/here/1") == FILES["/here/1"]


async def listing(site: ftp.AsyncClient) -> None:
    assert len([entry async for entry in site.list("/here")]) == len(FILES)


async def store(site: ftp.AsyncClient) -> None:
    await site.upload(io.BytesIO(bytes(100_000)), "/stored")


async def store_many(site: ftp.AsyncClient) -> None:
    async def give(number: int, sink: Any) -> None:
        async with sink:
            await sink.send(bytes(1_000))

    await site.files.write_many([(number, f"/stored-{number}") for number in range(4)], give)


async def again(site: ftp.AsyncClient) -> None:
    await site.reopen()


async def cut(site: ftp.AsyncClient, doing: Doing, at: int, late: bool, again: int) -> bool:
    """Do it, stopped at one wait; whether it has that many."""
    stopped = Cut(doing(site), at, late, again)
    try:
        await stopped
    except asyncio.CancelledError:
        pass
    if stopped.waits < at:
        return False
    try:
        assert await read(site, "/short") == b"short"
    except PostelError:
        await site.reopen()
        assert await read(site, "/short") == b"short"
    return True


def run(
    here: lab.Lab, scheme: str, doing: Doing, late: bool, again: int, level: int = 1
) -> int:
    async def main() -> int:
        site = ftp.AsyncClient(here.url(scheme, user="alice"), password="secret", timeout=10.0)
        async with site:
            at = 1
            site.learned.level = level
            while await cut(site, doing, at, late, again):
                at += 1
                site.learned.level = level
            return at - 1

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        waits = asyncio.run(main())
        gc.collect()
    assert [str(one.message) for one in heard] == []
    return waits


MOMENTS = [pytest.param(False, 0, id="at once"), pytest.param(True, 0, id="late"),
           pytest.param(False, 2, id="thrice")]


@pytest.mark.parametrize(("late", "more"), MOMENTS)
def test_many_files_over_tls(here: lab.Lab, late: bool, more: int) -> None:
    assert run(here, "ftps", many, late, more) > 3 * len(FILES)


@pytest.mark.slow
@pytest.mark.parametrize(("late", "more"), MOMENTS)
@pytest.mark.parametrize("level", [0, 1, DEEP])
@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
@pytest.mark.parametrize("doing", [many, one, listing, store, store_many, again])
def test_every_wait(
        here: lab.Lab, scheme: str, doing: Doing, level: int, late: bool, more: int) -> None:
    assert run(here, scheme, doing, late, more, level) > 2


def test_a_connection_that_is_reset_before_tls_begins() -> None:
    """Python up to 3.12 leaves its half-made TLS socket open."""
    from postel.transport.tls import context_for

    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with near, pytest.raises(ConnectionResetError):
            sockets.wrapped(context_for(None), near, "localhost")
        gc.collect()
    assert [str(one.message) for one in heard] == []


async def test_a_stream_that_is_reset_before_tls_begins() -> None:
    from postel.transport.socket_async import AsyncSocketStream
    from postel.transport.tls import context_for

    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.close()
    async with AsyncSocketStream(near, "localhost") as stream:
        with pytest.raises(ConnectionLost, match="reset by the other side"):
            await stream.start_tls(context_for(None), "localhost")
    gc.collect()
