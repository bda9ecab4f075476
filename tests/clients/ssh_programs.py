"""Programs that stand in for ssh(1): they say what a test wants, and move bytes."""

from __future__ import annotations

import sys
from pathlib import Path

SPEAK = """\
#!{python} -IS
import os, sys, time
os.write(2, {words!r})
os.write(1, {output!r})
if {linger!r}:
    time.sleep({linger!r})
if {echo!r}:
    while data := os.read(0, 65536):
        view = memoryview(data)
        while view:
            view = view[os.write(1, view):]
os.write(2, {last!r})
os._exit({status!r})
"""


def program(
    folder: Path, *, words: bytes = b"", output: bytes = b"", echo: bool = False,
    linger: float = 0, last: bytes = b"", status: int = 0, name: str = "ssh",
) -> str:
    """A program of that behaviour in *folder*."""
    path = folder / name
    path.write_text(SPEAK.format(python=sys.executable, words=words, output=output, echo=echo,
                                 linger=linger, last=last, status=status))
    path.chmod(0o755)
    return str(path)


def script(folder: Path, code: str, name: str = "ssh") -> str:
    """A program of Python *code* in *folder*."""
    path = folder / name
    path.write_text(f"#!{sys.executable} -IS\nimport os, subprocess, sys, time, socket\n{code}\n")
    path.chmod(0o755)
    return str(path)
