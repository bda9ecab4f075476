"""What a file system of fsspec is made of: its server's clients, and its paths."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import UsageError

try:
    from fsspec.spec import AbstractFileSystem
except ImportError:
    raise UsageError("postel.compat.fsspec: fsspec is not installed",
                     hint="pip install 'postel[fsspec]'") from None

from ..secrets import Secret
from ..session.site_sync import FileSite
from ..transfer.sites_sync import open_site
from ..urls import URL, parse, quote, unquote
from .clients import Clients

__all__ = ["PostelPlaces"]

_KEPT = "/!$&'()*+,=:@~"

_BLOCK = 4 << 20
"""Bytes that a reader asks for ahead, and that a writer gathers, where nobody says otherwise."""


class PostelPlaces(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file system of fsspec over a client of Postel.

    Args:
        host: of the server.
        port: instead of the scheme's.
        user: to log in as; ``username`` means the same.
        password: a string, a `Secret`, or a function.
        options: the keywords of the scheme's client, and those of fsspec.
    """

    scheme: ClassVar[str] = ""
    root_marker = "/"

    def __init__(
        self,
        host: str = "",
        port: int | None = None,
        user: str | None = None,
        password: str | Secret | Callable[[], str] | None = None,
        username: str | None = None,
        **options: Any,
    ) -> None:
        own = {name: options.pop(name) for name in
               ("asynchronous", "loop", "use_listings_cache", "listings_expiry_time", "max_paths",
                "skip_instance_cache", "batch_size", "block_size") if name in options}
        super().__init__(**own)
        self.blocksize: int = own.get("block_size") or _BLOCK
        self._url = URL(self.scheme, None, None, host, port, "/")
        self._options = {**options, "user": user or username, "password": password}
        self.clients = Clients(self._make)
        self._finalizer = weakref.finalize(self, self.clients.close)

    def _make(self) -> FileSite:
        return open_site(self._url, "read", **self._options)[0]

    def close(self) -> None:
        """Close the clients that are kept open; the file system may be used again."""
        self.clients.close()

    @property
    def fsid(self) -> str:
        """What tells this place from others."""
        return f"{self.scheme}_{self._url.authority}"

    # -- paths -------------------------------------------------------------------------------

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return (cls.protocol,) if isinstance(cls.protocol, str) else tuple(cls.protocol)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """The path of a URL, or of what is one already, with one leading slash and no last one."""
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        text = os.fspath(path)
        for name in cls._names():
            if text.startswith(f"{name}://"):
                _, _, rest = text[len(name) + 3 :].partition("/")
                text = "/" + cls._decoded(rest)
                break
        if not text.startswith("/"):
            text = "/" + text
        return text.rstrip("/") or cls.root_marker

    @classmethod
    def _decoded(cls, path: str) -> str:
        try:
            return unquote(path)
        except UsageError:
            return path  # a "%" that stands for itself, as people write it

    def unstrip_protocol(self, name: str) -> str:
        """The whole URL of a path."""
        path = self._strip_protocol(name)
        return f"{self._names()[0]}://{self._url.authority}{self._url_of(path).path}"

    @classmethod
    def _get_kwargs_from_urls(cls, path: str) -> dict[str, Any]:
        for name in cls._names():
            if path.startswith(f"{name}://"):
                host, _, _ = path[len(name) + 3 :].partition("/")
                url = parse(f"{cls.scheme}://{host}/")
                given = {"host": url.host, "port": url.port, "user": url.user,
                         "password": url.password and url.password.reveal()}
                return {key: value for key, value in given.items() if value}
        return {}

    def _url_of(self, path: str) -> URL:
        return self._url.with_(path=quote(path, _KEPT))

    def place(self, path: str) -> str:
        """A path in the terms of the protocol's client."""
        if "\0" in path:
            raise UsageError(f"path {path!r}: it holds a NUL")
        return self._sample.path_in(self._url_of(self._strip_protocol(path)))

    @property
    def _sample(self) -> FileSite:
        """A client that only says how its protocol writes paths."""
        if (found := self.__dict__.get("_path_client")) is None:
            found = self.__dict__["_path_client"] = self._make()
        return found
