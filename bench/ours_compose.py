"""Postel's rows of composing, as a user of its API would write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bench.child import main
from bench.job import Job
from bench.letters import CC, HTML, LOGO, PAPER, SUBJECT, TEXT, WHO
from postel.messages import Attachment, Message
from postel.transport.entropy import token

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    size = 0
    for _ in range(job.count):
        data = bytes(_message(job.action).build(now=datetime.now(UTC), unique=token()))
        size += len(data)
    Path(job.local).write_bytes(data)
    return job.count, size


def _message(action: str) -> Message:
    if action == "compose-text":
        return Message(from_="ann@example.org", to=WHO, subject=SUBJECT, text=TEXT)
    if action == "compose-many":
        return Message(from_="ann@example.org", to=WHO, cc=CC, subject=SUBJECT, text=TEXT)
    return Message(from_="ann@example.org", to=WHO, subject=SUBJECT, text=TEXT, html=HTML,
                   inline=[Attachment(LOGO, "logo.png", "image/png", cid="logo")],
                   attach=[Attachment(PAPER, "Prüfung.pdf", "application/pdf")])


if __name__ == "__main__":
    main(work)
