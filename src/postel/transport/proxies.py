"""Proxies: which one, and the bytes of SOCKS5 and HTTP CONNECT. Pure but for `from_environment`.

RFC 1928 and 1929 (SOCKS5), RFC 9110 section 9.3.6 (CONNECT). With ``socks5h`` the proxy looks the
name up; with ``socks5`` this machine does. Which proxy: the option, else ``SCHEME_proxy``, else
``ALL_PROXY``, as curl and its kin read them; ``NO_PROXY`` lists hosts that are reached directly.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import (
    AuthenticationError,
    ConnectError,
    NetworkError,
    ProtocolError,
    ResolveError,
    UsageError,
)
from ..secrets import Secret
from ..urls import is_local, parse
from ..wire.text import display
from .names import HOSTS, literal

__all__ = [
    "LONGEST_HEADER",
    "NO_AUTH",
    "PASSWORD",
    "PORTS",
    "SOCKS_ERRORS",
    "Proxy",
    "by_way",
    "connect_request",
    "connect_status",
    "from_environment",
    "proxy_for",
    "socks_connect",
    "socks_greeting",
    "socks_login",
    "socks_rest",
]

PORTS = {"socks5": 1080, "socks5h": 1080, "http": 3128, "https": 443}
"""The kinds of proxy, and where they listen unless the URL says otherwise."""

_DIRECT = ("none", "direct")

LONGEST_HEADER = 16_384
"""Bytes of a proxy's answer to CONNECT."""

NO_AUTH, PASSWORD = 0, 2

SOCKS_ERRORS = {
    1: ("it failed", "look into the proxy's log"),
    2: ("its rules forbid it", "ask its operator to allow this host and port"),
    3: ("it cannot reach that network", "the proxy has no way there"),
    4: ("it cannot reach that host", "the host may be down, or unknown to the proxy"),
    5: ("the connection was refused", "nothing listens on that port"),
    6: ("it waited too long", "the host may be down"),
    7: ("it does not know CONNECT", "that is no SOCKS5 proxy for connections"),
    8: ("it does not take this kind of address", "try socks5:// instead of socks5h://, or the "
        "other way round"),
}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to go through; it prints without user and password.

    Args:
        kind: ``"socks5"``, ``"socks5h"``, ``"http"``, or ``"https"``: HTTP within TLS.
        host: its name.
        port: its port.
        user: to log in there; None for no log-in.
        password: of that user.

    Example:
        >>> print(Proxy("socks5h", "proxy.example.org", 1080, "ann", Secret("hush")))
        socks5h proxy proxy.example.org:1080
    """

    kind: str
    host: str
    port: int
    user: str | None = None
    password: Secret | None = None

    def __str__(self) -> str:
        return f"{self.kind} proxy {self.host}:{self.port}"


def proxy_for(
    host: str, port: int, scheme: str, *, option: str | None, environ: Mapping[str, str]
) -> Proxy | None:
    """The proxy for a connection, or None to go directly.

    Args:
        host: where to.
        port: where to.
        scheme: of the URL, for ``ftp_proxy`` and its kin.
        option: a proxy's URL, ``"none"``, or None to ask the environment.
        environ: the environment.

    Raises:
        UsageError: the URL is none of a proxy.

    Example:
        >>> env = {"ALL_PROXY": "socks5h://gate.example.org", "NO_PROXY": ".lan,10.0.0.0/8"}
        >>> print(proxy_for("ftp.example.net", 21, "ftp", option=None, environ=env))
        socks5h proxy gate.example.org:1080
        >>> proxy_for("files.lan", 21, "ftp", option=None, environ=env) is None
        True
    """
    if option is not None:
        return None if option.lower() in _DIRECT else _parse(option, "the option")
    if is_local(host) or HOSTS.find(host, port) is not None:
        return None
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
        if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
            continue  # CGI: a client's header "Proxy:" would decide (the "httpoxy" hole, 2016)
        if environ.get(name):
            spared = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
            return None if _is_spared(host, port, spared) else _parse(environ[name], name)
    return None


def _parse(text: str, origin: str) -> Proxy:
    url = parse(text, default_scheme="http")
    if url.scheme not in PORTS:
        raise UsageError(
            f"proxy {url} (from {origin}): {url.scheme} is no kind of proxy that Postel knows",
            hint=f"one of {', '.join(PORTS)}; proxy=\"none\" goes direct")
    if not url.host:
        raise UsageError(f"proxy {url} (from {origin}): it names no host")
    return Proxy(url.scheme, url.host, url.port or PORTS[url.scheme], url.user, url.password)


def _is_spared(host: str, port: int, spared: str) -> bool:
    """Whether NO_PROXY names *host*: itself, a suffix of it, its network, or everything."""
    name = host.lower().rstrip(".")
    for entry in spared.replace(",", " ").lower().split():
        if entry == "*":
            return True
        entry, wanted = _without_port(entry)
        if wanted and wanted != str(port):
            continue
        entry = entry.strip("[]").removeprefix("*").strip(".")
        if name == entry or _is_below(name, entry) or _is_within(name, entry):
            return True
    return False


def _without_port(entry: str) -> tuple[str, str]:
    head, colon, tail = entry.rpartition(":")
    if colon and tail.isdigit() and (":" not in head or head.endswith("]")):
        return head, tail
    return entry, ""


def _is_below(host: str, domain: str) -> bool:
    """Whether *host* is a name that ends in *domain*; the end of an address says nothing."""
    return host.endswith(f".{domain}") and literal(host) is None


def _is_within(host: str, network: str) -> bool:
    """Whether *host* is an address in *network*."""
    if literal(host) is None:
        return False
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def from_environment(host: str, port: int, scheme: str, option: str | None) -> Proxy | None:
    """`proxy_for` with this process's environment."""
    return proxy_for(host, port, scheme, option=option, environ=os.environ)


# -- SOCKS5 --------------------------------------------------------------------------------


def socks_greeting(proxy: Proxy) -> bytes:
    """The first message: which ways to log in are on offer (RFC 1928 section 3)."""
    methods = [NO_AUTH] if proxy.user is None else [NO_AUTH, PASSWORD]
    return bytes([5, len(methods), *methods])


def socks_login(proxy: Proxy) -> bytes:
    """User and password (RFC 1929 section 2).

    Raises:
        UsageError: one of them is longer than 255 bytes.
    """
    user, password = _login(proxy)
    if len(user) > 255 or len(password) > 255:
        raise UsageError(f"{proxy}: user and password may have 255 bytes each")
    return b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password


def socks_connect(host: str, port: int) -> bytes:
    """The request for a connection (RFC 1928 section 4): an address, or a name to look up there.

    Raises:
        UsageError: the name is empty, too long, or not of visible ASCII.

    Example:
        >>> socks_connect("192.0.2.1", 21).hex(" ")
        '05 01 00 01 c0 00 02 01 00 15'
    """
    import socket

    address = literal(host)
    if address is not None:
        packed = socket.inet_pton(address.family, address.sockaddr[0])
        kind = b"\x01" if len(packed) == 4 else b"\x04"
        return b"\x05\x01\x00" + kind + packed + port.to_bytes(2, "big")
    name = _visible(host).encode()
    return b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2, "big")


def socks_rest(kind: int, first: int) -> int:
    """How many bytes of the answer are still to come (RFC 1928 section 6).

    Args:
        kind: of address.
        first: the byte after it; the length where the address is a name.

    Raises:
        ProtocolError: there is no such kind.

    Example:
        >>> socks_rest(1, 192)
        5
    """
    sizes = {1: 4, 4: 16, 3: first + 1}
    if kind not in sizes:
        raise ProtocolError(f"its answer is not SOCKS5: address of kind {kind}")
    return sizes[kind] - 1 + 2


# -- HTTP CONNECT --------------------------------------------------------------------------


def connect_request(proxy: Proxy, host: str, port: int) -> bytes:
    """The request for a tunnel, with a Basic log-in where there is one (RFC 7617).

    Raises:
        UsageError: the host would break the request, or a user that Basic cannot carry.

    Example:
        >>> connect_request(Proxy("http", "gate", 3128), "ftp.example.org", 21)
        b'CONNECT ftp.example.org:21 HTTP/1.1\\r\\nHost: ftp.example.org:21\\r\\n\\r\\n'
    """
    place = f"[{_visible(host)}]:{port}" if ":" in host else f"{_visible(host)}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.user is not None:
        user, password = _login(proxy)
        if b":" in user:
            raise UsageError(f"{proxy}: its user's name has a colon, which Basic cannot carry")
        token = base64.b64encode(user + b":" + password).decode()
        lines.append(f"Proxy-Authorization: Basic {token}")
    return "\r\n".join([*lines, "", ""]).encode()


def connect_status(header: bytes | bytearray) -> tuple[int, str]:
    """Code and words of the answer to CONNECT, from its first line.

    Raises:
        ProtocolError: that is no HTTP.

    Example:
        >>> connect_status(b"HTTP/1.1 407 Proxy Authentication Required\\r\\n\\r\\n")
        (407, 'Proxy Authentication Required')
    """
    line = header.split(b"\n", 1)[0].rstrip(b"\r").decode("latin-1")
    version, _, rest = line.partition(" ")
    code, _, words = rest.partition(" ")
    if not (version.startswith("HTTP/1.") and len(code) == 3 and code.isascii()
            and code.isdigit()):
        raise ProtocolError(f"its answer is not HTTP: {display(line[:80])}",
                            hint="is it a SOCKS proxy? then its URL begins with socks5h://")
    return int(code), display(words.strip()[:200])


# -- both ----------------------------------------------------------------------------------

Failure = NetworkError | ProtocolError | AuthenticationError


def by_way(error: Failure, proxy: Proxy, host: str, port: int) -> Failure:
    """*error* as the caller should see it: where to, by way of what, and then what happened.

    Example:
        >>> gate = Proxy("http", "gate", 3128)
        >>> print(by_way(ProtocolError("its answer has no end"), gate, "ftp.example.org", 21))
        connect to ftp.example.org port 21 by way of the http proxy gate:3128: its answer has no end
    """
    told = f"connect to {host} port {port} by way of the {proxy}: {error}"
    if isinstance(error, ConnectError | ResolveError):
        attempts = error.attempts if isinstance(error, ConnectError) else ()
        return ConnectError(told, attempts=attempts, hint=error.hint, code=error.code)
    return type(error)(told, hint=error.hint, code=error.code)


def _login(proxy: Proxy) -> tuple[bytes, bytes]:
    password = proxy.password.reveal() if proxy.password else ""
    return ((proxy.user or "").encode("utf-8", "surrogateescape"),
            password.encode("utf-8", "surrogateescape"))


def _visible(host: str) -> str:
    """*host*, unless it would say more to the proxy than a name."""
    if 0 < len(host) <= 255 and all("!" <= letter <= "~" for letter in host):
        return host
    raise UsageError(f"{display(host[:40])!r} is no name to give to a proxy")
