"""Applications of other people on the HTTP server: ASGI as it is, WSGI in threads by a2wsgi.

Service code. An ASGI application is told of its start and end (the lifespan protocol), if it wants
to know. A WSGI application whose client has gone, or whose server stops, is stopped at its next
chunk: threads that wait for ever are never left behind.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from ..errors import UsageError
from .server_connection import App, Message, Receive, Scope, Send

__all__ = ["Interface", "Mounts"]

Interface = Literal["auto", "asgi", "wsgi"]

PATIENCE = 5.0
"""Seconds that an application has to start, and to end."""

_GONE = "postel.gone"


class Mounts:
    """An ASGI application that hands requests on by the beginning of their path.

    Args:
        own: who answers where nothing is mounted.
    """

    def __init__(self, own: App) -> None:
        self.own = own
        self._mounted: dict[str, _Mounted] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: the longest prefix wins."""
        path = scope["path"]
        for prefix in sorted(self._mounted, key=len, reverse=True):
            if path == prefix or path.startswith(f"{prefix}/") or not prefix:
                await self._mounted[prefix].answer(scope, receive, send)
                return
        await self.own(scope, receive, send)

    async def mount(self, app: Any, path: str, interface: Interface) -> None:
        """Let *app* answer from now on below *path*.

        Raises:
            UsageError: it is no application, or did not start.
        """
        prefix = path.rstrip("/")
        if not path.startswith("/"):
            raise UsageError(f"mount at {path!r}: a path begins with /")
        mounted = _mounted(app, prefix, interface)
        await mounted.start()
        before, self._mounted[prefix] = self._mounted.get(prefix), mounted
        if before is not None:
            await before.stop()

    async def unmount(self, path: str) -> None:
        """Let nobody else answer below *path*.

        Raises:
            UsageError: nothing is mounted there.
        """
        found = self._mounted.pop(path.rstrip("/"), None)
        if found is None:
            raise UsageError(f"nothing is mounted at {path!r}")
        await found.stop()

    async def stop(self) -> None:
        """Tell all applications that this is the end."""
        while self._mounted:
            await self._mounted.popitem()[1].stop()


def _mounted(app: Any, prefix: str, interface: Interface) -> _Mounted:
    if not callable(app):
        raise UsageError(f"mount {app!r}: neither WSGI nor ASGI application")
    if interface == "auto":
        called = app if inspect.isroutine(app) else getattr(app, "__call__", app)  # noqa: B004
        asgi = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(called)
        interface = "asgi" if asgi else "wsgi"
    return _Mounted(app, prefix) if interface == "asgi" else _MountedWSGI(app, prefix)


class _Mounted:
    """An ASGI application and its life."""

    def __init__(self, app: App, prefix: str) -> None:
        self.app, self.prefix = app, prefix
        self.state: dict[str, Any] = {}
        self._life: asyncio.Task[None] | None = None
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._said: asyncio.Queue[Message] = asyncio.Queue()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        await self.app({**scope, "root_path": self.prefix, "state": dict(self.state)},
                       receive, send)

    async def start(self) -> None:
        """The lifespan protocol; an application that raises has none (ASGI lifespan 2.0).

        Raises:
            UsageError: the application says that it cannot start.
        """
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"},
                        "state": self.state}

        async def live() -> None:
            await self.app(scope, self._told.get, self._said.put)

        self._life = asyncio.create_task(live(), name="application")
        said = await self._tell("startup")
        if said is not None and said["type"] == "lifespan.startup.failed":
            await self.stop()
            raise UsageError(f"the application did not start: {said.get('message', '')}")

    async def stop(self) -> None:
        """Tell it that this is the end, and wait for a moment."""
        if self._life is None:
            return
        await self._tell("shutdown")
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)
        self._life = None

    async def _tell(self, what: str) -> Message | None:
        """Tell the application, and wait for its answer; None if it does not care."""
        life = self._life
        if life is None or life.done():
            return None
        await self._told.put({"type": f"lifespan.{what}"})
        hearing = asyncio.create_task(self._said.get())
        await asyncio.wait((hearing, life), timeout=PATIENCE,
                           return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            return hearing.result()
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        return None


class _MountedWSGI(_Mounted):
    """A WSGI application in threads."""

    def __init__(self, app: Callable[..., Iterable[bytes]], prefix: str) -> None:
        try:
            from a2wsgi import WSGIMiddleware
        except ImportError:
            raise UsageError("WSGI applications need a2wsgi, which is not installed",
                             hint="pip install 'postel[lab]'") from None
        bridge: Any = WSGIMiddleware(_stoppable(app))
        self._bridge = bridge
        self._running: set[asyncio.Task[None]] = set()
        self._gone: set[asyncio.Event] = set()
        super().__init__(bridge, prefix)

    async def start(self) -> None:
        """WSGI knows no beginning."""

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in a thread, which goes on to its own end whatever becomes of the connection."""
        gone = asyncio.Event()

        async def hear() -> Message:
            return {"type": "http.disconnect"} if gone.is_set() else await receive()

        async def say(message: Message) -> None:
            if not gone.is_set():
                try:
                    await send(message)
                except BaseException:
                    gone.set()
                    raise

        async def run() -> None:
            self._gone.add(gone)
            try:
                await super(_MountedWSGI, self).answer({**scope, _GONE: gone}, hear, _quiet(say))
            finally:
                self._gone.discard(gone)

        task = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            gone.set()
            raise

    async def stop(self) -> None:
        """Let every thread come to its end."""
        for gone in self._gone:
            gone.set()
        if self._running:
            await asyncio.wait(set(self._running), timeout=PATIENCE)
        for task in self._running:
            task.cancel()
        self._bridge.executor.shutdown(wait=not self._running, cancel_futures=True)


def _quiet(say: Send) -> Send:
    """Lost connections are no news to a thread that fills a queue: it must not wait for ever."""
    async def send(message: Message) -> None:
        try:
            await say(message)
        except OSError:
            pass
    return send


def _stoppable(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The application, ended at its next chunk when its client has gone."""
    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        gone = environ["asgi.scope"][_GONE]
        environ["wsgi.errors"], environ["wsgi.multiprocess"] = sys.stderr, False
        found = app(environ, start_response)
        try:
            for chunk in found:
                if gone.is_set():
                    return
                yield chunk
        finally:
            getattr(found, "close", lambda: None)()
    return wrapped
