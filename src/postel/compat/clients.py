"""Clients kept open for a program that calls from any thread, one for each caller at a time.

Service code, sync. A client serves one caller; several callers get several. What has been idle may
have been closed by its server: then the call is made once more with a fresh client.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from ..errors import NetworkError, PostelError, ReplyError
from ..session.site_sync import FileSite

__all__ = ["Clients"]

T = TypeVar("T")

MOST_IDLE = 4
"""Clients kept open while nobody uses them."""


class Clients:
    """Clients of one place.

    Args:
        make: makes one, not connected.
    """

    def __init__(self, make: Callable[[], FileSite]) -> None:
        self._make = make
        self._idle: list[FileSite] = []
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._parents: list[FileSite] = []

    def call(self, function: Callable[[FileSite], T]) -> T:
        """Call *function* with a client; once more where an idle one had been cut off."""
        site, used = self._take()
        try:
            return self._with(site, function)
        except NetworkError:
            if not used:
                raise
        self.close()  # the others have been idle as long
        site, _ = self._take()
        return self._with(site, function)

    @contextlib.contextmanager
    def lend(self) -> Iterator[FileSite]:
        """A client for a block."""
        site, _ = self._take()
        try:
            yield site
        except ReplyError:
            self.give_back(site)
            raise
        except BaseException:
            _quietly(site)
            raise
        self.give_back(site)

    def give_back(self, site: FileSite) -> None:
        """Keep *site* for the next caller."""
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(site)
                return
        _quietly(site)

    def drop(self, site: FileSite) -> None:
        """*site* is not to be used any more."""
        _quietly(site)

    def take(self) -> FileSite:
        """A client, which is to be given back or dropped."""
        return self._take()[0]

    def close(self) -> None:
        """Close those that are idle; may be called at any time."""
        with self._lock:
            self._notice_fork()
            idle, self._idle = self._idle, []
        for site in idle:
            _quietly(site)

    def _take(self) -> tuple[FileSite, bool]:
        with self._lock:
            self._notice_fork()
            if self._idle:
                return self._idle.pop(), True
        site = self._make()
        site.open()
        return site, False

    def _notice_fork(self) -> None:
        """In a child process the connections are the parent's: not a byte may be said on them."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._parents, self._idle = self._idle, []

    def _with(self, site: FileSite, function: Callable[[FileSite], T]) -> T:
        try:
            found = function(site)
        except ReplyError:
            self.give_back(site)
            raise
        except BaseException:
            _quietly(site)
            raise
        self.give_back(site)
        return found


def _quietly(site: FileSite) -> None:
    try:
        site.close()
    except PostelError:
        pass  # it is gone either way
