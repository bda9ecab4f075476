"""Names and races: RFC 8305, and every address's own reason."""

from __future__ import annotations

import asyncio
import errno
import itertools
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from postel.errors import ConnectError, ResolveError, TimedOut
from postel.timing import Deadline
from postel.transport import connector_async, connector_sync
from postel.transport.clock_sync import now
from postel.transport.connector_async import AsyncConnector
from postel.transport.connector_sync import Connector
from postel.transport.names import Address, interleave
from postel.transport.sockets import round_trip


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port whose backlog is full: what knocks is swallowed."""
    with socket.socket() as server:
        server.bind(("127.0.0.2", 0))
        server.listen(0)
        port = server.getsockname()[1]
        knocks = []
        for _ in range(4):
            knock = socket.socket()
            knock.setblocking(False)
            knock.connect_ex(("127.0.0.2", port))
            knocks.append(knock)
        time.sleep(0.05)
        yield port
        for knock in knocks:
            knock.close()


def connect(sync: bool, host: str, port: int, *, seconds: float = 10.0, **options: Any) -> Any:
    deadline = Deadline.after(seconds, now=now())
    if sync:
        return Connector(**options).connect(host, port, deadline=deadline)

    async def main() -> Any:
        return await AsyncConnector(**options).connect(host, port, deadline=deadline)

    return asyncio.run(main())


def close(stream: Any) -> None:
    (stream.close if hasattr(stream, "close") else stream.close_now)()


def ipv4(address: str, port: int) -> Address:
    return Address(socket.AF_INET, (address, port))


@pytest.mark.parametrize("sync", [True, False])
def test_one_dead_address_of_two_costs_less_than_half_a_second(
        sync: bool, listening: int, deaf: int) -> None:
    def resolver(host: str, port: int) -> list[Address]:
        return [ipv4("127.0.0.2", deaf), ipv4("127.0.0.1", listening)]

    began = time.monotonic()
    stream = connect(sync, "two.example.org", 21, resolver=resolver)
    taken = time.monotonic() - began
    assert stream.peer.address == "127.0.0.1"
    close(stream)
    assert 0.2 < taken < 0.5  # the promise itself: one stagger of RFC 8305


@pytest.mark.parametrize("sync", [True, False])
def test_a_refused_address_costs_nothing(sync: bool, listening: int) -> None:
    def resolver(host: str, port: int) -> list[Address]:
        return [ipv4("127.0.0.1", 1), ipv4("127.0.0.1", listening)]

    close(connect(sync, "two.example.org", 21, resolver=resolver))


@pytest.mark.parametrize("sync", [True, False])
def test_each_address_has_its_own_reason(sync: bool, deaf: int) -> None:
    def resolver(host: str, port: int) -> list[Address]:
        return [ipv4("127.0.0.1", 1), ipv4("127.0.0.2", deaf)]

    with pytest.raises(ConnectError) as caught:
        connect(sync, "none.example.org", 21, seconds=0.6, resolver=resolver)
    error = caught.value
    assert [attempt.address for attempt in error.attempts] == [
        "127.0.0.1 port 1", f"127.0.0.2 port {deaf}"]
    assert "refused" in error.attempts[0].reason
    assert "in time" in error.attempts[1].reason
    assert "127.0.0.1 port 1: refused" in str(error)
    assert error.hint
    assert error.exit_code == 5


@pytest.mark.parametrize("sync", [True, False])
def test_no_such_name(sync: bool) -> None:
    def resolver(host: str, port: int) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(ResolveError, match=r"look up nowhere\.example\.org") as caught:
        connect(sync, "nowhere.example.org", 21, resolver=resolver)
    assert "spelling" in caught.value.hint


@pytest.mark.parametrize("sync", [True, False])
def test_a_name_server_that_does_not_answer(sync: bool) -> None:
    def resolver(host: str, port: int) -> list[Address]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.raises(ResolveError, match="does not answer") as caught:
        connect(sync, "slow.example.org", 21, resolver=resolver)
    assert "network" in caught.value.hint


@pytest.mark.parametrize("sync", [True, False])
def test_a_resolver_that_hangs_does_not_outlast_the_deadline(sync: bool) -> None:
    release, finished = threading.Event(), []

    def resolver(host: str, port: int) -> list[Address]:
        release.wait(10)
        finished.append(host)
        return []

    with pytest.raises(TimedOut, match="look up"):
        connect(sync, "hang.example.org", 21, seconds=0.2, resolver=resolver)
    assert not finished, "neither the deadline nor the loop's end waited for it"
    release.set()


@pytest.mark.parametrize("sync", [True, False])
def test_a_family_alone(sync: bool, listening: int) -> None:
    with pytest.raises(ResolveError, match="no IPv6 address"):
        connect(sync, "127.0.0.1", listening, family=socket.AF_INET6)


@pytest.mark.parametrize("sync", [True, False])
def test_the_source_address(sync: bool, listening: int) -> None:
    stream = connect(sync, "127.0.0.1", listening, source_address="127.0.0.3")
    assert stream.local_address == "127.0.0.3"
    close(stream)
    with pytest.raises(ConnectError, match="cannot be used from here"):
        connect(sync, "127.0.0.1", listening, source_address="192.0.2.1")


def test_families_take_turns() -> None:
    six = [Address(socket.AF_INET6, (f"::{n}", 1, 0, 0)) for n in range(1, 4)]
    four = [ipv4(f"192.0.2.{n}", 1) for n in range(1, 3)]
    mixed = interleave([*six, *four])
    assert [a.family for a in mixed] == [
        socket.AF_INET6, socket.AF_INET, socket.AF_INET6, socket.AF_INET, socket.AF_INET6]
    assert interleave([]) == []
    assert interleave([*six, *four], socket.AF_INET) == four


@pytest.mark.parametrize("sync", [True, False])
def test_a_machine_without_ipv6_reaches_the_other_address(
        sync: bool, listening: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class OnlyIPv4(socket.socket):
        def __init__(self, family: int = -1, *args: Any, **more: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *args, **more)

    def both(host: str, port: int) -> list[Address]:
        return [Address(socket.AF_INET6, ("2001:db8::1", port, 0, 0)), ipv4("127.0.0.1", port)]

    def six(host: str, port: int) -> list[Address]:
        return both(host, port)[:1]

    monkeypatch.setattr("socket.socket", OnlyIPv4)
    close(connect(sync, "two.example.org", listening, resolver=both))
    with pytest.raises(ConnectError, match="does not speak that family"):
        connect(sync, "six.example.org", listening, resolver=six)


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize("source", ["::1", "192.0.2.1"])
def test_a_source_address_that_does_not_fit(source: str, sync: bool, listening: int) -> None:
    with pytest.raises(ConnectError, match="cannot be used from here"):
        connect(sync, "127.0.0.1", listening, source_address=source)


@pytest.mark.parametrize("sync", [True, False])
def test_the_time_is_up_before_it_begins(sync: bool, listening: int) -> None:
    with pytest.raises((ConnectError, TimedOut), match="time") as caught:
        connect(sync, "127.0.0.1", listening, seconds=-1.0)
    assert caught.value.exit_code == 5


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO") or sys.platform != "linux",
                    reason="only Linux tells the round trip")
@pytest.mark.parametrize("sync", [True, False])
def test_the_latency_is_the_kernels(sync: bool, listening: int, monkeypatch: pytest.MonkeyPatch
                                    ) -> None:
    slow = itertools.count(0, 0.01)
    for module in (connector_sync, connector_async):
        monkeypatch.setattr(module, "now", lambda: next(slow))  # a busy machine: 10 ms a glance
    stream = connect(sync, "127.0.0.1", listening)
    assert 0 < stream.latency < 0.005
    close(stream)
    near, far = socket.socketpair()
    with near, far:
        assert round_trip(near) is None
