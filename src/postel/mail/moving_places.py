"""Where is remembered what two sides had. Disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["state_file"]


def state_file(left: str, right: str) -> Path:
    """The file for a pair of sides, in your data folder.

    Example:
        >>> state_file("a", "b").name.endswith(".db")
        True
    """
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    folder = (Path(base) if base else Path.home() / ".local" / "share") / "postel" / "moving"
    name = hashlib.sha256(f"{left}\n{right}".encode()).hexdigest()[:24]
    return folder / f"{name}.db"
