"""Several things at once: the same rules for threads and for tasks."""

from __future__ import annotations

import asyncio
import io
import signal
import socket
import threading
from typing import Any

import pytest

from postel.errors import ConnectError, PostelError, ProtocolError, UsageError
from postel.session import tree_work_sync
from postel.timing import Deadline
from postel.transport import clock_sync, crew_async, crew_sync, disk_async, disk_sync
from postel.transport.connector_sync import Connector
from postel.transport.crew_async import AsyncChannel, AsyncCrew, AsyncLimit
from postel.transport.crew_sync import Channel, Crew, Limit, Stopped
from postel.transport.names import Address
from postel.transport.socket_sync import SocketStream


@pytest.fixture(autouse=True)
def no_thread_stays_behind() -> Any:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name == "crew"]
    assert left == []


def interrupt() -> None:
    """What Ctrl-C does to the main thread."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


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


# -- threads are asked ---------------------------------------------------------------------


def enough() -> Deadline:
    """When a wait that nobody ends is over, so that a test of it fails and does not hang."""
    return Deadline.after(20, now=clock_sync.now())


def wait_for_a_socket(ready: threading.Event) -> None:
    near, far = socket.socketpair()
    with far, SocketStream(near, "peer") as stream:
        stream.deadline = enough()
        ready.set()
        stream.receive()


def wait_for_a_connection(ready: threading.Event) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        knocks = [socket.socket() for _ in range(4)]
        for knock in knocks:
            knock.setblocking(False)
            knock.connect_ex(("127.0.0.1", port))
        try:
            ready.set()
            Connector(resolver=lambda host, port: [
                Address(socket.AF_INET, ("127.0.0.1", port))]).connect(
                    "deaf.test", port, deadline=enough())
        finally:
            for knock in knocks:
                knock.close()


def wait_for_time(ready: threading.Event) -> None:
    ready.set()
    clock_sync.sleep(20)


def wait_for_a_channel(ready: threading.Event) -> None:
    ready.set()
    Channel[int](1).get()


def wait_for_a_limit(ready: threading.Event) -> None:
    ready.set()
    with Limit(0):
        pass


def wait_for_a_crew(ready: threading.Event) -> None:
    with Crew() as inner:
        inner.start(wait_for_a_socket, ready)


WAITS = [wait_for_a_socket, wait_for_a_connection, wait_for_time, wait_for_a_channel,
         wait_for_a_limit, wait_for_a_crew]


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.__name__)
def test_every_wait_ends_when_another_worker_fails(wait: Any) -> None:
    ready, ended = threading.Event(), []

    def worker() -> None:
        try:
            wait(ready)
            ended.append("by itself")
        except Stopped:
            ended.append("stopped")
            raise

    def fail() -> None:
        ready.wait(10)
        raise ConnectError("no")

    with pytest.raises(ConnectError), Crew() as crew:
        crew.start(worker)
        crew.start(fail)
    assert ended == ["stopped"]


@pytest.mark.parametrize("inside", [True, False], ids=["in the block", "at its end"])
@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.__name__)
def test_every_wait_ends_with_ctrl_c(wait: Any, inside: bool) -> None:
    ready = threading.Event()
    with pytest.raises(KeyboardInterrupt), Crew() as crew:
        crew.start(wait, ready)
        ready.wait(10)
        if inside:
            raise KeyboardInterrupt
        threading.Timer(0.05, interrupt).start()


class Site:
    """A client, as far as trees need one, that only counts."""

    files: Any = None
    latency = 1.0
    opened = closed = 0

    def another(self) -> Site:
        return self

    def open(self) -> None:
        Site.opened += 1

    def close(self) -> None:
        Site.closed += 1


def test_ctrl_c_ends_a_tree_with_its_jobs_undone() -> None:
    busy = threading.Barrier(4)

    def some(files: Any, work: tree_work_sync.Work) -> None:
        work.jobs.popleft()
        busy.wait(10)
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        clock_sync.sleep(20)

    work = tree_work_sync.Work(None, lambda *_: None, False)
    work.jobs.extend(tree_work_sync.Job(f"{number}.txt") for number in range(100))
    with pytest.raises(KeyboardInterrupt):
        tree_work_sync.run(Site(), work, 4, some)  # type: ignore[arg-type]
    assert len(work.jobs) == 96
    assert Site.opened == Site.closed == 3


def test_a_worker_that_never_waits_is_asked_between_reads() -> None:
    near, far = socket.socketpair()

    def flood() -> None:
        with SocketStream(far, "peer") as stream:
            stream.deadline = enough()
            while True:
                stream.send(bytes(65536))

    def drink(ready: threading.Event) -> None:
        with SocketStream(near, "peer") as stream:
            stream.deadline = enough()
            while stream.receive():
                ready.set()

    ready = threading.Event()
    with pytest.raises(ConnectError), Crew() as crew:
        crew.start(flood)
        crew.start(drink, ready)
        ready.wait(10)
        raise ConnectError("enough")


def test_a_stop_breaks_the_stream_it_interrupts() -> None:
    near, far = socket.socketpair()
    stream, ready = SocketStream(near, "peer"), threading.Event()
    stream.deadline = enough()

    def send() -> None:
        ready.set()
        stream.send(bytes(64 << 20))

    with far, stream:
        with pytest.raises(ConnectError), Crew() as crew:
            crew.start(send)
            ready.wait(10)
            raise ConnectError("enough")
        assert stream.broken


def test_threads_outside_of_a_crew_are_not_disturbed() -> None:
    numbers: Channel[int] = Channel(1)
    got: list[int] = []

    def read() -> None:
        got.append(numbers.get())

    reader = threading.Thread(target=read)
    reader.start()

    def fail() -> None:
        raise ConnectError("no")

    with pytest.raises(ConnectError), Crew() as crew:
        crew.start(fail)
    numbers.put(7)
    reader.join()
    assert got == [7]


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
