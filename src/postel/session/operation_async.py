# A conversation (its twin operation_sync.py is generated): one caller's turn on a connection.
"""The block in which one method talks to the server: guard, deadline, errors with their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..errors import BusyError, NetworkError, PostelError, ProtocolError
from ..timing import NEVER, Deadline
from ..transport.clock_async import caller, now
from ..transport.stream_async import AsyncStream
from ..wire.base import Command

if TYPE_CHECKING:
    from .session_async import AsyncSession

__all__ = ["AsyncOperation"]

C = TypeVar("C", bound=Command)
E = TypeVar("E")


class AsyncOperation:
    """One caller's turn on a connection: guard, deadline, and errors with their place."""

    def __init__(self, session: AsyncSession[C, E], doing: str, timeout: float | None) -> None:
        self._session = session
        self._doing = doing
        self._timeout = timeout
        self._outer: tuple[Deadline, bool] = NEVER, True

    async def __aenter__(self) -> None:
        session, me = self._session, caller()
        if session._guard.setdefault("caller", me) != me:
            raise BusyError(
                f"{self._doing}: another caller is using this connection to {session.url.host}",
                hint="one connection serves one caller: open a second client",
            )
        self._outer = session._deadline, session._patient
        session._depth += 1
        self._set_deadline()
        try:
            await self._settle()
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise

    def _set_deadline(self) -> None:
        session = self._session
        nested = session._depth > 1
        until = Deadline.after(
            session.timeout if self._timeout is None else self._timeout, now=now())
        if nested and not session._patient:
            until = until.sooner(session._deadline)
        session._patient = self._timeout is None and (session._patient or not nested)
        session._allow_until(until)

    async def _settle(self) -> None:
        """Come to an end with what an earlier call left open."""
        session = self._session
        unfinished, session._unfinished = session._unfinished, None
        if unfinished is None:
            return
        try:
            await unfinished.settle()
        except BusyError:
            session._unfinished = unfinished
            raise

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        session = self._session
        session._depth -= 1
        deadline, session._patient = self._outer
        session._allow_until(deadline)
        if session._depth == 0:
            session._guard.pop("caller", None)
        if isinstance(error, PostelError):
            if error.url is None:
                error.url = str(session.url)
            error.command = error.command or self._doing
        if isinstance(error, ProtocolError | NetworkError) or _is_broken(session._stream):
            await session._drop()


def _is_broken(stream: AsyncStream | None) -> bool:
    return stream is not None and stream.broken
