"""The results as Markdown, for a terminal and for `bench/RESULTS.md`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from bench.contenders import CONTENDERS
from bench.ground import Ground
from bench.link import Link
from bench.rows import Row
from bench.runner import Plan, Score

__all__ = ["heading", "machine", "table"]

_MIB = 1024 * 1024
_LONGEST = 110  # characters of a reason in a table
_ASK = {"curl": "--version", "lftp": "--version", "wget": "--version", "rclone": "version",
        "mpop": "--version", "fetchmail": "--version"}


def heading(row: Row, ground: Ground) -> str:
    """The row's title with its numbers."""
    return row.title.format(sizes=ground.sizes, mib=ground.sizes.big // _MIB)


def table(row: Row, title: str, scores: list[Score]) -> str:
    """One Markdown table: the fastest first, then what has no time and why."""
    reference = next((one for one in scores if one.name == row.reference and one.counts), None)
    lines = [
        f"### {title}", "",
        f"| `{row.name}` | time | from – to | against {row.reference} | CPU | inside | memory |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    ranked = sorted((one for one in scores if one.counts), key=lambda one: one.seconds)
    lines += [_line(one, reference) for one in ranked]
    lines += [f"| {one.name} | {_reason(one)} | | | | | |" for one in scores if not one.counts]
    return "\n".join(lines) + "\n"


def _line(score: Score, reference: Score | None) -> str:
    times = [run.seconds for run in score.runs]
    ratio = f"{score.seconds / reference.seconds:.2f}" if reference else "–"
    spread = f"{min(times):.2f} – {max(times):.2f}" if len(times) > 1 else "one run"
    inside = f"{sorted(score.inside)[len(score.inside) // 2]:.2f} s" if score.inside else ""
    name = f"**{score.name}**" if score.name.startswith("postel") else score.name
    return (f"| {name} | {score.seconds:.2f} s | {spread} | {ratio} | {score.cpu:.2f} s | "
            f"{inside} | {score.memory:.0f} MiB |")


def _reason(score: Score) -> str:
    text = score.failure.replace("|", "/")
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return text if text.startswith("not available") else f"failed: {text}"


def machine(ground: Ground, plan: Plan, began: tuple[float, float]) -> str:
    """What the numbers were measured on; *began* is the time and the load at the start."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return "\n".join([
        f"- {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(began[0]))}, {plan.rounds} rounds, "
        f"load {began[1]:.1f} at the start and {os.getloadavg()[0]:.1f} at the end",
        f"- {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}",
        f"- servers: {', '.join(sorted(ground.versions)) or 'none'}",
        f"- files in {ground.folder.parent}",
        f"- peers: {', '.join(_peers())}",
        f"- path with delay: {_path(ground.link)}",
    ]) + "\n"


def _path(link: Link | None) -> str:
    if link is None:
        return "not used"
    return (f"two network namespaces joined by TUN devices, {link.milliseconds:.1f} ms as measured "
            f"by a TCP connect, MTU 1500, congestion control {link.congestion}")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _peers() -> list[str]:
    programs = {one.program for field in CONTENDERS.values() for one in field}
    found = [_version(name) for name in sorted(programs & _ASK.keys()) if shutil.which(name)]
    for python in (name for name in programs if "/.peers/" in name and Path(name).exists()):
        script = "from importlib.metadata import version; print('aioftp', version('aioftp'))"
        found.append(_said([python, "-c", script]).strip())
    return found


def _version(name: str) -> str:
    """Name and the first word with digits and dots of what it says about itself."""
    words = _said([name, _ASK[name]]).replace(",", " ").split()
    number = next((word for word in words if word.strip("v")[:1].isdigit() and "." in word), "?")
    return f"{name} {number.partition('+')[0].strip('v')}"


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
