"""The harness's two C programs, compiled on first use into `bench/.build`."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["HERE", "ROOT", "Unavailable", "compiled"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


class Unavailable(Exception):
    """Something this machine does not have; the rows that need it say so."""


def compiled(source: str) -> Path:
    """The program made from `bench/<source>`.

    Raises:
        Unavailable: there is no C compiler, or it refuses the file.
    """
    path = HERE / source
    program = HERE / ".build" / path.stem
    if program.exists() and program.stat().st_mtime >= path.stat().st_mtime:
        return program
    program.parent.mkdir(exist_ok=True)
    try:
        subprocess.run(
            ["cc", "-O2", "-Wall", "-Wextra", "-o", str(program), str(path)],
            check=True, capture_output=True, text=True,
        )
    except FileNotFoundError as error:
        raise Unavailable("no C compiler (cc)") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{source} does not compile: {error.stderr}") from error
    return program
