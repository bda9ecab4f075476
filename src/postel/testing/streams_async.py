# A conversation (its twin streams_sync.py is generated): the conformance suite for streams.
"""What every stream keeps, as checks that take two joined ends.

The rules are those at the head of `postel.transport.stream_async`. A check that a stream cannot
take part in (tearing a line needs one) is left out by its maker, by name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence

from ..errors import NetworkError, TimedOut
from ..timing import NEVER, Deadline
from ..transport.clock_async import Later, now, sleep
from ..transport.crew_async import AsyncCrew
from ..transport.stream_async import AsyncStream

__all__ = ["CHECKS", "AsyncCheck"]

AsyncCheck = Callable[[AsyncStream, AsyncStream], Later[None]]
"""A check: two joined streams in, an `AssertionError` out where a rule is broken."""

LARGE = bytes(range(256)) * 8192  # 2 MiB: more than any buffer on the way


def expect(holds: bool, rule: str) -> None:
    """Raise `AssertionError` with the rule unless it holds."""
    if not holds:
        raise AssertionError(rule)


async def read_all(stream: AsyncStream) -> bytes:
    """Everything until the end."""
    parts = []
    while part := await stream.receive():
        parts.append(part)
    return b"".join(parts)


async def bytes_arrive_in_order(one: AsyncStream, other: AsyncStream) -> None:
    """What is sent arrives, whole and in order, in both directions."""
    for word in (b"one", b"two", b"three"):
        await one.send(word)
        await other.send(word.upper())
    got = b""
    while len(got) < 11:
        got += await other.receive()
    expect(got == b"onetwothree", f"order: {got!r}")
    back = b""
    while len(back) < 11:
        back += await one.receive()
    expect(back == b"ONETWOTHREE", f"order: {back!r}")
    expect(one.sent == 11 and one.received == 11, "bytes are counted")


async def single_bytes_arrive(one: AsyncStream, other: AsyncStream) -> None:
    """Many sends of one byte are as good as one send of many."""
    for value in range(100):
        await one.send(bytes([value]))
    got = b""
    while len(got) < 100:
        got += await other.receive()
    expect(got == bytes(range(100)), "single bytes")


async def a_limit_is_kept(one: AsyncStream, other: AsyncStream) -> None:
    """`receive` gives at most what was asked for, and keeps the rest."""
    await one.send(b"0123456789")
    got = b""
    while len(got) < 10:
        part = await other.receive(3)
        expect(0 < len(part) <= 3, f"limit: {part!r}")
        got += part
    expect(got == b"0123456789", "nothing lost at a limit")


async def a_buffer_is_filled(one: AsyncStream, other: AsyncStream) -> None:
    """`receive_into` fills the front of the buffer and says how much."""
    await one.send(b"hello")
    buffer = bytearray(64)
    size = 0
    while size < 5:
        size += await other.receive_into(memoryview(buffer)[size:])
    expect(bytes(buffer[:size]) == b"hello", "receive_into")


async def large_data_waits_for_its_reader(one: AsyncStream, other: AsyncStream) -> None:
    """A sender of more than any buffer holds waits, and all of it arrives."""
    got: list[bytes] = []

    async def read() -> None:
        while sum(map(len, got)) < len(LARGE):
            got.append(await other.receive())

    async with AsyncCrew() as crew:
        crew.start(read)
        await one.send(LARGE)
    expect(b"".join(got) == LARGE, "large data")


async def both_ways_at_once(one: AsyncStream, other: AsyncStream) -> None:
    """Both sides send much and read much, each with a reader of its own."""
    got: dict[str, bytes] = {"one": b"", "other": b""}

    async def read(name: str, stream: AsyncStream) -> None:
        parts, size = [], 0
        while size < len(LARGE):
            parts.append(await stream.receive())
            size += len(parts[-1])
        got[name] = b"".join(parts)

    async with AsyncCrew() as crew:
        crew.start(read, "one", one)
        crew.start(read, "other", other)
        crew.start(one.send, LARGE)
        crew.start(other.send, LARGE)
    expect(got["one"] == got["other"] == LARGE, "both ways")


async def an_orderly_end_is_seen(one: AsyncStream, other: AsyncStream) -> None:
    """After `end_sending` the reader gets what was sent, then the end, for ever, and clean."""
    await one.send(b"last words")
    await one.end_sending()
    expect(await read_all(other) == b"last words", "before the end")
    expect(await other.receive() == b"", "the end stays")
    expect(other.ended and other.clean, "an announced end is clean")


async def the_other_way_stays_open(one: AsyncStream, other: AsyncStream) -> None:
    """Who has ended sending can still receive."""
    await one.end_sending()
    expect(await read_all(other) == b"", "the end")
    await other.send(b"still here")
    got = b""
    while len(got) < 10:
        got += await one.receive()
    expect(got == b"still here", "half-open")


async def both_sides_end(one: AsyncStream, other: AsyncStream) -> None:
    """Each side ends in its turn, and each sees the other's end, clean."""
    await one.send(b"question")
    await one.end_sending()
    expect(await read_all(other) == b"question", "before the first end")
    await other.send(b"answer")
    await other.end_sending()
    expect(await read_all(one) == b"answer", "before the second end")
    expect(one.clean and other.clean, "both ends are clean")


async def ending_loses_nothing(one: AsyncStream, other: AsyncStream) -> None:
    """What has come before `end_sending`, and was not read yet, can be read after it."""
    await one.send(b"early")
    expect(await other.receive(1) == b"e", "the first byte")
    await other.end_sending()
    expect(await read_all(one) == b"", "the other end")
    got = b""
    while len(got) < 4:
        got += await other.receive(3)
    expect(got == b"arly", f"what had come: {got!r}")
    await one.send(b"late")
    await one.end_sending()
    expect(await read_all(other) == b"late", "what came later")


async def a_closed_stream_says_so(one: AsyncStream, other: AsyncStream) -> None:
    """After closing, sending and receiving fail; they do not wait."""
    await one.aclose()
    try:
        await one.receive()
        raise AssertionError("received from a closed stream")
    except NetworkError:
        pass
    try:
        await one.send(b"x")
        raise AssertionError("sent to a closed stream")
    except NetworkError:
        pass
    expect(await read_all(other) == b"", "the other side sees the end")


async def closing_wakes_a_reader(one: AsyncStream, other: AsyncStream) -> None:
    """When a stream is closed while someone receives from it, that one is told, and at once."""
    one.deadline = other.deadline = Deadline.after(30, now=now())
    outcome: list[BaseException | bytes] = []

    async def read() -> None:
        try:
            outcome.append(await one.receive())
        except NetworkError as error:
            outcome.append(error)

    began = now()
    async with AsyncCrew() as crew:
        crew.start(read)
        await sleep(0.02)
        await one.aclose()
    expect(isinstance(outcome[0], NetworkError), f"a reader of a closed stream: {outcome}")
    expect(now() - began < 20, "the reader is woken, not timed out")
    expect(await read_all(other) == b"", "the other side sees the end")


async def sending_to_nobody_fails(one: AsyncStream, other: AsyncStream) -> None:
    """When the other side is gone, a sender learns of it, and its stream is broken."""
    await other.aclose()
    one.deadline = Deadline.after(10, now=now())
    try:
        for _ in range(1000):
            await one.send(LARGE)
        raise AssertionError("2 GB were sent to nobody")
    except NetworkError as error:
        expect(not isinstance(error, TimedOut), "it was told, and did not wait")
    expect(one.broken, "a failed send marks the stream broken")


async def closing_is_seen(one: AsyncStream, other: AsyncStream) -> None:
    """When one side closes, the other sees the end; closing twice is fine."""
    await one.send(b"bye")
    await one.aclose()
    await one.aclose()
    expect(await read_all(other) == b"bye", "what was sent before closing arrives")


async def a_deadline_holds_and_loses_nothing(one: AsyncStream, other: AsyncStream) -> None:
    """A wait ends when the deadline does; bytes that come later are still there."""
    other.deadline = Deadline.after(0.05, now=now())
    try:
        await other.receive()
    except TimedOut:
        pass
    else:
        raise AssertionError("a receive outlived its deadline")
    other.deadline = NEVER
    await one.send(b"late")
    expect(await other.receive() == b"late", "nothing is lost by a deadline")


async def a_passed_deadline_stops_sending(one: AsyncStream, other: AsyncStream) -> None:
    """A send that cannot finish in time fails, and the stream is broken."""
    one.deadline = Deadline.after(0.1, now=now())
    try:
        while True:
            await one.send(LARGE)
    except NetworkError:
        pass
    expect(one.broken, "an unfinished send marks the stream broken")
    expect(not other.broken, "the other side is not")


async def it_can_be_iterated(one: AsyncStream, other: AsyncStream) -> None:
    """A loop over a stream gives its chunks until the end."""
    await one.send(b"a" * 1000)
    await one.end_sending()
    size = 0
    async for chunk in other:
        size += len(chunk)
    expect(size == 1000, "iteration")


async def a_part_of_a_file_is_sent(one: AsyncStream, other: AsyncStream) -> None:
    """`send_file` begins where the file stands, sends what was asked for, and stands after it."""
    with tempfile.TemporaryFile() as source:
        source.write(bytes(range(200)))
        source.seek(50)
        expect(await one.send_file(source, 100) == 100, "send_file counts")
        expect(source.tell() == 150, "the file stands after what was sent")
        expect(await one.send_file(source, 100) == 50, "no more than there is")
        await one.end_sending()
    expect(await read_all(other) == bytes(range(50, 200)), "the part")


async def files_go_through(one: AsyncStream, other: AsyncStream) -> None:
    """A file is sent and written to a file, by whatever way is fastest."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(LARGE)
        source.seek(0)

        async def read() -> None:
            while await other.receive_file(target, 1 << 18):
                pass

        async with AsyncCrew() as crew:
            crew.start(read)
            expect(await one.send_file(source, len(LARGE) * 2) == len(LARGE), "send_file counts")
            await one.end_sending()
        target.seek(0)
        expect(target.read() == LARGE, "the file arrives")


CHECKS: Sequence[AsyncCheck] = (
    bytes_arrive_in_order,
    single_bytes_arrive,
    a_limit_is_kept,
    a_buffer_is_filled,
    large_data_waits_for_its_reader,
    both_ways_at_once,
    an_orderly_end_is_seen,
    the_other_way_stays_open,
    both_sides_end,
    ending_loses_nothing,
    closing_is_seen,
    a_closed_stream_says_so,
    closing_wakes_a_reader,
    sending_to_nobody_fails,
    a_deadline_holds_and_loses_nothing,
    a_passed_deadline_stops_sending,
    it_can_be_iterated,
    a_part_of_a_file_is_sent,
    files_go_through,
)
"""All checks, in order of what they take for granted."""
