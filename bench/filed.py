"""What the rows of mailbox files read and write: letters of 4 KB, in an mbox or a Maildir."""

from __future__ import annotations

from pathlib import Path

from bench.received import messages

__all__ = ["letters", "make"]


def letters(count: int) -> list[bytes]:
    """So many letters, with line ends as they rest on disks; some have a line to quote."""
    distinct = [raw.replace(b"\r\n", b"\n") + b"From here on\n" * (number % 10 == 0)
                for number, raw in enumerate(messages("parse-lazy"))]
    return [distinct[number % len(distinct)] for number in range(count)]


def make(action: str, folder: Path, count: int) -> None:
    """The mailbox that *action* reads, as neither contender wrote it."""
    if action == "mbox-read":
        with (folder / "box").open("wb") as file:
            for raw in letters(count):
                body = raw.replace(b"\nFrom ", b"\n>From ")
                file.write(b"From a@example.org Sat Nov 21 08:00:00 2026\n" + body + b"\n")
    elif action == "maildir-read":
        for name in ("tmp", "new", "cur"):
            (folder / "box" / name).mkdir(parents=True)
        for number, raw in enumerate(letters(count)):
            (folder / "box" / "cur" / f"{1_700_000_000 + number}.M1P1.host:2,S").write_bytes(raw)
