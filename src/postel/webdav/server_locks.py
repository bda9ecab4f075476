"""Write locks as a server keeps them (RFC 4918 sections 6 and 7).

Service code, in memory: locks end with the server. A lock is on a path, and covers what is below it
if it is deep. A shared one shuts out exclusive ones only. To change what is locked one names the
token of one of its locks; to add or remove a member of a folder, one of the folder's.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .types import Element, Lock

__all__ = ["Held", "Locks"]

MOST_LOCKS = 10_000
"""Locks at once; nobody needs more, and each costs memory."""


@dataclass(frozen=True)
class Held:
    """A lock that somebody holds.

    Args:
        lock: what is told of it; its root is a path.
        owner: as it was sent.
        user: who took it; "" where nobody need log in.
        until: when it ends.
    """

    lock: Lock
    owner: Element | None
    user: str
    until: float

    def covers(self, path: str) -> bool:
        """Whether it protects *path*."""
        root = self.lock.root
        return path == root or (self.lock.deep and _is_below(path, root))


class Locks:
    """The locks of one server.

    Args:
        clock: seconds, for timeouts.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[str, Held] = {}

    def _current(self) -> list[Held]:
        now = self._clock()
        for token in [token for token, held in self._held.items() if held.until <= now]:
            del self._held[token]
        return list(self._held.values())

    def on(self, path: str) -> list[Held]:
        """The locks that cover *path*."""
        return [held for held in self._current() if held.covers(path)]

    def below(self, path: str) -> list[Held]:
        """The locks that were taken somewhere below *path*."""
        return [held for held in self._current() if _is_below(held.lock.root, path)]

    def in_the_way(self, path: str, *, shared: bool, deep: bool) -> list[Held]:
        """The locks that do not allow another one."""
        found = self.on(path) + (self.below(path) if deep else [])
        return [held for held in found if not (shared and held.lock.shared)]

    def take(
        self, path: str, *, shared: bool, deep: bool, owner: Element | None, user: str,
        seconds: float,
    ) -> Held | None:
        """A new lock; None where there are too many."""
        if len(self._held) >= MOST_LOCKS:
            return None
        lock = Lock(f"urn:uuid:{uuid.uuid4()}", path, "", seconds, shared, deep)
        held = self._held[lock.token] = Held(lock, owner, user, self._clock() + seconds)
        return held

    def refresh(self, token: str, seconds: float) -> Held:
        """Let a lock last *seconds* from now."""
        held = self._held[token]
        held = self._held[token] = replace(
            held, lock=replace(held.lock, timeout=seconds), until=self._clock() + seconds)
        return held

    def told(self, held: Held) -> Lock:
        """What is told of a lock now: the seconds that are left."""
        return replace(held.lock, timeout=float(math.ceil(held.until - self._clock())))

    def find(self, token: str, path: str) -> Held | None:
        """The lock of that token, if it covers *path*."""
        return next((held for held in self.on(path) if held.lock.token == token), None)

    def release(self, token: str) -> None:
        """End a lock."""
        self._held.pop(token, None)

    def forget(self, path: str) -> None:
        """Whatever was at *path* is gone, and with it the locks on it and below it."""
        for held in self._current():
            if held.lock.root == path or _is_below(held.lock.root, path):
                del self._held[held.lock.token]

    def refused(
        self, path: str, tokens: Iterable[str], user: str, *, member: bool, tree: bool
    ) -> list[str]:
        """Where locks forbid a change of *path*, as paths of their roots.

        Args:
            path: what is changed.
            tokens: those that were submitted.
            user: who asks.
            member: it comes or goes, so its folder changes too.
            tree: all that is below it changes too.
        """
        known = set(tokens)

        def allowed(held: list[Held]) -> bool:
            return not held or any(
                one.lock.token in known and one.user in ("", user) for one in held)

        groups = [self.on(path)]
        if member and path != "/":
            groups.append([held for held in self.on(path.rpartition("/")[0] or "/")
                           if held not in groups[0]])
        if tree:
            roots = {held.lock.root for held in self.below(path)}
            groups += [self.on(root) for root in sorted(roots)]
        return [group[0].lock.root for group in groups if not allowed(group)]


def _is_below(path: str, folder: str) -> bool:
    return path != folder and path.startswith(folder.rstrip("/") + "/")
