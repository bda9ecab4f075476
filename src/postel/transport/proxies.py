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

from ..errors import ProtocolError, UsageError
from ..secrets import Secret
from ..urls import is_local, parse
from ..wire.text import display
from .names import HOSTS, literal

__all__ = ["Proxy", "proxy_for"]

PORTS = {"socks5": 1080, "socks5h": 1080, "http": 3128}
_DIRECT = ("none", "direct")

LONGEST_HEADER = 16_384
"""Bytes of a proxy's answer to CONNECT."""

NO_AUTH, PASSWORD, REFUSED = 0, 2, 255

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
    """A proxy to go through.

    Args:
        kind: ``"socks5"``, ``"socks5h"`` or ``"http"``.
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
        return None if option.lower() in _DIRECT else _parse(option)
    if is_local(host) or HOSTS.find(host, port) is not None:
        return None
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
        if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
            continue  # CGI: a client's header "Proxy:" would decide (the "httpoxy" hole, 2016)
        if environ.get(name):
            spared = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
            return None if _is_spared(host, port, spared) else _parse(environ[name])
    return None


def _parse(text: str) -> Proxy:
    url = parse(text, default_scheme="http")
    if url.scheme not in PORTS:
        raise UsageError(f"proxy {url}: {url.scheme} is no kind of proxy that Postel knows",
                         hint=f"one of {', '.join(PORTS)}")
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
        if name == entry or name.endswith(f".{entry}") or _is_within(name, entry):
            return True
    return False


def _without_port(entry: str) -> tuple[str, str]:
    head, colon, tail = entry.rpartition(":")
    if colon and tail.isdigit() and (":" not in head or head.endswith("]")):
        return head, tail
    return entry, ""


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
    user = (proxy.user or "").encode()
    password = (proxy.password.reveal() if proxy.password else "").encode()
    if len(user) > 255 or len(password) > 255:
        raise UsageError(f"{proxy}: user and password may have 255 bytes each")
    return b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password


def socks_connect(host: str, port: int) -> bytes:
    """The request for a connection (RFC 1928 section 4): an address, or a name to look up there.

    Raises:
        UsageError: the name is longer than 255 bytes.

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
    name = host.encode("ascii", "surrogateescape")
    if len(name) > 255:
        raise UsageError(f"{host[:40]}…: a name of over 255 bytes")
    return b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2, "big")


def socks_rest(head: bytes) -> int:
    """How many bytes of the answer are still to come after its first five.

    Raises:
        ProtocolError: that is no answer of SOCKS5.
    """
    sizes = {1: 4, 4: 16, 3: head[4] + 1}
    if head[0] != 5 or head[3] not in sizes:
        raise ProtocolError(f"the proxy's answer is not SOCKS5: {head.hex(' ')}",
                            hint="is it an HTTP proxy? then its URL begins with http://")
    return sizes[head[3]] - 1 + 2


# -- HTTP CONNECT --------------------------------------------------------------------------


def connect_request(proxy: Proxy, host: str, port: int) -> bytes:
    """The request for a tunnel, with a Basic log-in where there is one."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.user is not None:
        secret = proxy.password.reveal() if proxy.password else ""
        token = base64.b64encode(f"{proxy.user}:{secret}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {token}")
    return "\r\n".join([*lines, "", ""]).encode()


def connect_status(header: bytes) -> tuple[int, str]:
    """Code and words of the answer to CONNECT.

    Raises:
        ProtocolError: that is no HTTP.

    Example:
        >>> connect_status(b"HTTP/1.1 407 Proxy Authentication Required\\r\\n\\r\\n")
        (407, 'Proxy Authentication Required')
    """
    line = header.split(b"\r\n", 1)[0].decode("latin-1")
    version, _, rest = line.partition(" ")
    code, _, words = rest.partition(" ")
    if not version.startswith("HTTP/1.") or not (code.isdigit() and len(code) == 3):
        raise ProtocolError(f"the proxy's answer is not HTTP: {display(line[:80])}",
                            hint="is it a SOCKS proxy? then its URL begins with socks5h://")
    return int(code), display(words.strip())
