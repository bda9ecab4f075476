"""Several things at once: the same rules for threads and for tasks."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import Any

import pytest

from postel.errors import ConnectError, PostelError, ProtocolError, UsageError
from postel.transport import crew_async, crew_sync, disk_async, disk_sync
from postel.transport.crew_async import AsyncChannel, AsyncCrew, AsyncLimit
from postel.transport.crew_sync import Channel, Crew, Limit


@pytest.fixture(autouse=True)
def no_thread_stays_behind() -> Any:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name == "crew"]
    assert left == []


# -- both sides ----------------------------------------------------------------------------


def test_all_that_is_put_is_got_once_sync() -> None:
    numbers: Channel[int] = Channel(3)
    got: list[int] = []

    def produce(start: int) -> None:
        for number in range(start, 300, 3):
            numbers.put(number)

    def consume() -> None:
        for number in numbers:
            got.append(number)

    with Crew() as readers:
        for _ in range(4):
            readers.start(consume)
        with Crew() as writers:
            for start in range(3):
                writers.start(produce, start)
        numbers.close()
    assert sorted(got) == list(range(300))


def test_all_that_is_put_is_got_once_async() -> None:
    async def main() -> list[int]:
        numbers: AsyncChannel[int] = AsyncChannel(3)
        got: list[int] = []

        async def produce(start: int) -> None:
            for number in range(start, 300, 3):
                await numbers.put(number)

        async def consume() -> None:
            async for number in numbers:
                got.append(number)

        async with AsyncCrew() as readers:
            for _ in range(4):
                readers.start(consume)
            async with AsyncCrew() as writers:
                for start in range(3):
                    writers.start(produce, start)
            numbers.close()
        return got

    assert sorted(asyncio.run(main())) == list(range(300))


def test_a_channel_holds_no_more_than_its_room() -> None:
    async def main() -> None:
        numbers: AsyncChannel[int] = AsyncChannel(2)
        held: list[int] = []

        async def produce() -> None:
            for number in range(5):
                await numbers.put(number)
                held.append(number)

        async with AsyncCrew() as crew:
            crew.start(produce)
            for _ in range(10):
                await asyncio.sleep(0)
            assert held == [0, 1]
            assert await numbers.get() == 0
            for _ in range(10):
                await asyncio.sleep(0)
            assert held == [0, 1, 2]
            assert [await numbers.get() for _ in range(4)] == [1, 2, 3, 4]

    asyncio.run(main())


def test_a_closed_channel_takes_no_more() -> None:
    numbers: Channel[int] = Channel(2)
    numbers.put(1)
    numbers.close()
    with pytest.raises(UsageError, match="closed"):
        numbers.put(2)
    assert list(numbers) == [1]
    with pytest.raises(StopIteration):
        numbers.get()

    async def main() -> None:
        more: AsyncChannel[int] = AsyncChannel(2)
        await more.put(1)
        more.close()
        with pytest.raises(UsageError, match="closed"):
            await more.put(2)
        assert [number async for number in more] == [1]

    asyncio.run(main())


def test_closing_wakes_a_writer_that_waits_for_room() -> None:
    numbers: Channel[int] = Channel(1)
    numbers.put(1)
    with pytest.raises(UsageError, match="closed"), Crew() as crew:
        crew.start(numbers.put, 2)
        numbers.close()


def test_a_limit_is_kept() -> None:
    inside, most = 0, 0

    async def main() -> None:
        limit = AsyncLimit(3)

        async def work() -> None:
            nonlocal inside, most
            async with limit:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        async with AsyncCrew() as crew:
            for _ in range(20):
                crew.start(work)

    asyncio.run(main())
    assert most == 3
    assert inside == 0


def test_a_limit_of_threads_is_kept() -> None:
    limit, three = Limit(3), threading.Barrier(3)

    def work() -> None:
        with limit:
            three.wait(10)  # only full teams pass

    with Crew() as crew:
        for _ in range(12):
            crew.start(work)
    assert limit._free == 3


# -- failures ------------------------------------------------------------------------------


def test_the_first_failure_is_raised_and_the_others_are_notes_sync() -> None:
    both = threading.Barrier(2)

    def fail(kind: type[PostelError]) -> None:
        both.wait(10)
        raise kind("no")

    with pytest.raises((ConnectError, ProtocolError)) as caught, Crew() as crew:
        crew.start(fail, ConnectError)
        crew.start(fail, ProtocolError)
    told = {type(caught.value).__name__, *str(caught.value.__notes__).split()}
    assert any("ConnectError" in word for word in told)
    assert any("ProtocolError" in word for word in told)
    assert len(caught.value.__notes__) == 1


def test_the_first_failure_is_raised_and_the_others_are_notes_async() -> None:
    async def main() -> None:
        async def fail(kind: type[PostelError]) -> None:
            raise kind("no")

        async with AsyncCrew() as crew:
            crew.start(fail, ConnectError)
            crew.start(fail, ProtocolError)

    with pytest.raises(ConnectError) as caught:
        asyncio.run(main())
    assert caught.value.__notes__ == ["another worker failed too: ProtocolError: no"]


def test_an_error_of_the_block_comes_first() -> None:
    def fail() -> None:
        raise ConnectError("no")

    with pytest.raises(ProtocolError) as caught, Crew() as crew:
        crew.start(fail)
        while not crew.stopped:
            pass
        raise ProtocolError("first")
    assert caught.value.__notes__ == ["another worker failed too: ConnectError: no"]

    async def main() -> None:
        async def failing() -> None:
            raise ConnectError("no")

        async with AsyncCrew() as crew:
            crew.start(failing)
            while not crew.stopped:
                await asyncio.sleep(0)
            raise ProtocolError("first")

    with pytest.raises(ProtocolError) as caught:
        asyncio.run(main())
    assert caught.value.__notes__ == ["another worker failed too: ConnectError: no"]


@pytest.mark.parametrize("waits", ["put", "get", "limit"])
def test_the_block_does_not_wait_for_workers_that_are_gone_sync(waits: str) -> None:
    full: Channel[int] = Channel(1)
    full.put(1)
    empty: Channel[int] = Channel(1)
    limit = Limit(0)

    def fail() -> None:
        raise ConnectError("no")

    with pytest.raises(ConnectError), Crew() as crew:
        crew.start(fail)
        if waits == "limit":
            with limit:
                pass
        full.put(2) if waits == "put" else empty.get()


@pytest.mark.parametrize("waits", ["put", "get", "limit"])
def test_the_block_does_not_wait_for_workers_that_are_gone_async(waits: str) -> None:
    async def main() -> None:
        full: AsyncChannel[int] = AsyncChannel(1)
        await full.put(1)
        empty: AsyncChannel[int] = AsyncChannel(1)

        async def fail() -> None:
            raise ConnectError("no")

        async with AsyncCrew() as crew:
            crew.start(fail)
            if waits == "limit":
                async with AsyncLimit(0):
                    pass
            await (full.put(2) if waits == "put" else empty.get())

    with pytest.raises(ConnectError):
        asyncio.run(main())


def test_a_worker_started_too_late_is_stopped_at_once() -> None:
    async def main() -> None:
        async def fail() -> None:
            raise ConnectError("no")

        async with AsyncCrew() as crew:
            crew.start(fail)
            while not crew.stopped:
                await asyncio.sleep(0)
            crew.start(asyncio.sleep, 600)

    with pytest.raises(ConnectError):
        asyncio.run(main())


def test_a_crew_that_is_cancelled_takes_its_workers_along() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0)
            ended.append("worker")

    async def crewed() -> None:
        async with AsyncCrew() as crew:
            crew.start(work)

    async def main() -> None:
        task = asyncio.create_task(crewed())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == ["worker"]
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_stopped_is_no_error_that_a_worker_catches_by_accident() -> None:
    for kind in (crew_sync.Stopped, crew_async.Stopped):
        assert not issubclass(kind, Exception)


# -- disk ----------------------------------------------------------------------------------


class Slow(io.RawIOBase):
    """A file that takes three bytes at a time."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data[:3])
        return min(3, len(data))


def test_a_chunk_is_written_whole() -> None:
    near, far = Slow(), Slow()
    disk_sync.write(near, b"0123456789")  # type: ignore[arg-type]
    asyncio.run(disk_async.write(far, bytearray(b"0123456789")))  # type: ignore[arg-type]
    assert near.data == far.data == b"0123456789"


def test_disk_code_is_called_in_a_thread_only_on_the_async_side() -> None:
    assert disk_sync.call(threading.get_ident) == threading.get_ident()
    assert asyncio.run(disk_async.call(threading.get_ident)) != threading.get_ident()
