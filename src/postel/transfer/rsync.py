"""The system's rsync under our plans: ``rsync://`` and ``--via rsync``. Runs a program, blocking.

Where both ends have rsync, its delta transfer moves less than anything else could. Its protocol is
its own business, so the program speaks it, and this file speaks to the program: rules become
options, a dry run becomes a `Plan`, what it prints becomes events and a `Result`.

Names are given to it so that none can be an option, and none is read by a shell at the other end
(``--protect-args``); what it prints is read back exactly (``\\#ooo`` is a byte).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import (
    AuthenticationError,
    ConnectError,
    Incomplete,
    LimitReached,
    NotFound,
    PostelError,
    UsageError,
)
from ..secrets import Secret
from ..types import Kind
from ..urls import URL
from ..wire.text import display
from .filters import parse_rules
from .rates import Rate, Rates
from .types import Action, Compare, Delete, Do, Event, Links, Mark, Plan, Result, Rules, Verify

__all__ = ["rsync_mirror", "rsync_plan"]

_LINE = re.compile(r"(?P<what>[<>ch.*][fdLDS+.a-zA-Z?*]\S{0,10}|\*deleting) +(?P<size>\d+) "
                   r"(?P<name>.+)", re.DOTALL)
_BYTE = re.compile(r"\\#([0-7]{3})")
_CODES = {3: NotFound, 5: ConnectError, 10: ConnectError, 12: Incomplete, 23: None, 24: None,
          25: LimitReached, 30: ConnectError, 35: ConnectError, 255: ConnectError}
"""What rsync's exit codes mean; 23 and 24 are partial success, and told file by file."""

Tell = Callable[[Event], object] | None


@dataclass(frozen=True)
class _Ends:
    source: str
    target: str
    shell: tuple[str, ...]
    password: Secret | None


def rsync_plan(
    source: URL, target: URL, rules: Rules | None = None, *, password: Secret | None = None
) -> Plan:
    """What rsync would do to make *target* like *source*.

    Args:
        source: ``rsync://``, ``sftp://`` (by ssh) or ``file:`` URL of a folder.
        target: likewise; one of the two is on this machine.
        rules: how the trees are compared.
        password: of a module that asks for one.

    Raises:
        UsageError: rsync is not there, or cannot do what a rule says.
    """
    rules = rules or Rules()
    actions: list[Action] = []
    for line in _run(_ends(source, target, password), rules, ("--dry-run",)):
        action = _action(line)
        if action is not None:
            actions.append(action)
    return Plan(str(source), str(target), rules, tuple(actions))


def rsync_mirror(
    source: URL,
    target: URL,
    rules: Rules | None = None,
    *,
    password: Secret | None = None,
    rate: Rate | None = None,
    tell: Tell = None,
) -> Result:
    """Make *target* like *source* by rsync.

    Args:
        source: ``rsync://``, ``sftp://`` (by ssh) or ``file:`` URL of a folder.
        target: likewise; one of the two is on this machine.
        rules: how the trees are compared.
        password: of a module that asks for one.
        rate: at most so many bytes a second.
        tell: called with an `Event` for each file.

    Returns:
        A `Result`; rsync checks each file's digest as it arrives.

    Raises:
        UsageError: rsync is not there, or cannot do what a rule says.
        LimitReached: more would go than may; nothing was done.
    """
    rules = rules or Rules()
    made = rsync_plan(source, target, rules, password=password)
    if isinstance(rules.max_delete, str):
        raise UsageError("rsync does not tell how much the target has: no share of it is known",
                         hint="--max-delete N")
    if rules.max_delete is not None and made.deletions > rules.max_delete:
        raise LimitReached(f"mirror to {target}: {made.deletions:,} paths would go, "
                           f"{rules.max_delete:,} may", hint="allow more (--max-delete)")
    if made.deletions and not rules.allow_empty and all(
            one.do in (Do.DELETE, Do.REMOVE, Do.FOLDER) for one in made.actions):
        _refuse_empty(_ends(source, target, password), rules)
    result, began = Result(), time.monotonic()
    limit = None if rate is None else Rates.of(rate).plain()
    more = () if limit is None else (f"--bwlimit={max(1, limit // 1024)}",)
    lines = _run(_ends(source, target, password), rules, more, result)
    for line in lines:
        action = _action(line)
        if action is None:
            continue
        result.done[action.do] += 1
        result.size += action.size
        if action.size or action.do in (Do.NEW, Do.CHANGED):
            result.verified[Verify.DIGEST] += 1
        if tell is not None:
            tell(Event("done", action, action.size, action.size,
                       seconds=time.monotonic() - began))
    result.seconds = time.monotonic() - began
    return result


def _refuse_empty(ends: _Ends, rules: Rules) -> None:
    """A source without any file empties no target: it may be a disk that is not mounted."""
    listing = replace(rules, delete=Delete.NO, backup="", compare=Compare.TIME)
    with tempfile.TemporaryDirectory(prefix="postel-rsync-") as nowhere:
        new = _run(replace(ends, target=f"{nowhere}/"), listing, ("--dry-run",))
        actions = [action for line in new if (action := _action(line)) is not None]
    if not any(action.do is not Do.FOLDER for action in actions):
        raise LimitReached(f"mirror {ends.source}: it has no files, and the target would lose all "
                           "of its own", hint="if that is meant: allow_empty, --allow-empty")


def _ends(source: URL, target: URL, password: Secret | None) -> _Ends:
    far = [url for url in (source, target) if url.scheme != "file"]
    if len(far) > 1:
        raise UsageError("rsync: one of the two ends must be on this machine",
                         hint="without --via rsync the bytes pass through here")
    shell: tuple[str, ...] = ()
    for url in far:
        if url.scheme == "sftp":
            shell = ("ssh", "-o", "StrictHostKeyChecking=yes",
                     *(("-p", str(url.port)) if url.port else ()))
        elif url.scheme != "rsync":
            raise UsageError(f"{url}: rsync does not speak {url.scheme}",
                             hint="it speaks rsync:// and, by ssh, sftp://")
        password = password or (url.password if url.scheme == "rsync" else None)
    return _Ends(_place(source), _place(target), shell, password)


def _place(url: URL) -> str:
    """A place in rsync's words, as the content of a folder."""
    path = url.path if url.path.endswith("/") else f"{url.path}/"
    if url.scheme == "file":
        from ..local.paths import path_of

        return f"{path_of(url)}/"
    user = f"{url.user}@" if url.user else ""
    if f"{user}{url.host}".startswith("-"):
        raise UsageError(f"{url}: a host's name does not begin with a dash")
    if url.scheme == "rsync":
        return f"rsync://{user}{url.authority}{path}"
    from ..urls import unquote

    return f"{user}{url.host}:{unquote(path)}"


def _arguments(ends: _Ends, rules: Rules, more: tuple[str, ...]) -> list[str]:
    program = shutil.which("rsync")
    if program is None:
        raise UsageError("rsync: the program is not installed",
                         hint="apt install rsync, here and at the other end")
    said = [program, "--recursive", "--protect-args", "--8-bit-output", "--partial-dir=.~postel",
            "--out-format=%i %l %n", "--itemize-changes", *more]
    if ends.shell:
        said.append(f"--rsh={' '.join(ends.shell)}")
    said += _compared(rules)
    if rules.times:
        said.append("--times")
    if rules.modes:
        said.append("--perms")
    said += {Links.COPY: ["--links"], Links.FOLLOW: ["--copy-links", "--copy-unsafe-links"],
             Links.SKIP: ["--no-links"]}[rules.links]
    if rules.delete is not Delete.NO:
        said.append("--delete-before" if rules.delete is Delete.BEFORE else "--delete-after")
    if rules.backup:
        said += ["--backup", f"--backup-dir={rules.backup}"]
    if rules.inplace:
        said.append("--inplace")
    if rules.window is not None:
        said.append(f"--modify-window={int(rules.window)}")
    said += [f"--min-size={rules.smallest}"] if rules.smallest is not None else []
    said += [f"--max-size={rules.largest}"] if rules.largest is not None else []
    if rules.after or rules.before or rules.escape or rules.only is not None:
        raise UsageError("rsync has no rule for ages, nor escapes names, nor takes our lists",
                         hint="leave --via rsync out")
    if rules.segments > 1:
        raise UsageError("rsync has one connection", hint="leave --segments or --via rsync out")
    return [*said, *_filters(rules), "--", ends.source, ends.target]


def _compared(rules: Rules) -> list[str]:
    return {Compare.TIME: [], Compare.SIZE: ["--size-only"], Compare.DIGEST: ["--checksum"],
            Compare.NEWER: ["--update"], Compare.MISSING: ["--ignore-existing"]}[rules.compare]


def _filters(rules: Rules) -> list[str]:
    """Our rules in rsync's words: there the first that matches decides, here the last."""
    said = []
    for rule in reversed(parse_rules(rules.filter)):
        pattern = rule.text.removeprefix("!")
        if "/" in pattern.rstrip("/") and not pattern.startswith(("/", "**/")):
            pattern = f"/{pattern}"
        said.append(f"--filter={'+' if rule.include else '-'} {pattern}")
    return said


def _run(
    ends: _Ends, rules: Rules, more: tuple[str, ...], result: Result | None = None
) -> Iterator[str]:
    """The lines that rsync prints; its failure is raised at the end, or goes into *result*."""
    with _password_file(ends.password) as extra:
        arguments = _arguments(ends, rules, (*more, *extra))
        with (tempfile.TemporaryFile() as complaints,
              subprocess.Popen(arguments,  # noqa: S603 - a list, no shell
                               stdout=subprocess.PIPE, stderr=complaints,
                               stdin=subprocess.DEVNULL) as process):
            if process.stdout is None:
                return
            for line in process.stdout:
                yield os.fsdecode(line.rstrip(b"\r\n"))
            code = process.wait()
            complaints.seek(0)
            words = complaints.read(65_536).decode("utf-8", "backslashreplace")
    if code:
        error = _failed(code, words)
        if result is None or _CODES.get(code, Incomplete) is not None or isinstance(
                error, NotFound | AuthenticationError):
            raise error
        result.failures += [("", error)]


@contextmanager
def _password_file(password: Secret | None) -> Iterator[tuple[str, ...]]:
    """Rsync takes a module's password from a file that nobody else may read."""
    if password is None:
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="postel-rsync-") as folder:
        path = Path(folder) / "password"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "w") as file:  # noqa: PTH123 - by descriptor
            file.write(f"{password.reveal()}\n")
        yield (f"--password-file={path}",)


def _failed(code: int, words: str) -> PostelError:
    lines = [line for line in words.splitlines() if line.strip() and "rsync error:" not in line]
    said = display("; ".join(lines[:3])) or f"exit code {code}"
    if "auth failed" in words or "Permission denied (" in words:
        return AuthenticationError(f"rsync: {said}", hint="check user and password, or the key")
    if "change_dir" in words and "No such file" in words:
        return NotFound(f"rsync: {said}", code=code, hint="check the spelling")
    kind = _CODES.get(code) or Incomplete
    return kind(f"rsync: {said}", code=code, hint="rsync's own words; its manual explains code "
                                                  f"{code}")


def _action(line: str) -> Action | None:
    """One line of what rsync does; None where it is about a folder's own attributes alone."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    what, name = match["what"], _BYTE.sub(lambda one: chr(int(one[1], 8)), match["name"])
    path = name.rstrip("/")
    if what == "*deleting":
        folder = name.endswith("/")
        return Action(Do.REMOVE if folder else Do.DELETE, path, "not at the source",
                      old=Mark(Kind.FOLDER if folder else Kind.FILE))
    size = int(match["size"])
    is_new = "+++" in what
    if what[1] == "d":
        return Action(Do.FOLDER, path, "not there", new=Mark(Kind.FOLDER)) if is_new else None
    if what[1] == "L":
        return Action(Do.LINK, path, "not there" if is_new else "points elsewhere",
                      new=Mark(Kind.LINK))
    mark = Mark(Kind.FILE, size)
    if what[0] in "<>":
        return Action(Do.NEW if is_new else Do.CHANGED, path,
                      "not there" if is_new else _why(what), size, mark)
    return Action(Do.TIMES, path, _why(what), new=mark) if what[0] == "." else None


def _why(what: str) -> str:
    found = [word for letter, word in (("c", "another digest"), ("s", "another size"),
                                       ("t", "another time"), ("T", "another time"),
                                       ("p", "other permissions")) if letter in what[2:]]
    return ", ".join(found) or "differs"
