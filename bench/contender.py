"""One contender: a program, and how it is told to do a job."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.job import Job

__all__ = ["Contender", "script"]


@dataclass(frozen=True)
class Contender:
    """One line of a row.

    Args:
        name: as shown.
        program: the executable it needs.
        command: the job to a command line.
        result: what its run leaves behind: "made" (the file or tree), "counted" (a summary on
            standard output), "listed" (names in `job.local` or on standard output), "messages",
            "bsmtp", "taken" (by the mail server), "summed" (sizes on standard output), "planned"
            (names in what it wrote), "found" (words on standard output), "composed" (a summary,
            and the last message as a file),
            "pushed" (messages, in a folder of the mail server),
            "uids" (a summary: how many messages, and the sum of their UIDs).
        python: whether it is one of the harness's own Python scripts.
        twice: whether it does the job once before, unmeasured: what is measured finds all done.
    """

    name: str
    program: str
    command: Callable[[Job], list[str]]
    result: str = "made"
    python: bool = False
    twice: bool = False


def script(name: str, module: str, result: str, program: Path | str = sys.executable,
            changes: dict[str, int | str] | None = None) -> Contender:
    """A contender that runs `python -m MODULE JOB`, the job with *changes*."""

    def command(job: Job) -> list[str]:
        return [str(program), "-m", module, job.but(**changes or {}).to_json()]

    return Contender(name, str(program), command, result, python=True)
