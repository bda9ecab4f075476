"""Postel in the rows of IMAP's grammar: bytes in, `Fetched` with its envelope out."""

from __future__ import annotations

from bench.child import main
from bench.fetched_lines import TIMES, lines
from bench.job import Job
from postel.imap.fetched import fetched
from postel.imap.wire import Untagged, Wire, command

__all__ = ["work"]

_PIECE = 65_536


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    data = b"".join(line + b"\r\n" for line in lines(job.count))
    wire = Wire()
    wire.feed(b"* OK ready\r\n")
    wire.next_event()
    wire.send(command(b"FETCH", b"1:*", b"(ENVELOPE)", takes=["FETCH"]))
    count = 0
    for at in [*range(0, len(data), _PIECE)] * TIMES:
        wire.feed(data[at : at + _PIECE])
        while (event := wire.next_event()) is not None:
            if isinstance(event[1], Untagged):
                one = fetched(event[1])
                count += 1
                if job.action == "envelope-typed":
                    _looked_at(one.envelope, one.number)
                elif one.envelope is None or one.uid != one.number + 4000:
                    raise SystemExit("it was read wrongly")
    if count != job.count * TIMES:
        raise SystemExit(f"{count} messages were read")
    return job.count, job.count * 1024


def _looked_at(envelope: object, number: int) -> None:
    from postel.imap.envelope import Envelope

    if not isinstance(envelope, Envelope):
        raise SystemExit("it was read wrongly")
    if (envelope.subject != f"Grüße number {number}" or envelope.date is None
            or len(envelope.to) != 2 or not envelope.message_id.endswith("@example.org>")
            or not str(envelope.from_[0]).startswith("Ann Example")):
        raise SystemExit("it was read wrongly")


if __name__ == "__main__":
    main(work)
