"""URLs: parse and print them. The only place in Postel that splits a string at ``://``.

A URL is read by RFC 3986, strictly. Programs that disagree about where the host begins have sent
passwords and requests to the wrong machine; so whatever two common parsers read differently
(a second ``@``, a backslash, ``;`` before the host, ``127.1``, a percent-encoded host) is refused
with the remedy, never guessed at. Percent-encoded CR, LF and NUL are refused everywhere: decoded
into a command of a line protocol they would begin a second one.

What a `URL` holds is checked where it is made, whether by `parse`, by the constructor or by
`URL.with_`. User name and password are decoded, since that is what a log-in needs; path, query
and fragment stay percent-encoded as written, because decoding them loses where they divide.
Characters beyond ASCII become percent-encoded UTF-8 (RFC 3987 section 3.1), in a host name
A-labels (RFC 3490, where RFC 5890 agrees), so that all of a URL can go on the wire.

A grammar module: text in, values out.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from .errors import UsageError
from .secrets import Secret, password_from

__all__ = ["DEFAULT_PORTS", "LONGEST", "URL", "ftp_path", "is_local", "parse", "quote", "unquote"]

LONGEST = 65_536
"""Characters of one URL. Web servers stop at 8 000 or so; data in queries runs longer."""

DEFAULT_PORTS: dict[str, int | None] = {
    "ftp": 21, "ftps": 990, "sftp": 22, "ssh": 22, "tftp": 69, "file": None,
    "http": 80, "https": 443, "gopher": 70, "gemini": 1965, "dict": 2628, "socks5h": 1080,
    "smtp": 25, "smtps": 465, "submission": 587, "lmtp": None, "news": 119, "snews": 563,
    "pop3": 110, "pop3s": 995, "imap": 143, "imaps": 993, "nntp": 119, "nntps": 563,
    "telnet": 23, "telnets": 992, "dns": 53, "whois": 43, "finger": 79, "socks5": 1080,
}  # fmt: skip
"""The port of each scheme; None where there is none (RFC 2033 section 5 gives LMTP no port)."""

_NO_HOST_NEEDED = {"file", "dns"}  # RFC 8089 section 2; RFC 4501 section 3: the usual resolver

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}", re.ASCII | re.IGNORECASE)
_PARTS = re.compile(r"([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)  # RFC 3986 appendix B
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BREAK_ESCAPE = re.compile(r"%0[0AaDd]")
_BREAK = re.compile(r"[\r\n\0]")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UNRESERVED = r"A-Za-z0-9._~\-"  # RFC 3986 section 2.3
_USERINFO = "user name or password"
_BAD_IN = {  # RFC 3986 appendix A; ";" in userinfo is where parsers part (CVE-2024-38428)
    _USERINFO: re.compile(rf"[^{_UNRESERVED}%!$&'()*+,=:]"),
    "path": re.compile(rf"[^{_UNRESERVED}%!$&'()*+,;=:@/]"),
    "query or fragment": re.compile(rf"[^{_UNRESERVED}%!$&'()*+,;=:@/?]"),
}
_SAFE_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE_IN_USER = "!$&'()*+,="

_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LABEL = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")  # a leading "-" would be an option to ssh
_NUMBER_LAST = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_ZONE = re.compile(rf"[{_UNRESERVED}]{{1,32}}")
_IDNA_DIFFERS = re.compile(  # UTS 46 section 7 deviations; invisible characters IDNA 2008 drops
    "[\u00df\u1e9e\u03c2\u200c\u200d\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 section 3.1
_MAX_NAME = 253  # octets of a host name, RFC 1035 section 3.1
_FTP_TYPE = re.compile(r";type=([^/;]*)$", re.IGNORECASE)

_ESCAPES_HINT = 'in a user name or password write "@" as %40, ":" %3A, "/" %2F, "?" %3F, "#" %23'


@dataclass(frozen=True, slots=True)
class URL:
    """One URL, taken apart and checked.

    Args:
        scheme: lower case, without ``:``.
        user: the user name, decoded; None where there is none.
        password: the password, decoded; None where there is none.
        host: lower case, IPv6 without its brackets (a zone follows ``%``); may be empty for file.
        port: 1 to 65535; None where the URL gives none.
        path: percent-encoded as written; empty or with a leading ``/``.
        query: what follows ``?``, as written; None where there is none.
        fragment: what follows ``#``, as written; None where there is none.

    Raises:
        UsageError: a part cannot stand in a URL, or holds CR, LF or NUL.

    Example:
        >>> url = parse("ftp://alice:secret@ftp.example.org:2121/pub/a%20b.txt")
        >>> print(url, url.authority, url.segments)
        ftp://alice@ftp.example.org:2121/pub/a%20b.txt ftp.example.org:2121 ('pub', 'a b.txt')
    """

    scheme: str
    user: str | None
    password: Secret | None
    host: str
    port: int | None
    path: str = ""
    query: str | None = None
    fragment: str | None = None

    def __post_init__(self) -> None:
        if not _SCHEME.fullmatch(self.scheme):
            raise UsageError("the scheme is not a word", hint="write it as in ftp://host/path")
        put = object.__setattr__  # the way to normalise a frozen value while it is made
        put(self, "scheme", self.scheme.lower())
        put(self, "host", _host(self.host) if self.host else "")
        put(self, "path", _component("path", self.path))
        put(self, "query", self.query and _component("query or fragment", self.query))
        put(self, "fragment", self.fragment and _component("query or fragment", self.fragment))
        if self.path[:1] not in ("", "/"):
            raise UsageError("the path does not begin with a slash")
        _check_credentials(self.user, self.password)
        _check_place(self)

    def __str__(self) -> str:
        return self._text(self.user and quote(self.user, _SAFE_IN_USER))

    def reveal(self) -> str:
        """The URL with its password: for another program's input, never for a screen or a log.

        Only the case of scheme and host, and how user name and password were percent-encoded,
        may differ from what was parsed.

        Example:
            >>> parse("ftp://alice:secret@FTP.example.org/").reveal()
            'ftp://alice:secret@ftp.example.org/'
        """
        if self.password is None:
            return str(self)
        word = quote(self.password.reveal(), _SAFE_IN_USER + ":")
        return self._text(f"{quote(self.user or '', _SAFE_IN_USER)}:{word}")

    def _text(self, userinfo: str | None) -> str:
        user = "" if userinfo is None else f"{userinfo}@"
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.scheme}://{user}{self.authority}{self.path}{query}{fragment}"

    @property
    def authority(self) -> str:
        """Host and, where the URL gives one, port; for messages: ``ftp.example.org:2121``."""
        host = f"[{self.host.replace('%', '%25')}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port in effect: what credentials are bound to (RFC 6454 section 4).

        Example:
            >>> parse("http://example.org/a").origin == parse("http://example.org:80/b").origin
            True
        """
        return self.scheme, self.host, self.port or DEFAULT_PORTS.get(self.scheme)

    @property
    def path_bytes(self) -> bytes:
        """The path percent-decoded to the bytes it names."""
        return _bytes(self.path)

    @property
    def segments(self) -> tuple[str, ...]:
        """What stands between the slashes of the path, each part decoded; a ``/`` may be in one.

        Example:
            >>> parse("ftp://ftp.example.org/a%2Fb/c/").segments
            ('a/b', 'c', '')
        """
        return tuple(unquote(part) for part in self.path.split("/")[1:])

    def join(self, name: str) -> URL:
        """The URL of the entry *name* in this folder; query and fragment are left behind.

        Args:
            name: one decoded name, as a listing gives it.

        Raises:
            UsageError: the name is empty, ``.`` or ``..``, or holds ``/``, CR, LF or NUL.

        Example:
            >>> print(parse("ftp://ftp.example.org/pub").join("50% off;type=a"))
            ftp://ftp.example.org/pub/50%25%20off%3Btype%3Da
        """
        if name in ("", ".", "..") or "/" in name:
            raise UsageError(f"join a name to {self}: {name!a} is not the name of an entry")
        path = f"{self.path.removesuffix('/')}/{quote(name)}"
        return replace(self, path=path, query=None, fragment=None)

    def with_(self, **changes: Any) -> URL:
        """A copy with some fields changed, checked like a new URL; *password* may be a string.

        Raises:
            UsageError: a part cannot stand in a URL.

        Example:
            >>> print(parse("ftp://ftp.example.org/pub").with_(scheme="ftps", port=2990))
            ftps://ftp.example.org:2990/pub
        """
        if "password" in changes:
            changes["password"] = password_from(changes["password"])
        return replace(self, **changes)


def parse(text: str, *, default_scheme: str | None = None) -> URL:
    """Read a URL (RFC 3986), strictly.

    Args:
        text: the URL, as a person or a configuration file gives it.
        default_scheme: what to assume where *text* has none, as in ``ftp.example.org:2121/pub``.

    Raises:
        UsageError: it is not a URL, or one that parsers read differently; the hint says what to
            write instead. The message never shows a user name or password.

    Example:
        >>> parse("[2001:db8::7]:2121/pub", default_scheme="ftp").origin
        ('ftp', '2001:db8::7', 2121)
    """
    try:
        return _parse(text, default_scheme)
    except UsageError as error:
        reason = f"read the URL {_shown(text)}: {error.message}"
        raise UsageError(reason, hint=error.hint) from None


def _shown(text: str) -> str:
    """What of a broken URL may be printed: nothing before its last "@", nothing of its query."""
    _, sign, rest = text.rpartition("@")
    return ascii(("...@" if sign else "") + re.split("[?#]", rest, maxsplit=1)[0][:100])


def _parse(text: str, default_scheme: str | None) -> URL:
    if len(text) > LONGEST:
        raise UsageError(f"it is longer than {LONGEST} characters")
    if _BLANK.search(text):
        raise UsageError("it holds a space or control character", hint="a space is written %20")
    scheme, mark, rest = text.partition("://")
    if not mark or not _SCHEME.fullmatch(scheme):
        if default_scheme is None:
            hint = "ftp://host/path; the short form host:path is written sftp://host/path"
            raise UsageError("it has no scheme", hint=hint)
        scheme, rest = default_scheme, text
    matched = _PARTS.fullmatch(rest)
    authority, path, query, fragment = matched.groups() if matched else (rest, "", None, None)
    userinfo, place = _divided(authority)
    user, password = _credentials(userinfo)
    host, port = _host_and_port(place)
    return URL(scheme, user, password, host, port, path, query, fragment)


def _divided(authority: str) -> tuple[str | None, str]:
    """Split userinfo from host; refuse what parsers divide at different places."""
    if authority.count("@") > 1:
        raise UsageError('more than one "@" before the path', hint=_ESCAPES_HINT)
    if ";" in authority or "\\" in authority:
        hint = "in a user name or password write %3B and %5C; a path begins with /"
        raise UsageError("a semicolon or backslash before the path", hint=hint)
    userinfo, sign, place = authority.rpartition("@")
    return (userinfo if sign else None), place


def _credentials(userinfo: str | None) -> tuple[str | None, Secret | None]:
    if userinfo is None:
        return None, None
    user, colon, word = _component(_USERINFO, userinfo).partition(":")
    return unquote(user), Secret(unquote(word)) if colon else None


def _host_and_port(place: str) -> tuple[str, int | None]:
    if place.startswith("["):
        literal, bracket, rest = place[1:].partition("]")
        address, percent, zone = literal.partition("%")  # RFC 6874: "%" is written "%25"
        if not bracket or ":" not in address or (percent and not zone.startswith("25")):
            raise _bad_ipv6()
        host, colon, digits = address + percent + zone[2:], rest[:1], rest[1:]
    else:
        host, colon, digits = place.partition(":")
    if colon not in ("", ":") or ":" in digits:
        raise UsageError("no port can be told from the host", hint="IPv6 stands in []: [::1]:21")
    if colon and not _PORT.fullmatch(digits):
        hint = f"host:path is written host/path; {_ESCAPES_HINT}"
        raise UsageError('the host\'s ":" begins no port from 1 to 65535', hint=hint)
    return host, int(digits) if colon else None


def _component(name: str, text: str) -> str:
    """Return one part as it may go on the wire, or refuse it."""
    _check_visible(name, text)
    text = _NOT_ASCII.sub(lambda run: quote(run[0]), text)
    if bad := _BAD_IN[name].search(text):
        hint = "percent-encode it" + ("" if name == _USERINFO else f": {quote(bad[0])}")
        raise UsageError(f"the {name} holds a character that a URL cannot", hint=hint)
    if _BAD_ESCAPE.search(text):
        raise _bad_escape(name)
    if _BREAK_ESCAPE.search(text):
        raise _breaks(name)
    return text


def _check_visible(name: str, text: str) -> None:
    """Beyond ASCII only what can be seen, and what stands for a byte (PEP 383), may be written."""
    if not all(char.isprintable() or "\udc80" <= char <= "\udcff" for char in text):
        raise UsageError(f"the {name} holds an invisible character", hint="percent-encode it")


def _breaks(name: str) -> UsageError:
    return UsageError(f"the {name} holds CR, LF or NUL", hint="it would begin another command")


def _bad_escape(name: str) -> UsageError:
    return UsageError(f'the {name} holds "%" without two hex digits', hint='"%" itself is %25')


def _bad_ipv6() -> UsageError:
    return UsageError("the IPv6 address is malformed", hint="[2001:db8::7]:21, [fe80::1%25eth0]")


def _check_credentials(user: str | None, password: Secret | None) -> None:
    if password is not None and user is None:
        raise UsageError("a password without a user name")
    for text in (user or "", password.reveal() if password else ""):
        if _BREAK.search(text):
            raise _breaks(_USERINFO)
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise UsageError(f"the {_USERINFO} is not UTF-8", hint="give them as options")


def _check_place(url: URL) -> None:
    if url.port is not None and not 1 <= url.port <= 65_535:
        raise UsageError(f"port {url.port} is not from 1 to 65535")
    if not url.host and (url.scheme not in _NO_HOST_NEEDED or url.port or url.user is not None):
        raise UsageError("it names no host", hint=f"write {url.scheme}://host/path")


def _host(host: str) -> str:
    """Return a host as the wire wants it: lower case, A-labels, addresses in one spelling only."""
    if ":" in host:
        return _ipv6(host)
    _check_visible("host", host)
    host = (host if host.isascii() else _a_labels(host)).lower()
    shown = ascii(host[:100])
    if _NUMBER_LAST.search(host) and not _IPV4.fullmatch(host):
        raise UsageError(f"the host {shown} is no IPv4 address", hint="write it as 127.0.0.1")
    if len(host) > _MAX_NAME or not all(map(_is_label, host.removesuffix(".").split("."))):
        hint = "letters, digits, hyphens and dots; xn-- only before Punycode (RFC 5890)"
        raise UsageError(f"the host {shown} is not a host name", hint=hint)
    return host


def _ipv6(host: str) -> str:
    from ipaddress import IPv6Address  # 5 ms that most URLs do without

    address, percent, zone = host.partition("%")
    try:
        IPv6Address(address)
    except ValueError:
        raise _bad_ipv6() from None
    if percent and not _ZONE.fullmatch(zone):
        raise _bad_ipv6()
    return address.lower() + percent + zone  # interface names keep their case


def _a_labels(host: str) -> str:
    """Encode a name beyond ASCII; where IDNA 2003 and 2008 name different hosts, refuse."""
    hint = "write the name's A-labels (xn--...)"
    with suppress(UnicodeError):
        if len(host) <= _MAX_NAME and not _IDNA_DIFFERS.search(host):
            name = host.encode("idna").decode("ascii")
            if name.count(".") == len(_DOTS.findall(host)):  # no dot hides in a digit (U+2488)
                return name
    raise UsageError(f"the host {host[:100]!a} has no one ASCII form", hint=hint)


def _is_label(label: str) -> bool:
    """Whether a label may stand; an A-label must be the only encoding of text one can see."""
    if not label.startswith("xn--") or not _LABEL.fullmatch(label):
        return bool(_LABEL.fullmatch(label))
    from unicodedata import normalize

    try:
        text = label[4:].encode().decode("punycode")
        again = normalize("NFKC", text.lower()).encode("punycode").decode()
    except (ValueError, OverflowError):
        return False
    visible = text.replace("\u200c", "").replace("\u200d", "")  # joiners: right in Persian or Tamil
    return again == label[4:] and visible.isprintable() and not text.isascii()


def is_local(host: str) -> bool:
    """Whether *host* is this machine by its name or address alone, without asking any resolver.

    True for ``localhost`` and what ends in ``.localhost`` (RFC 6761 section 6.3), 127.0.0.0/8,
    ``::1`` and the same as IPv4-mapped addresses.

    Example:
        >>> is_local("127.0.0.53"), is_local("::ffff:127.0.0.1"), is_local("localhost.evil.example")
        (True, True, False)
    """
    host = host.lower().removesuffix(".")
    if ":" not in host:
        named = host == "localhost" or host.endswith(".localhost")
        return named or bool(host.startswith("127.") and _IPV4.fullmatch(host))
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(host)
    except ValueError:
        return False
    return (address.ipv4_mapped or address).is_loopback


def ftp_path(url: URL) -> tuple[str, str | None]:
    """The file an FTP URL names, and its transfer type (RFC 1738 section 3.2.2).

    The path is relative to the folder the log-in lands in. It is absolute when it begins with
    ``%2F``, or with a second slash as people write it.

    Args:
        url: its path is read; it must have neither query nor fragment.

    Returns:
        the decoded path, and ``"a"``, ``"i"`` or ``"d"`` if ``;type=`` gives one, else None.

    Raises:
        UsageError: an unknown type, CR, LF or NUL, or a ``?`` or ``#`` that stands for itself.

    Example:
        >>> ftp_path(parse("ftp://ftp.example.org/pub/notes.txt;type=a"))
        ('pub/notes.txt', 'a')
        >>> ftp_path(parse("ftp://ftp.example.org/%2Fetc/motd"))
        ('/etc/motd', None)
    """
    if url.query is not None or url.fragment is not None:
        hint = '"?" and "#" in a file name are written %3F and %23'
        raise UsageError(f"read the path of {url}: FTP has no query or fragment", hint=hint)
    path, kind = url.path.removeprefix("/"), None
    if typed := _FTP_TYPE.search(path):
        path, kind = path[: typed.start()], typed[1].lower()
        if kind not in ("a", "i", "d"):
            hint = ";type=a, ;type=i or ;type=d; a semicolon in a name is written %3B"
            raise UsageError(f"read the path of {url}: no such type", hint=hint)
    return unquote(path), kind


def quote(text: str, safe: str = "") -> str:
    """Percent-encode *text* as UTF-8; surrogate-escaped bytes become the bytes they were.

    Args:
        text: decoded text, such as one name of a listing.
        safe: ASCII characters to leave as they are, besides letters, digits and ``-._~``.

    Raises:
        UsageError: CR, LF or NUL, or a surrogate that stands for no byte.

    Example:
        >>> quote("a b/ü"), quote("a b/ü", safe="/")
        ('a%20b%2F%C3%BC', 'a%20b/%C3%BC')
    """
    if _BREAK.search(text):
        raise _breaks("name")
    kept = _SAFE_BYTES.union(safe.encode("ascii"))
    return "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in _utf8(text))


def unquote(text: str) -> str:
    """Percent-decode *text*; bytes that are no UTF-8 are surrogate-escaped.

    Raises:
        UsageError: CR, LF or NUL, encoded or not, or a ``%`` without two hexadecimal digits.

    Example:
        >>> unquote("a%20b"), unquote("%FF")
        ('a b', '\\udcff')
    """
    decoded = _bytes(text).decode(errors="surrogateescape")
    if _BREAK.search(decoded):
        raise _breaks("decoded text")
    return decoded


def _bytes(text: str) -> bytes:
    if _BAD_ESCAPE.search(text):
        raise _bad_escape("text")
    return _ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()), _utf8(text))


def _utf8(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise UsageError("a name holds a lone surrogate, which is no text") from None
