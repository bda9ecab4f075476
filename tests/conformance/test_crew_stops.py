"""A crew of threads that stops: every wait of its workers ends, and nobody else's."""

from __future__ import annotations

import signal
import socket
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from postel.errors import ConnectError
from postel.session import tree_work_sync
from postel.timing import Deadline
from postel.transport import clock_sync
from postel.transport.connector_sync import Connector
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

    files: Any = SimpleNamespace(hides_round_trips=False)
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
