# GENERATED from caching_async.py by tools/unasync.py: edit that file, not this one.
"""Answers that were kept, and what has to be asked before they are used again (RFC 9111).

What may be kept and for how long is decided in `cache`, where it lies on disk in `store`; here a
request goes by both. A fresh answer is given without a word to the server; a stale one is asked
about with its validators, and a 304 makes it fresh again. Bodies are kept as they came, coded, and
only when they have come whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NetworkError, PostelError
from ..transport import disk_sync as disk
from ..transport.clock_sync import now, today
from ..transport.trace import Trace
from .cache import (
    Stored,
    Use,
    conditions,
    freshened,
    may_store,
    outdated,
    stored,
    usable_on_error,
)
from .fields import directives
from .headers import Headers
from .network_sync import Watch
from .responses_sync import StreamResponse
from .wire import Head

if TYPE_CHECKING:
    from .flow_sync import Ask
    from .store import Found, Store

__all__ = ["Cache"]

_OWN = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since",
                  "if-range", "range"})
"""Fields with which a caller asks for less than all: such requests pass by the cache."""


class Cache:
    """The cache of one client.

    Args:
        place: a store, which its owner closes; or the path of a file for one.
        trace: of the client; a store that fails is told there, and does no harm.
    """

    def __init__(self, place: Store | Path | str, trace: Trace) -> None:
        self._place, self._trace = place, trace
        self._opened: Store | None = None

    def _store(self) -> Store:
        if not isinstance(self._place, Path | str):
            return self._place
        if self._opened is None:
            from .store import Store

            self._opened = disk.call(Store, self._place)
        return self._opened

    def close(self) -> None:
        """Close the file, if it was opened here."""
        opened, self._opened = self._opened, None
        if opened is not None:
            disk.call(opened.close)

    def _try(self, work: Any, *args: Any, **options: Any) -> Any:
        """What the store says; None where it fails: a cache may, and the answer comes anyway."""
        try:
            return disk.call(work, *args, **options)
        except PostelError as error:
            self._trace.note(f"the cache is left aside: {error}")
            return None

    def answer(self, ask: Ask, headers: Headers, send: Any) -> StreamResponse:
        """The answer to a request: kept, or sent for.

        Args:
            ask: the request.
            headers: all of its fields.
            send: sends it with such fields, and returns its answer.
        """
        store, key = self._store(), str(ask.url.with_(fragment=None))
        if ask.method != "GET" or ask.body is not None or any(name in headers for name in _OWN):
            answer: StreamResponse = send(headers)
            if outdated(ask.method, answer.status):
                self._try(store.drop, key)
            return answer
        requested = today()
        found: Found | None = self._try(store.find, key, headers.pairs, now=requested)
        body = None if found is None else self._try(store.body, found.id)
        if found is not None and body is not None:
            if found.use is Use.FRESH:
                return _kept(ask, found.stored, body)
            return self._asked_about(ask, headers, send, found, body)
        if "only-if-cached" in directives(headers.all("cache-control")):
            return _kept(ask, Stored(504, (), requested, requested), b"")  # section 5.2.1.7
        return self._to_keep(store, key, headers, send(headers), requested)

    def _asked_about(
        self, ask: Ask, headers: Headers, send: Any, found: Found, body: bytes
    ) -> StreamResponse:
        """The answer where a stale one is at hand."""
        store, requested = self._store(), today()
        usable = usable_on_error(found.stored, headers.pairs, now=requested)
        try:
            answer: StreamResponse = send(headers.with_(*conditions(found.stored)))
        except NetworkError:
            if usable:
                return _kept(ask, found.stored, body)
            raise
        if answer.status == 304:
            newer = freshened(found.stored, answer.headers.pairs, requested=requested,
                              received=today())
            answer.close()
            self._try(store.refresh, found.id, newer)
            return _kept(ask, newer, body)
        if answer.status >= 500 and usable:
            answer.close()
            return _kept(ask, found.stored, body)
        key = str(ask.url.with_(fragment=None))
        return self._to_keep(store, key, headers, answer, requested)

    def _to_keep(
        self, store: Store, key: str, headers: Headers, answer: StreamResponse,
        requested: Any
    ) -> StreamResponse:
        """The answer; its body is put away as it passes, if it may be."""
        if may_store("GET", headers.pairs, answer.status, answer.headers.pairs):
            one = stored(answer.status, answer.headers.pairs, headers.pairs, requested=requested,
                         received=today())

            def passing(source: Any) -> Iterator[bytes]:
                parts: list[bytes] | None = []
                size, flow = 0, source.__iter__()
                try:
                    for chunk in flow:
                        size += len(chunk)
                        if size > store.largest:
                            parts = None  # too long to be kept
                        if parts is not None:
                            parts.append(bytes(chunk))
                        yield chunk
                finally:
                    flow.close()
                if parts is not None:
                    self._try(store.put, key, one, b"".join(parts))

            answer.through = passing
        return answer


class _Body:
    """A body that is at hand."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self._data

    def close(self) -> None:
        """Nothing has to be let go of."""


class _Answer:
    """A kept answer as the engine would have brought it."""

    def __init__(self, one: Stored, fields: list[tuple[str, str]], body: bytes) -> None:
        self.status = one.status
        self.headers: list[Any] = []
        raw = tuple((name.encode("latin-1", "replace"), value.encode("utf-8", "surrogateescape"))
                    for name, value in fields)
        self.extensions = {"head": Head(one.status, b"", (1, 1), raw, len(body), False, False)}
        self.stream = _Body(body)


def _kept(ask: Ask, one: Stored, body: bytes) -> StreamResponse:
    """The answer that was kept, with its age (section 5.1)."""
    moment = today()
    fields = [(name, value) for name, value in one.headers if name.lower() != "age"]
    fields.append(("Age", str(int(one.age(now=moment).total_seconds()))))
    answer: Any = _Answer(one, fields, body)
    return StreamResponse(ask.method, ask.url, answer, Watch(began=now()))
