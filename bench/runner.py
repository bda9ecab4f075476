"""Runs one row: each contender in turn, round after round, every result checked."""

from __future__ import annotations

import json
import mmap
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from statistics import median

from bench import check
from bench.build import Unavailable
from bench.contenders import CONTENDERS, PATHS, Contender
from bench.contenders_moving import PUSHED
from bench.ground import Ground
from bench.launch import Cost, run
from bench.rows import Row
from bench.series import EXPECTED
from bench.servers import Postfix

__all__ = ["Plan", "Score", "run_row"]

# Before each run. ProFTPD greets up to 0.4 s late when a connection comes while the last session is
# being cleared away: the next contender would pay for the one before.
_SETTLE = 0.5


@dataclass(frozen=True)
class Plan:
    """How often and how long.

    Args:
        rounds: runs of each contender.
        patience: a contender slower than this many seconds is not run again.
        limit: seconds after which a run is ended and counts as failed.
        only: patterns of the contenders that take part beside the reference; empty for all.
        without: patterns of the contenders that do not.
        say: is told about each run.
    """

    rounds: int
    patience: float
    limit: int
    only: tuple[str, ...]
    without: tuple[str, ...]
    say: Callable[[str], None]


@dataclass
class Score:
    """What one contender did in one row."""

    name: str
    runs: list[Cost] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    failure: str = ""

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        """Median of user and system time together."""
        return median(run.cpu for run in self.runs)

    @property
    def memory(self) -> float:
        """Median peak memory in MiB."""
        return median(run.memory for run in self.runs) / 1024

    @property
    def counts(self) -> bool:
        """Whether it has a time and never failed."""
        return bool(self.runs) and not self.failure


def run_row(row: Row, ground: Ground, plan: Plan) -> list[Score]:
    """All rounds of *row*; contenders that fail once are not run again."""
    field_ = [one for one in CONTENDERS[row.action] if _takes_part(one.name, row, plan)]
    scores = {one.name: Score(one.name) for one in field_}
    for number in range(1, plan.rounds + 1):
        for contender in field_:
            score = scores[contender.name]
            slow = score.runs and score.runs[-1].seconds > plan.patience
            if score.failure or slow:
                continue
            _attempt(row, ground, contender, (score, plan))
            plan.say(f"  {number}/{plan.rounds} {contender.name}: {_news(score)}")
    return list(scores.values())


def _takes_part(name: str, row: Row, plan: Plan) -> bool:
    if name in row.without or any(fnmatch(name, pattern) for pattern in plan.without):
        return False
    patterns = (*plan.only, row.reference)
    return not plan.only or any(fnmatch(name, pattern) for pattern in patterns)


def _attempt(row: Row, ground: Ground, contender: Contender, keep: tuple[Score, Plan]) -> None:
    score, plan = keep
    if not shutil.which(contender.program):
        score.failure = f"not available: {Path(contender.program).name} is not installed"
        return
    scratch = ground.folder / "run"
    try:
        _clear(ground, scratch)
        scratch.mkdir()
        (scratch / "source").symlink_to(ground.source(row))
        ground.prepare(row, scratch)
        command = contender.command(ground.job(row, scratch))
        if row.size == "big":
            _touch_memory(2 * ground.sizes.big)
        if contender.twice:
            run(command, scratch, extra=_environment(contender, ground),
                space=ground.space(row), limit=plan.limit)
        time.sleep(_SETTLE)
        cost = run(command, scratch, extra=_environment(contender, ground),
                   space=ground.space(row), limit=plan.limit)
        score.failure = cost.failure or _verdict(row, ground, contender, scratch)
        if not score.failure:
            score.runs.append(cost)
            score.inside.extend(_inside(contender, scratch))
    except Unavailable as error:
        score.failure = f"not available: {error}"
    finally:
        _clear(ground, scratch)


def _touch_memory(size: int) -> None:
    """Take *size* bytes of memory into use and give them back.

    In a virtual machine the first use of a page costs a visit to the host: writing 1 GiB to shared
    memory took 3 s the first time and 0.35 s ever after. No contender shall pay for that.
    """
    block = bytes(range(256)) * 4096
    with mmap.mmap(-1, size) as memory:
        for start in range(0, size, len(block)):
            memory[start : start + len(block)] = block


def _environment(contender: Contender, ground: Ground) -> dict[str, str]:
    if contender.python:
        return {"PYTHONPATH": PATHS}
    # rclone has no option for an authority of one's own
    return {"SSL_CERT_FILE": str(ground.ca)} if contender.program == "rclone" else {}


def _verdict(row: Row, ground: Ground, contender: Contender, scratch: Path) -> str:
    """Why the run does not count, or ""."""
    output, made = scratch / "stdout", scratch / "out"
    count = getattr(ground.sizes, row.size)
    if row.action == "mirror-again" and contender.result == "counted":
        return check.counted(output, count, _bytes_below(ground.source(row)))
    if contender.result == "counted":
        return check.counted(output, count, ground.total)
    if contender.result == "uids":
        return check.counted(output, count, count * (count + 1) // 2)
    if contender.result == "planned":
        return check.planned([output, scratch / "stderr"], count)
    if contender.result == "listed":
        return check.listed(made if made.exists() else output, count)
    if contender.result == "messages":
        return check.folder_of_messages(made, count)
    if contender.result == "pushed":
        return check.maildir_of_messages(ground.pushed(row), PUSHED)
    if contender.result == "taken":
        server = ground.server(row)
        messages = 1 if row.action == "send-rcpt" else count
        return server.taken(messages, count) if isinstance(server, Postfix) else "no mail server"
    if contender.result == "composed":
        return check.composed(output, made, count, attached=row.action == "compose-rich")
    if contender.result == "found":
        return check.found(output, EXPECTED[row.action])
    if contender.result == "bsmtp":
        return check.bsmtp(made, count)
    if contender.result == "summed":
        return check.summed(output, count, count * 1024)
    if row.action in ("stor", "tree-up", "http-put", "sftp-put", "sftp-tree-up", "mirror-ftp-up",
                      "mirror-ssh-up"):
        made = ground.upload / "out"
    same = check.same_file if row.size == "big" else check.same_tree
    return same(made, ground.source(row))


def _bytes_below(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def _inside(contender: Contender, scratch: Path) -> list[float]:
    """The time inside a Python contender's process, without start-up and imports."""
    if not contender.python:
        return []
    return [json.loads((scratch / "stdout").read_text().splitlines()[-1])["seconds"]]


def _clear(ground: Ground, scratch: Path) -> None:
    """Remove what a run leaves on both sides."""
    shutil.rmtree(scratch, ignore_errors=True)
    for left in ground.upload.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def _news(score: Score) -> str:
    return score.failure or f"{score.runs[-1].seconds:.2f} s"
