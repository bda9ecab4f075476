"""How two trees are compared and made alike: the rules of a run. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Any

from ..errors import UsageError

__all__ = ["Compare", "Delete", "Links", "Rules", "Verify"]


class Compare(Enum):
    """How it is told that a file differs."""

    TIME = "time"
    """By size and time; where an end has no times, by size."""
    SIZE = "size"
    DIGEST = "digest"
    NEWER = "newer"
    """By size and time, but a file that is newer on the target stays."""
    MISSING = "missing"
    """A file that is there stays as it is."""


class Delete(Enum):
    """What happens to what the source does not have."""

    NO = "no"
    AFTER = "after"
    BEFORE = "before"


class Links(Enum):
    """What happens to symbolic links."""

    COPY = "copy"
    """As links, where the target can; else they are left out, and told."""
    FOLLOW = "follow"
    """As what they point to, inside the tree only."""
    SKIP = "skip"


class Verify(Enum):
    """How a copy is checked before it gets its name, from weak to strong."""

    SIZE = "size"
    DIGEST = "digest"
    """By a digest that the peer computes or sent, where there is one; else by size."""
    REREAD = "reread"
    """What arrived is read again and compared."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How two trees are compared and made alike.

    Args:
        compare: how a difference is told.
        delete: whether what the source does not have goes, and when.
        max_delete: the most paths that may go, or the largest share of those that the target has
            (``"20%"``); a plan with more is refused.
        allow_empty: whether a source without any file may empty the target.
        backup: a folder, seen from the target's top, that replaced and deleted files go to.
        links: what happens to symbolic links.
        times: whether files get the source's times.
        modes: whether files get the source's permissions.
        verify: how each copy is checked.
        inplace: write to the final names, for drop boxes where nothing can be renamed.
        segments: connections that a large file comes over, where its server can be read from the
            middle: faster where each connection is slow for itself.
        tries: how often one file, or one connection, is begun without coming any further.
        fxp: two FTP servers send to each other, in the clear; most refuse.
        window: seconds that times may differ; None takes it from both ends' precision.
        durable: whether each file is synced before it gets its name (on this machine).
        escape: whether names that the target cannot hold are written in another, reversible way.
        only: these paths alone, and the folders above them; None takes all.
        filter: lines of the filter language (`postel.transfer.filters`).
        smallest: bytes that a file has at least.
        largest: bytes that a file has at most.
        after: only files changed since.
        before: only files changed until.
    """

    compare: Compare = Compare.TIME
    delete: Delete = Delete.NO
    max_delete: int | str | None = None
    allow_empty: bool = False
    backup: str = ""
    links: Links = Links.COPY
    times: bool = True
    modes: bool = False
    verify: Verify = Verify.SIZE
    inplace: bool = False
    segments: int = 1
    tries: int = 3
    fxp: bool = False
    window: float | None = None
    durable: bool = True
    escape: bool = False
    only: tuple[str, ...] | None = None
    filter: tuple[str, ...] = ()
    smallest: int | None = None
    largest: int | None = None
    after: datetime | None = None
    before: datetime | None = None

    def __post_init__(self) -> None:
        if isinstance(self.max_delete, str) and not _SHARE.fullmatch(self.max_delete):
            raise UsageError(f"max_delete of {self.max_delete!r}: that is neither a number nor a "
                             "share", hint="50, or 20%")

    def may_go(self, there: int) -> int | None:
        """How many of *there* paths may go; None where there is no limit.

        Example:
            >>> Rules(max_delete="20%").may_go(50), Rules(max_delete=3).may_go(50)
            (10, 3)
        """
        if isinstance(self.max_delete, str):
            return int(there * float(self.max_delete.rstrip("%")) / 100)
        return self.max_delete

    def as_json(self) -> dict[str, object]:
        """Those that are not as they come, in words of JSON."""
        plain = Rules()
        return {one.name: _plain(value) for one in fields(self)
                if (value := getattr(self, one.name)) != getattr(plain, one.name)}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Rules:
        """The reverse of `as_json`.

        Raises:
            UsageError: there is no such rule, or no such value of it.

        Example:
            >>> Rules.from_json({"compare": "size", "max_delete": 3}).compare
            <Compare.SIZE: 'size'>
        """
        made: dict[str, Any] = {}
        for name, value in said.items():
            kind = _ENUMS.get(name)
            try:
                if kind is not None:
                    value = kind(value)
                elif name in ("after", "before"):
                    value = datetime.fromisoformat(value)
                elif name in ("filter", "only"):
                    value = None if value is None else tuple(value)
                made[name] = value
            except (TypeError, ValueError):
                raise UsageError(f"rule {name}: {value!r} is not one of its values") from None
        try:
            return cls(**made)
        except TypeError:
            unknown = sorted(set(made) - {one.name for one in fields(cls)})
            raise UsageError(f"there is no rule {', '.join(unknown)}") from None


_SHARE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?%")

_ENUMS: Mapping[str, type[Enum]] = {
    "compare": Compare, "delete": Delete, "links": Links, "verify": Verify}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
