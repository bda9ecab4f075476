# GENERATED from streams_async.py by tools/unasync.py: edit that file, not this one.
"""What every stream keeps, as checks that take two joined ends.

The rules are those at the head of `postel.transport.stream_async`. A check that a stream cannot
take part in (tearing a line needs one) is left out by its maker, by name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence

from ..errors import NetworkError, TimedOut
from ..timing import NEVER, Deadline
from ..transport.clock_sync import Later, now, sleep
from ..transport.crew_sync import Crew
from ..transport.stream_sync import Stream

__all__ = ["CHECKS", "Check"]

Check = Callable[[Stream, Stream], Later[None]]
"""A check: two joined streams in, an `AssertionError` out where a rule is broken."""

LARGE = bytes(range(256)) * 8192  # 2 MiB: more than any buffer on the way


def expect(holds: bool, rule: str) -> None:
    """Raise `AssertionError` with the rule unless it holds."""
    if not holds:
        raise AssertionError(rule)


def read_all(stream: Stream) -> bytes:
    """Everything until the end."""
    parts = []
    while part := stream.receive():
        parts.append(part)
    return b"".join(parts)


def bytes_arrive_in_order(one: Stream, other: Stream) -> None:
    """What is sent arrives, whole and in order, in both directions."""
    for word in (b"one", b"two", b"three"):
        one.send(word)
        other.send(word.upper())
    got = b""
    while len(got) < 11:
        got += other.receive()
    expect(got == b"onetwothree", f"order: {got!r}")
    back = b""
    while len(back) < 11:
        back += one.receive()
    expect(back == b"ONETWOTHREE", f"order: {back!r}")
    expect(one.sent == 11 and one.received == 11, "bytes are counted")


def single_bytes_arrive(one: Stream, other: Stream) -> None:
    """Many sends of one byte are as good as one send of many."""
    for value in range(100):
        one.send(bytes([value]))
    got = b""
    while len(got) < 100:
        got += other.receive()
    expect(got == bytes(range(100)), "single bytes")


def a_limit_is_kept(one: Stream, other: Stream) -> None:
    """`receive` gives at most what was asked for, and keeps the rest."""
    one.send(b"0123456789")
    got = b""
    while len(got) < 10:
        part = other.receive(3)
        expect(0 < len(part) <= 3, f"limit: {part!r}")
        got += part
    expect(got == b"0123456789", "nothing lost at a limit")


def a_buffer_is_filled(one: Stream, other: Stream) -> None:
    """`receive_into` fills the front of the buffer and says how much."""
    one.send(b"hello")
    buffer = bytearray(64)
    size = 0
    while size < 5:
        size += other.receive_into(memoryview(buffer)[size:])
    expect(bytes(buffer[:size]) == b"hello", "receive_into")


def large_data_waits_for_its_reader(one: Stream, other: Stream) -> None:
    """A sender of more than any buffer holds waits, and all of it arrives."""
    got: list[bytes] = []

    def read() -> None:
        while sum(map(len, got)) < len(LARGE):
            got.append(other.receive())

    with Crew() as crew:
        crew.start(read)
        one.send(LARGE)
    expect(b"".join(got) == LARGE, "large data")


def both_ways_at_once(one: Stream, other: Stream) -> None:
    """Both sides send much and read much, each with a reader of its own."""
    got: dict[str, bytes] = {"one": b"", "other": b""}

    def read(name: str, stream: Stream) -> None:
        parts, size = [], 0
        while size < len(LARGE):
            parts.append(stream.receive())
            size += len(parts[-1])
        got[name] = b"".join(parts)

    with Crew() as crew:
        crew.start(read, "one", one)
        crew.start(read, "other", other)
        crew.start(one.send, LARGE)
        crew.start(other.send, LARGE)
    expect(got["one"] == got["other"] == LARGE, "both ways")


def an_orderly_end_is_seen(one: Stream, other: Stream) -> None:
    """After `end_sending` the reader gets what was sent, then the end, for ever, and clean."""
    one.send(b"last words")
    one.end_sending()
    expect(read_all(other) == b"last words", "before the end")
    expect(other.receive() == b"", "the end stays")
    expect(other.ended and other.clean, "an announced end is clean")


def the_other_way_stays_open(one: Stream, other: Stream) -> None:
    """Who has ended sending can still receive."""
    one.end_sending()
    expect(read_all(other) == b"", "the end")
    other.send(b"still here")
    got = b""
    while len(got) < 10:
        got += one.receive()
    expect(got == b"still here", "half-open")


def both_sides_end(one: Stream, other: Stream) -> None:
    """Each side ends in its turn, and each sees the other's end, clean."""
    one.send(b"question")
    one.end_sending()
    expect(read_all(other) == b"question", "before the first end")
    other.send(b"answer")
    other.end_sending()
    expect(read_all(one) == b"answer", "before the second end")
    expect(one.clean and other.clean, "both ends are clean")


def ending_loses_nothing(one: Stream, other: Stream) -> None:
    """What has come before `end_sending`, and was not read yet, can be read after it."""
    one.send(b"early")
    expect(other.receive(1) == b"e", "the first byte")
    other.end_sending()
    expect(read_all(one) == b"", "the other end")
    got = b""
    while len(got) < 4:
        got += other.receive(3)
    expect(got == b"arly", f"what had come: {got!r}")
    one.send(b"late")
    one.end_sending()
    expect(read_all(other) == b"late", "what came later")


def a_closed_stream_says_so(one: Stream, other: Stream) -> None:
    """After closing, sending and receiving fail; they do not wait."""
    one.close()
    try:
        one.receive()
        raise AssertionError("received from a closed stream")
    except NetworkError:
        pass
    try:
        one.send(b"x")
        raise AssertionError("sent to a closed stream")
    except NetworkError:
        pass
    expect(read_all(other) == b"", "the other side sees the end")


def closing_wakes_a_reader(one: Stream, other: Stream) -> None:
    """When a stream is closed while someone receives from it, that one is told, and at once."""
    one.deadline = other.deadline = Deadline.after(30, now=now())
    outcome: list[BaseException | bytes] = []

    def read() -> None:
        try:
            outcome.append(one.receive())
        except NetworkError as error:
            outcome.append(error)

    began = now()
    with Crew() as crew:
        crew.start(read)
        sleep(0.02)
        one.close()
    expect(isinstance(outcome[0], NetworkError), f"a reader of a closed stream: {outcome}")
    expect(now() - began < 20, "the reader is woken, not timed out")
    expect(read_all(other) == b"", "the other side sees the end")


def sending_to_nobody_fails(one: Stream, other: Stream) -> None:
    """When the other side is gone, a sender learns of it, and its stream is broken."""
    other.close()
    one.deadline = Deadline.after(10, now=now())
    try:
        for _ in range(1000):
            one.send(LARGE)
        raise AssertionError("2 GB were sent to nobody")
    except NetworkError as error:
        expect(not isinstance(error, TimedOut), "it was told, and did not wait")
    expect(one.broken, "a failed send marks the stream broken")


def closing_is_seen(one: Stream, other: Stream) -> None:
    """When one side closes, the other sees the end; closing twice is fine."""
    one.send(b"bye")
    one.close()
    one.close()
    expect(read_all(other) == b"bye", "what was sent before closing arrives")


def a_deadline_holds_and_loses_nothing(one: Stream, other: Stream) -> None:
    """A wait ends when the deadline does; bytes that come later are still there."""
    other.deadline = Deadline.after(0.05, now=now())
    try:
        other.receive()
    except TimedOut:
        pass
    else:
        raise AssertionError("a receive outlived its deadline")
    other.deadline = NEVER
    one.send(b"late")
    expect(other.receive() == b"late", "nothing is lost by a deadline")


def a_passed_deadline_stops_sending(one: Stream, other: Stream) -> None:
    """A send that cannot finish in time fails, and the stream is broken."""
    one.deadline = Deadline.after(0.1, now=now())
    try:
        while True:
            one.send(LARGE)
    except NetworkError:
        pass
    expect(one.broken, "an unfinished send marks the stream broken")
    expect(not other.broken, "the other side is not")


def it_can_be_iterated(one: Stream, other: Stream) -> None:
    """A loop over a stream gives its chunks until the end."""
    one.send(b"a" * 1000)
    one.end_sending()
    size = 0
    for chunk in other:
        size += len(chunk)
    expect(size == 1000, "iteration")


def a_part_of_a_file_is_sent(one: Stream, other: Stream) -> None:
    """`send_file` begins where the file stands, sends what was asked for, and stands after it."""
    with tempfile.TemporaryFile() as source:
        source.write(bytes(range(200)))
        source.seek(50)
        expect(one.send_file(source, 100) == 100, "send_file counts")
        expect(source.tell() == 150, "the file stands after what was sent")
        expect(one.send_file(source, 100) == 50, "no more than there is")
        one.end_sending()
    expect(read_all(other) == bytes(range(50, 200)), "the part")


def files_go_through(one: Stream, other: Stream) -> None:
    """A file is sent and written to a file, by whatever way is fastest."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(LARGE)
        source.seek(0)

        def read() -> None:
            while other.receive_file(target, 1 << 18):
                pass

        with Crew() as crew:
            crew.start(read)
            expect(one.send_file(source, len(LARGE) * 2) == len(LARGE), "send_file counts")
            one.end_sending()
        target.seek(0)
        expect(target.read() == LARGE, "the file arrives")


CHECKS: Sequence[Check] = (
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
