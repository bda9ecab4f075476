"""Postel in the rows of parsing."""

from __future__ import annotations

from bench.child import main
from bench.job import Job
from bench.received import EXPECTED, messages
from postel.messages import Parsed, parse

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    raws = messages(job.action)
    parts = EXPECTED[job.action]
    for number in range(job.count):
        message = parse(raws[number % len(raws)])
        if job.action != "parse-lazy":
            _typed(message)
        if job.action not in ("parse-lazy", "parse-typed"):
            for part in message.walk():
                if not part.children and not (part.content and part.content_type):
                    raise SystemExit("a part is empty")
        root = message.root
        if 1 + len(root.children) != parts or "number" not in message.headers.text("subject"):
            raise SystemExit("it was read wrongly")
    return job.count, job.count * 1024


def _typed(message: Parsed) -> None:
    to = message.to
    if (message.subject[:5] != "Grüße" or message.from_[0].address != "ann@example.org"  # type: ignore[union-attr]
            or len(to) != 2 or len(message.cc) != 1 or message.date is None
            or not message.message_id.endswith("@example.org")):
        raise SystemExit("it was read wrongly")


if __name__ == "__main__":
    main(work)
