"""The others in the rows of IMAP's grammar: imapclient's parser, which is given whole lines."""

from __future__ import annotations

from email.header import decode_header, make_header
from typing import Any

from bench.child import NOT_HERE, main
from bench.fetched_lines import TIMES, lines
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    try:
        from imapclient.response_parser import parse_fetch_response
    except ImportError:
        raise SystemExit(NOT_HERE) from None
    told = [line[2:].replace(b"FETCH ", b"", 1) for line in lines(job.count)]
    for _ in range(TIMES):
        _look(parse_fetch_response(told), job)
    return job.count, job.count * 1024


def _look(found: Any, job: Job) -> None:
    if len(found) != job.count:
        raise SystemExit(f"{len(found)} messages were read")
    for uid, one in found.items():
        envelope = one[b"ENVELOPE"]
        if job.action == "envelope-typed":
            subject = str(make_header(decode_header(envelope.subject.decode())))
            if subject != f"Grüße number {uid - 4000}" or len(envelope.to) != 2:
                raise SystemExit("it was read wrongly")
            _ = envelope.date.year, str(envelope.from_[0]), envelope.message_id


if __name__ == "__main__":
    main(work)
