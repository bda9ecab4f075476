"""The parent of one real server: `python -IS guard.py COMMAND...`.

It starts the command and waits until its own standard input ends, which happens when the test run
closes the pipe or dies, however it dies. Then it ends the server and everything the server left
behind. As the *subreaper* of its descendants (Linux, prctl(2)) it inherits the sessions of a daemon
that is gone, so that none of them escapes; looking for children by name would hit strangers.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path

__all__ = ["main"]

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 0.5  # seconds that a server has to end by itself; its data is thrown away
TICK = 0.2  # seconds between two looks at the children


def main(command: list[str]) -> int:
    """Run `command` until it ends or standard input does; return its exit status."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    null = os.open(os.devnull, os.O_RDONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0)]
    server = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    status = _watch(server)
    if status is None:
        os.kill(server, signal.SIGTERM)
        status = _await_end(server, time.monotonic() + PATIENCE)
    _end_children()
    return 0 if status is None else os.waitstatus_to_exitcode(status)


def _watch(server: int) -> int | None:
    """The status of the server that ended by itself, or None when the test run is over."""
    while True:
        status = _reap(server)
        if status is not None:
            return status
        if select.select([0], [], [], TICK)[0] and not os.read(0, 1):
            return None


def _await_end(server: int, until: float) -> int | None:
    while time.monotonic() < until:
        status = _reap(server)
        if status is not None:
            return status
        time.sleep(TICK / 10)
    return None


def _reap(server: int) -> int | None:
    """Collect children that ended; the server's status when it was among them."""
    found = None
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == server:
                found = ended[1]
    except ChildProcessError:
        pass  # no child is left
    return found


def _end_children() -> None:
    """Kill children until there are none: those of a killed child become ours."""
    while children := _children():
        for child in children:
            os.kill(child, signal.SIGKILL)  # a zombie of ours keeps its number until it is reaped
        _reap(0)
        time.sleep(TICK / 100)


def _children() -> list[int]:
    me = str(os.getpid())
    return [int(entry.name) for entry in Path("/proc").iterdir() if _parent(entry) == me]


def _parent(entry: Path) -> str:
    if not entry.name.isdecimal():
        return ""
    try:
        # proc(5): "pid (name) state ppid ...", and the name may hold anything.
        return (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
    except OSError:
        return ""  # it ended while we looked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
