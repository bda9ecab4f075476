"""Run one command as a process of its own and say what it cost.

The command is started by a small C program (`launch.c` tells why), so that wall time covers the
whole process from fork to exit, and CPU time and peak memory are the kernel's own figures for it.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.build import compiled
from bench.child import NOT_HERE

__all__ = ["Cost", "run"]

_LONGEST = 300  # characters of a failed command's last words


@dataclass(frozen=True)
class Cost:
    """What one process took.

    Args:
        seconds: wall time from fork to exit.
        cpu: seconds of user and system time together.
        memory: peak resident size in KiB.
        failure: why it does not count, or "".
    """

    seconds: float
    cpu: float
    memory: int
    failure: str = ""


def run(
    command: list[str], folder: Path, *, extra: dict[str, str] | None = None,
    space: str = "", limit: int = 900,
) -> Cost:
    """Run *command* with its output in `folder/stdout` and `folder/stderr`.

    Args:
        command: program and arguments; no shell.
        folder: an existing folder; the command's HOME and working directory too.
        extra: further environment variables.
        space: name of the network namespace to run in; "" for this one.
        limit: seconds after which it is killed.
    """
    report = folder / "cost"
    report.unlink(missing_ok=True)
    inside = ["ip", "netns", "exec", space] if space else []
    launcher = [*inside, str(compiled("launch/launch.c")), str(report), str(limit)]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        subprocess.run(
            [*launcher, *command], cwd=folder, env=_environment(folder, extra or {}),
            stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False,
        )
    return _cost(report, folder, limit)


def _environment(folder: Path, extra: dict[str, str]) -> dict[str, str]:
    """A small environment: no user's settings, no proxies."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **extra}


def _cost(report: Path, folder: Path, limit: int) -> Cost:
    if not report.exists():
        return Cost(0, 0, 0, "could not be started: " + _last_words(folder))
    code, late, wall, user, system, memory = map(int, report.read_text().split())
    failure = ""
    if late:
        failure = f"no end after {limit} s"
    elif code == NOT_HERE:
        failure = "not available: " + _last_words(folder)
    elif code:
        reason = f"killed by signal {code - 256}" if code > 255 else f"exit status {code}"
        failure = f"{reason}: {_last_words(folder)}"
    return Cost(wall / 1e9, (user + system) / 1e6, memory, failure)


def _last_words(folder: Path) -> str:
    """The last line of what the command wrote: of a traceback, the error itself."""
    for name in ("stderr", "stdout"):
        lines = (folder / name).read_text(errors="replace").split("\n")
        if said := [line.strip() for line in lines if line.strip()]:
            return said[-1][:_LONGEST]
    return "it said nothing"
