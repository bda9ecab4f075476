"""What users of HTTP hold: responses and what is known about them. Pure.

A `Response` has its content; one that is still flowing is a `StreamResponse` (streams_sync.py),
which has the same face.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ProtocolError
from ..types import Peer
from ..urls import URL
from .complaints import refusal
from .headers import Headers
from .links import Link
from .links import parse as parse_links
from .media import parse as parse_type

__all__ = ["Follow", "Response", "Timings"]

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of a request went, in seconds; a step that was not taken has 0.

    Args:
        name: looking up the host's name, and trying addresses that did not serve.
        connect: the TCP handshake.
        tls: the TLS handshake.
        first: from the request's first byte to the response's.
        total: all of it, body included.
    """

    name: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    first: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Follow:
    """How far redirects are followed; ``follow=True`` is this with nothing changed.

    Args:
        most: redirects in a row.
        to_clear: whether one may lead from https to http.
        bodies: whether one of 307 or 308 may take a request's body to another origin.

    Example:
        >>> Follow(most=3).to_clear
        False
    """

    most: int = 20
    to_clear: bool = False
    bodies: bool = False


@dataclass(frozen=True, eq=False)
class Response:
    """What a server answered.

    Args:
        status: such as 200.
        reason: the server's words for it; HTTP/2 has none.
        headers: its fields.
        url: what was asked for last, redirects followed.
        method: that was asked with.
        http_version: ``"HTTP/1.1"`` or ``"HTTP/2"``.
        content: the body, decoded.
        history: the redirects that led here.
        peer: the other end; None for an answer from the cache.
        timings: where the time went.

    Example:
        >>> from postel.urls import parse
        >>> here = parse("http://example.org/")
        >>> page = Response(200, "OK", Headers({"Content-Type": "text/plain"}), here,
        ...                 content=b"hello")
        >>> page, page.ok, page.text
        (<Response 200 OK, 5 bytes, http://example.org/>, True, 'hello')
    """

    status: int
    reason: str
    headers: Headers
    url: URL
    method: str = "GET"
    http_version: str = "HTTP/1.1"
    content: bytes = field(default=b"", repr=False)
    history: tuple[Response, ...] = ()
    peer: Peer | None = None
    timings: Timings = Timings()

    def __repr__(self) -> str:
        words = f"{self.status} {self.reason}".rstrip()
        return f"<Response {words}, {len(self.content)} bytes, {self.url}>"

    @property
    def ok(self) -> bool:
        """Whether it is a success (2xx)."""
        return 200 <= self.status < 300

    @property
    def elapsed(self) -> float:
        """Seconds that the request took, its body included, redirects not."""
        return self.timings.total

    @property
    def encoding(self) -> str:
        """The charset of the text: as the server says, else a byte order mark's, else UTF-8."""
        return charset(self.headers, self.content)

    @property
    def text(self) -> str:
        """The content as text; bytes that are none of the charset become U+FFFD."""
        return self.content.decode(self.encoding, "replace")

    def json(self) -> Any:
        """The content as JSON (RFC 8259: UTF-8, a mark at the beginning is passed over).

        Raises:
            ProtocolError: it is no JSON.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            kind = self.headers.get("content-type", "no type")
            raise ProtocolError(
                f"{self.method} {self.url}: the answer is no JSON ({kind}): {error}",
                hint="is this the right address? its text says what came instead",
                code=self.status) from None

    @property
    def links(self) -> Mapping[str, Link]:
        """The Link fields by relation (RFC 8288); the first of each counts.

        Example:
            >>> from postel.urls import parse
            >>> page = Response(200, "", Headers({"Link": '</2>; rel="next"'}), parse("http://a/"))
            >>> page.links["next"].target
            '/2'
        """
        found: dict[str, Link] = {}
        for link in parse_links(self.headers.all("link")):
            for rel in link.rels:
                found.setdefault(rel, link)
        return found

    def raise_for_status(self) -> Response:
        """This response, unless it is a refusal.

        Raises:
            ReplyError: the status is 400 or more, or a redirect that was not followed; which
                class says what: `NotFound`, `AuthenticationError`, `Forbidden`, `TryLater` …
        """
        if self.status >= 300 and self.status != 304:
            raise refusal(self.method, str(self.url), self.status, self.reason, self.headers,
                          self.content)
        return self

    def with_(self, **changes: Any) -> Response:
        """A copy with some fields changed."""
        return replace(self, **changes)


def charset(headers: Mapping[str, str], content: bytes = b"") -> str:
    """The charset that Content-Type names, if Python knows it; else a mark's, else UTF-8.

    Example:
        >>> charset({"content-type": 'text/html; charset="ISO-8859-1"'})
        'iso8859-1'
    """
    import codecs

    kind = parse_type(headers.get("content-type", ""))
    if kind is not None and kind.charset:
        try:
            name = codecs.lookup(kind.charset.strip("'")).name
            "".encode(name)  # refused by a codec that makes no text
            return name
        except (LookupError, ValueError):
            pass  # a name that nobody knows
    return next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
