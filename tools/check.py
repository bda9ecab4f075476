"""All checks that need no server, one after the other, with one closing line.

    python tools/check.py [-j JOBS]

Each step is shown by its name and its seconds; what it printed is shown when it fails. The last
line says that all is well, or which steps failed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def steps(jobs: int) -> list[tuple[str, list[str]]]:
    """The steps, the quick ones first."""
    pytest = [sys.executable, "-m", "pytest", "-q", "--no-header"]
    return [
        ("lint", [str(BIN / "ruff"), "check", "."]),
        ("twins", [sys.executable, "tools/unasync.py", "--check"]),
        ("contracts", [str(BIN / "lint-imports")]),
        ("types", [str(BIN / "mypy")]),
        ("documents", [sys.executable, "tools/docs.py", "--check"]),
        ("tests", [*pytest, "tests", "--ignore", "tests/interop", "-m", "not slow",
                   "-n", str(jobs)]),
    ]


def run(name: str, command: list[str]) -> tuple[bool, str]:
    """Run one step; return whether it passed, and its output's last line."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seconds = time.monotonic() - began
    passed = done.returncode == 0
    print(f"{name:10} {'ok' if passed else 'FAILED':7} {seconds:5.1f} s", flush=True)
    lines = done.stdout.strip().splitlines() or [""]
    if not passed:
        print("\n".join(lines))
    elif name == "tests":
        print("\n".join(line for line in lines if line.startswith("SKIPPED")))
    return passed, lines[-1]


def main() -> int:
    """Run the steps; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-j", type=int, default=2, dest="jobs", help="tests at once")
    failed, last = [], ""
    for name, command in steps(parser.parse_args().jobs):
        passed, last = run(name, command)
        if not passed:
            failed.append(name)
    counts = {word: count for count, word in re.findall(r"(\d+) (passed|failed|skipped)", last)}
    numbers = ", ".join(f"{counts.get(w, 0)} {w}" for w in ("passed", "failed", "skipped"))
    if failed:
        print(f"make test: NOT well: {', '.join(failed)} failed (CONTRIBUTING.md says what to do)")
    else:
        print("make test: all is well: lint, twins, contracts, types, documents, tests")
    print(numbers)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
