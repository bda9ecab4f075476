# A conversation (its twin locks_sync.py is generated): a lock as long as a with block.
"""A lock that is held: taken on entering, refreshed while it is used, given back on leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import PostelError, ProtocolError
from ..transport.clock_async import now
from .elements import parse_xml
from .headers import unbracketed
from .types import Lock
from .wire import lockinfo, read_locks, timeout

if TYPE_CHECKING:
    from .words_async import AsyncWords

__all__ = ["AsyncHeld"]


class AsyncHeld:
    """One lock: a with block. Inside it every request of the client that needs its token has it.

    It is refreshed by the client's own requests once half of its time is over; a program that is
    silent for longer calls `refresh`.

    Attributes:
        lock: what the server gave; None before the block is entered.
    """

    def __init__(
        self, site: AsyncWords, path: str, *, wait: float | None, owner: str, shared: bool,
        deep: bool,
    ) -> None:
        self.path, self.deep = path, deep
        self.lock: Lock | None = None
        self._site, self._wait, self._owner, self._shared = site, wait, owner, shared
        self._since = 0.0

    @property
    def token(self) -> str:
        """The lock's token; "" while it is not held."""
        return self.lock.token if self.lock is not None else ""

    async def __aenter__(self) -> AsyncHeld:
        site = self._site
        answer = await site.ask(
            "LOCK", self.path, content=lockinfo(self._owner, shared=self._shared),
            headers={"Depth": "infinity" if self.deep else "0", "Timeout": timeout(self._wait),
                     "Content-Type": "application/xml; charset=utf-8"})
        token = unbracketed(answer.headers.get("lock-token", ""))
        found = read_locks(parse_xml(answer.content, f"LOCK {self.path}"))
        self.lock = next((one for one in found if one.token == token or not token), None)
        if self.lock is None or not self.lock.token:
            raise ProtocolError(f"LOCK {self.path}: the server gave no token",
                                hint="it may be locked now: its lock ends by itself")
        self._since = now()
        site.held.append(self)
        return self

    async def refresh(self) -> Lock | None:
        """Begin the lock's time anew.

        Raises:
            Changed: it has ended; somebody else may have the lock.
        """
        if self.lock is None:
            return None
        self._since = now()  # before it is asked, so that asking does not ask again
        answer = await self._site.ask("LOCK", self.path,
                                      headers={"Timeout": timeout(self._wait)})
        found = read_locks(parse_xml(answer.content, f"LOCK {self.path}"))
        self.lock = next((one for one in found if one.token == self.token), self.lock)
        return self.lock

    @property
    def is_due(self) -> bool:
        """Whether half of its time is over."""
        return (self.lock is not None and self.lock.timeout is not None
                and now() - self._since > self.lock.timeout / 2)

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        site = self._site
        if self in site.held:
            site.held.remove(self)
        if self.lock is None:
            return
        token, self.lock = self.lock.token, None
        try:
            await site.unlock(self.path, token)
        except PostelError:
            if error is None:
                raise
