"""What decoding gives: the bytes that could be saved, and what was wrong. Grammar: pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Decoded", "note"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Bytes out of an encoding.

    Args:
        data: what could be decoded.
        defects: what was wrong, each once, in words; empty for clean input.
    """

    data: bytes
    defects: tuple[str, ...] = ()


def note(defects: list[str], what: str) -> None:
    """Add *what* to *defects*, once."""
    if what not in defects:
        defects.append(what)
