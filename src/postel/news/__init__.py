"""What is done with news: groups kept on this disk, files fetched out of articles.

The protocol is `postel.nntp`; articles are `postel.messages`. Everything is loaded on first use.
For asyncio the same functions are in `postel.news.aio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .files_sync import get_nzb, read_nzb
    from .mirror_sync import mirror
    from .nzb import NZB, NZBFile, Segment
    from .nzb import parse as parse_nzb
    from .sqlite_box import SQLiteBox
    from .store import NewsState
    from .types import FetchedFile, Mirrored

__all__ = [
    "NZB",
    "FetchedFile",
    "Mirrored",
    "NZBFile",
    "NewsState",
    "SQLiteBox",
    "Segment",
    "get_nzb",
    "mirror",
    "parse_nzb",
    "read_nzb",
]

_HOMES = {"NZB": "nzb", "NZBFile": "nzb", "Segment": "nzb", "FetchedFile": "types",
          "Mirrored": "types", "SQLiteBox": "sqlite_box", "NewsState": "store",
          "get_nzb": "files_sync", "read_nzb": "files_sync", "mirror": "mirror_sync",
          "parse_nzb": "nzb:parse"}


def __getattr__(name: str) -> Any:
    """Load what has a home of its own on first use (PEP 562)."""
    from importlib import import_module

    if name in _HOMES:
        home, _, there = _HOMES[name].partition(":")
        return getattr(import_module(f"{__name__}.{home}"), there or name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
