"""The files that say where a domain's mail servers are (Thunderbird's autoconfig). Grammar: pure.

``config-v1.1.xml`` holds a ``clientConfig`` with one ``emailProvider``: ``incomingServer`` and
``outgoingServer`` elements in order of preference, with placeholders for the parts of the address.
Servers that are only to be had in clear text are left out: no password goes to them.
"""

from __future__ import annotations

import re
from typing import Literal

from ..errors import ProtocolError, UsageError
from ..urls import URL
from ..webdav.elements import parse_xml
from ..webdav.types import Element
from .discovery_types import Kind, Service, alternatives

__all__ = ["LARGEST", "addresses_asked", "parse_autoconfig"]

LARGEST = 262_144
"""Bytes of such a file that are read; real ones have some thousand."""

MOST_SERVERS = 20

_KINDS: dict[str, Kind] = {"imap": "imap", "pop3": "pop3", "smtp": "smtp"}
_SECURITY: dict[str, Literal["tls", "starttls"]] = {"SSL": "tls", "TLS": "tls",
                                                    "STARTTLS": "starttls"}
_AUTH = {"password-cleartext": "password", "plain": "password", "password-encrypted": "password",
         "secure": "password", "OAuth2": "oauth2"}
_PLACEHOLDER = re.compile(r"%[A-Z]+%")


def addresses_asked(address: str, ispdb: str) -> list[tuple[str, str]]:
    """The URLs to ask, in order: what they are, and the URL.

    Only the domain's own server is told the address; the database of everybody's learns the
    domain alone.

    Args:
        address: whose account.
        ispdb: URL of the database, up to the domain's name; "" leaves it out.

    Example:
        >>> for _, url in addresses_asked("ann@example.org", "https://ispdb.example/v1.1/"):
        ...     print(url)
        https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=ann%40example.org
        https://example.org/.well-known/autoconfig/mail/config-v1.1.xml
        https://ispdb.example/v1.1/example.org
    """
    from ..urls import quote

    domain = address.rpartition("@")[2]
    asked = [("autoconfig", f"https://autoconfig.{domain}/mail/config-v1.1.xml"
                            f"?emailaddress={quote(address)}"),
             ("well-known", f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml")]
    if ispdb:
        asked.append(("ispdb", f"{ispdb.rstrip('/')}/{domain}"))
    return asked


def parse_autoconfig(data: bytes, address: str) -> tuple[Service, ...]:
    """The servers that a file names, in its order of preference.

    Args:
        data: the file.
        address: whose account: it fills the placeholders.

    Raises:
        ProtocolError: it is no such file, or names a host that is none.
        LimitReached: it is deeper or larger than any of them.

    Example:
        >>> text = b'''<clientConfig version="1.1"><emailProvider id="example.org">
        ... <incomingServer type="imap"><hostname>mail.%EMAILDOMAIN%</hostname><port>993</port>
        ... <socketType>SSL</socketType><username>%EMAILLOCALPART%</username>
        ... <authentication>password-cleartext</authentication></incomingServer>
        ... </emailProvider></clientConfig>'''
        >>> [(str(one), one.auth) for one in parse_autoconfig(text, "ann@example.org")]
        [('imaps://ann@mail.example.org/', ('password',))]
    """
    root = parse_xml(data, "autoconfig")
    if root.local != "clientConfig":
        raise ProtocolError(f"autoconfig: its root is {root.local[:40]!a}, and not clientConfig",
                            hint="the web server answers every question with a page of its own")
    provider = next((one for one in root.children if one.local == "emailProvider"), None)
    if provider is None:
        raise ProtocolError("autoconfig: it has no emailProvider")
    servers = [one for one in provider.children
               if one.local in ("incomingServer", "outgoingServer")]
    found = (_service(one, address) for one in servers[:MOST_SERVERS])
    return tuple(one for one in found if one is not None)


def _service(server: Element, address: str) -> Service | None:
    """What one element says; None for a protocol that is not ours, or one in clear text."""
    kind = _KINDS.get(server.attributes.get("type", "").lower())
    security = _SECURITY.get(_text(server, "socketType").upper())
    incoming = server.local == "incomingServer"
    if kind is None or security is None or incoming != (kind != "smtp"):
        return None
    host, port = _filled(_text(server, "hostname"), address), _text(server, "port")
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        raise ProtocolError(f"autoconfig: port {port[:20]!a} is none")
    try:
        host = URL("https", None, None, host, None).host
    except UsageError as error:
        raise ProtocolError(f"autoconfig: hostname {host[:80]!a} is none: {error}") from None
    if "." not in host:
        raise ProtocolError(f"autoconfig: hostname {host[:80]!a} is none")
    user = _filled(_text(server, "username"), address)
    if re.search(r"[\x00-\x1f\x7f]", user) or len(user) > 320:
        raise ProtocolError(f"autoconfig: user name {user[:80]!a} is none")
    auth = tuple(dict.fromkeys(_AUTH[one] for one in _texts(server, "authentication")
                               if one in _AUTH))
    return Service(kind, host, int(port), security,
                   (user,) if user else alternatives(address), auth)


def _texts(element: Element, name: str) -> list[str]:
    return [one.text.strip() for one in element.children if one.local == name]


def _text(element: Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")


def _filled(text: str, address: str) -> str:
    """*text* with its placeholders filled; an unknown one makes the whole unusable."""
    local, _, domain = address.rpartition("@")
    known = {"%EMAILADDRESS%": address, "%EMAILLOCALPART%": local, "%EMAILDOMAIN%": domain}

    def put(found: re.Match[str]) -> str:
        if found[0] not in known:
            raise ProtocolError(f"autoconfig: placeholder {found[0]} is not known")
        return known[found[0]]

    return _PLACEHOLDER.sub(put, text)
