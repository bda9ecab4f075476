"""The quick tests under every Python from 3.11 on that really runs here.

    python tools/matrix.py

A Python counts only if it runs ``-c pass``: version managers leave shims behind that run nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"python3\.(\d+)$")


def candidates() -> list[Path]:
    """Every `python3.N` on the path and of pyenv, N at least 11."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    found = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
    return [path for path in found if (m := NAME.match(path.name)) and int(m[1]) >= 11]


def runs(python: Path) -> bool:
    """Whether *python* is a Python and not a dead shim."""
    try:
        return subprocess.run([python, "-c", "import venv, ssl"], check=False,
                              capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> int:
    """Run the quick tests under each; return the exit code."""
    chosen: dict[str, Path] = {}
    for python in candidates():
        if python.name not in chosen and runs(python):
            chosen[python.name] = python
    results = {}
    for name, python in sorted(chosen.items()):
        print(f"== {name} ({python})", flush=True)
        path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
        done = subprocess.run(["make", "quick", f"PYTHON={name}"], cwd=ROOT, check=False,
                              env={**os.environ, "PATH": path})
        results[name] = done.returncode
    print("\nmake matrix:")
    for name, code in results.items():
        print(f"  {name:12} {'ok' if code == 0 else 'FAILED'}")
    return 1 if any(results.values()) or not results else 0


if __name__ == "__main__":
    raise SystemExit(main())
