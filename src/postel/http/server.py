"""An HTTP server: for the lab, for folders, for any ASGI application.

Service code (RFC 9110, 9112). This file has the server; how a connection runs is in
`server_connection`, what is served in `server_files`.
"""

from __future__ import annotations

import ssl
import time

from ..serving.faults import Faults
from ..serving.server import IDLE, Server, Watcher
from ..transport.socket_async import AsyncSocketStream
from .server_connection import App, Connection
from .server_options import CODINGS, HELPERS, INDEXES, QUIRKS, HTTPOptions

__all__ = ["CODINGS", "HELPERS", "INDEXES", "QUIRKS", "HTTPOptions", "HTTPServer"]


class HTTPServer(Server):
    """Serves one ASGI application.

    Args:
        app: whom requests go to; may be exchanged while it runs.
        options: how to behave; may be changed while it runs.
        host: address to listen on; IPv4 or IPv6.
        port: 0 takes a free one.
        tls: context with the server's certificate.
        implicit: serve https.
        faults: what to do wrong, and when.
        watcher: told of requests and answers, without secrets.
        idle: seconds for a TLS handshake.
    """

    name = "http"

    def __init__(
        self,
        app: App,
        options: HTTPOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
        idle: float = IDLE,
    ) -> None:
        super().__init__(host=host, port=port, tls=tls, implicit=implicit, faults=faults,
                         watcher=watcher, idle=idle)
        self.app = app
        self.options = options or HTTPOptions()

    async def _run(self, stream: AsyncSocketStream) -> None:
        if self.implicit and self.tls is not None:
            self.tls.set_alpn_protocols([*(["h2"] if self.options.http2 else []), "http/1.1"])
        await super()._run(stream)

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Answer what comes on one connection."""
        if stream.alpn == "h2":
            from .server_http2 import HTTP2Connection

            await HTTP2Connection(self, stream).run()
        else:
            await Connection(self, stream).run()

    @staticmethod
    def clock() -> float:
        """Seconds since 1970, for Date and for validators."""
        return time.time()
