"""From what a caller gives to a request: address, query, fields, body's kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus

from ..errors import UsageError
from ..urls import URL, is_local, parse, quote
from ..wire.text import display
from .fields import is_token
from .redirects import joined

__all__ = ["METHODS_WITHOUT_BODY", "Params", "address", "base_of", "checked_method", "form",
           "with_params"]

Params = Mapping[str, Any] | Iterable[tuple[str, Any]] | str
"""Names and values; a value may be a list, and None leaves it out."""

METHODS_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE", "PROPFIND", "MKCOL",
                                  "MOVE", "COPY", "UNLOCK"})
"""Methods that say nothing of a body where there is none; others announce a length of 0."""


def checked_method(method: str) -> str:
    """*method* as it goes on the wire.

    Raises:
        UsageError: it is no word, or CONNECT, which is the proxy's.

    Example:
        >>> checked_method("get")
        'GET'
    """
    if not is_token(method):
        raise UsageError(f"the method {display(method)[:40]!r} is not a word",
                         hint="nothing was sent; methods are GET, HEAD, POST, PUT …")
    method = method.upper() if method.islower() else method
    if method == "CONNECT":
        raise UsageError("CONNECT is not for requests", hint="proxy= goes through a proxy")
    return method


def base_of(target: str | URL | None, *, port: int | None, security: str) -> URL | None:
    """The URL that a client's others are relative to.

    A host without a scheme means https; on this machine, and with ``security="plain"``, http.

    Args:
        target: a host, a URL, or None for none.
        port: beats the URL's.
        security: as every client has it.

    Raises:
        UsageError: it is of another protocol.

    Example:
        >>> print(base_of("example.org", port=None, security="auto"))
        https://example.org
    """
    if target is None:
        return None
    url = target if isinstance(target, URL) else parse(target, default_scheme="https")
    if isinstance(target, str) and "://" not in target and (
            security == "plain" or (is_local(url.host) and security == "auto")):
        url = url.with_(scheme="http")
    if url.scheme not in ("http", "https"):
        raise UsageError(f"{url}: a URL of {url.scheme}, but this client speaks HTTP",
                         hint="use http://, https://, or the host name alone")
    return url if port is None else url.with_(port=port)


def address(base: URL | None, url: str | URL) -> URL:
    """The URL to ask for.

    Args:
        base: of the client.
        url: a URL; or what is seen from *base*: a path, a query.

    Raises:
        UsageError: there is no base for it, or it is of another protocol.

    Example:
        >>> print(address(parse("https://example.org/api/"), "users?page=2"))
        https://example.org/api/users?page=2
    """
    if isinstance(url, str):
        if "://" in url.split("?", 1)[0]:
            url = parse(url)
        elif base is None:
            url = base_of(url, port=None, security="auto") or parse(url)
        else:
            url = joined(base, url)
    if url.scheme not in ("http", "https"):
        raise UsageError(f"{url}: a URL of {url.scheme}, but this client speaks HTTP",
                         hint="use http:// or https://")
    return url


def with_params(url: URL, params: Params | None) -> URL:
    """*url* with *params* behind what query it has.

    Example:
        >>> print(with_params(parse("http://a/?x=1"), {"q": "a b&c", "n": [1, 2], "no": None}))
        http://a/?x=1&q=a%20b%26c&n=1&n=2
    """
    if params is None:
        return url
    if isinstance(params, str):
        more = quote(params, safe="%=&+;:@/?,!$'()*")
    else:
        more = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs(params))
    if not more:
        return url
    return url.with_(query=f"{url.query}&{more}" if url.query else more)


def _quoted(text: str) -> str:
    """Percent-encoded.

    Raises:
        UsageError: it holds CR, LF or NUL, which no URL of ours does.
    """
    return quote(text)


def form(data: Params) -> bytes:
    """The body of a form (application/x-www-form-urlencoded, as the WHATWG writes it).

    Example:
        >>> form({"name": "Ann B", "tag": ["x", "y&z"]})
        b'name=Ann+B&tag=x&tag=y%26z'
    """
    if isinstance(data, str):
        return data.encode()
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}"
                    for name, value in pairs(data)).encode("ascii")


def pairs(fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    """Names and values as text, lists one by one, without those that are None."""
    for name, value in fields.items() if isinstance(fields, Mapping) else fields:
        for one in value if isinstance(value, list | tuple | set) else (value,):
            if one is not None:
                yield str(name), _text(one)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
