"""The tour's rows of whole trees: a mirror through four servers, killed; a plan; a check."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..lab import Lab
from ..transfer.mirror_sync import apply, check, mirror, plan
from ..transfer.types import Do, Event, Plan, Result
from ..types import Progress
from .rules import action_line
from .tour_rows import Ground, digests, weight
from .tour_rows import Result as Row
from .tour_rows import check as holds

__all__ = ["ROWS"]

_ENOUGH = 20
"""Files that have their names when the mirror is killed."""

_PACE = "500K"
"""Bytes a second of that mirror: so slow that the kill comes in the middle."""

_SHOWN = 4
"""Actions of a plan that are shown."""


def four_servers(ground: Ground) -> Row:
    """HTTP → FTP → SFTP → WebDAV → here; the second step is killed, and gone on with."""
    lab, tree = ground.lab, _source(ground)
    for path in tree.rglob("*"):
        if path.is_file():
            lab.http.files.put(f"/site/{path.relative_to(tree).as_posix()}", path.read_bytes())
    results = [_mirror(ground, _url(lab, "http"), _url(lab, "ftp"))]
    before, again = _killed(ground, _url(lab, "ftp"), _url(lab, "sftp"))
    results += [again, _mirror(ground, _url(lab, "sftp"), _url(lab, "webdav")),
                _mirror(ground, _url(lab, "webdav"), ground.folder / "site")]
    for result in results:
        holds(result.ok, f"{len(result.failures)} files failed")
    here = digests(tree)
    holds(digests(ground.folder / "site") == here, "what arrived at last differs")
    holds(again.same >= before and again.same + again.done[Do.NEW] == len(here),
          f"{before} had arrived, and {again.same} were left alone")
    return Row(4 * len(here), 4 * weight(tree), "SHA-256 of each", [
        f"killed (SIGKILL) after {before} files; the second run copied the other "
        f"{again.done[Do.NEW]}, and none of those again",
        "no unfinished file had a final name"])


def _source(ground: Ground) -> Path:
    """A part of the served tree that goes four ways in a moment."""
    return ground.tree / "encodings" if (ground.tree / "encodings").is_dir() else ground.tree


def _url(lab: Lab, scheme: str) -> str:
    """The tree's place on a server, by address: another process does not know the lab's names."""
    user = "" if scheme == "http" else "alice@"
    return f"{scheme}://{user}127.0.0.1:{lab.address(scheme)[1]}/site"


def _options(ground: Ground, place: object) -> dict[str, Any]:
    """The keywords of the client for one end."""
    scheme = str(place).partition(":")[0]
    if scheme == "sftp":
        from ..ssh.types import SSHOptions

        known = SSHOptions(known_hosts=str(ground.lab.sftp.host_keys))
        return {"password": "secret", "ssh": known}
    return {"password": "secret"} if scheme in ("ftp", "webdav") else {}


def _mirror(ground: Ground, source: str, target: str | Path, **settings: Any) -> Result:
    def tell(event: Event) -> None:
        if event.what == "progress":
            ground.bar(Progress(event.name, event.done, event.total, event.seconds))

    return mirror(source, target, journal=ground.folder / "journal.sqlite" if settings else False,
                  tell=tell, source_options=_options(ground, source),
                  target_options=_options(ground, target), **settings)


def _killed(ground: Ground, source: str, target: str) -> tuple[int, Result]:
    """A mirror in a process of its own, killed in the middle; then again. Files, and its result."""
    files = ground.lab.sftp.files
    child = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "postel", "mirror", "-q", "--limit-rate", _PACE, "--known-hosts",
         str(ground.lab.sftp.host_keys), source, target],
        env=_environment(ground), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 30
    try:
        while len(_whole(files)) < _ENOUGH and child.poll() is None:
            holds(time.monotonic() < limit, "the mirror did not begin")
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    arrived = _whole(files)
    wanted = _whole(ground.lab.http.files)
    holds(all(wanted[name] == data for name, data in arrived.items()),
          "an unfinished file has the name of the whole one")
    return len(arrived), _mirror(ground, source, target)


def _environment(ground: Ground) -> dict[str, str]:
    state = {"XDG_STATE_HOME": str(ground.folder / "state"), "POSTEL_PASSWORD": "secret"}
    return {**os.environ, **state}


def _whole(files: Any) -> dict[str, bytes]:
    """The tree's files under final names that a server has."""
    try:
        found = files.tree("/site")
    except FileNotFoundError:
        return {}
    return {path: data for path, data in found.items() if not path.endswith(".postel")}


def planned(ground: Ground) -> Row:
    """Changes at the source: planned, shown, applied; then both sides are checked."""
    site, target = ground.lab.http.files, ground.folder / "site"
    names = sorted(_whole(site))
    site.put(names[0], b"changed on purpose\n")
    site.remove(names[1])
    site.put("/site/new.txt", b"new on purpose\n")
    where = _url(ground.lab, "http")
    made = plan(where, target, delete="after", journal=False)
    told = [action_line(action) for action in made.actions[:_SHOWN]]
    holds(made.counts[Do.DELETE] == 1, "the plan does not see what is gone")
    holds(made.counts[Do.NEW] == 1, "the plan does not see what is new")
    result = apply(Plan.read(made.lines()), journal=False)
    holds(result.ok, f"{len(result.failures)} actions failed")
    again = check(where, target)
    holds(again.empty and not again.problems, "the two sides differ after all")
    return Row(len(made.actions), made.size, "both sides alike",
               [*told, f"applied; {again.same} files checked, all alike"])


ROWS: tuple[tuple[str, Callable[[Ground], Row]], ...] = (
    ("Mirror: four servers, killed once", four_servers),
    ("Plan: shown, applied, checked", planned),
)
"""The rows, in order: a title, and the function that does it."""
