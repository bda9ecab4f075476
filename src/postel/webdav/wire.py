"""The bodies of WebDAV, both directions (RFC 4918 sections 9 and 14; RFC 4331). Grammar.

    PROPFIND, PROPPATCH, LOCK    a small document each: `propfind`, `proppatch`, `lockinfo` write
                                 them, `read_propfind`, `read_proppatch`, `read_lockinfo` read them
    207 Multi-Status             `MultistatusReader` reads it piece by piece, one `Resource` after
                                 the other; `multistatus` writes it the same way
    other errors                 `error_body` and `read_error`: which precondition failed

Servers that are understood beyond the RFC: an empty status or one without "HTTP/1.1" before it
(old Sabre, SharePoint), several propstats of one status, hrefs as whole URLs, blanks around hrefs,
and a response that has both a status of its own and propstats (Nextcloud on failed shares).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus

from ..errors import LimitReached, ProtocolError
from .elements import DAV, ElementReader, clark, elements, parse_xml, write_part, write_xml
from .types import Element, Lock, LockRequest, PropFind, Resource

__all__ = [
    "MultistatusReader",
    "error_body",
    "lock_element",
    "lockinfo",
    "multistatus",
    "prop_body",
    "propfind",
    "proppatch",
    "read_error",
    "read_lockinfo",
    "read_locks",
    "read_propfind",
    "read_proppatch",
    "seconds",
    "timeout",
]

_RESPONSE, _PROPSTAT, _PROP = f"{DAV}response", f"{DAV}propstat", f"{DAV}prop"
_STATUS, _HREF = f"{DAV}status", f"{DAV}href"
_CODE = re.compile(r"(?:HTTP/[\d.]+\s+)?([1-5]\d\d)(?:\s.*)?", re.IGNORECASE | re.DOTALL)
_LONGEST_HREF = 65_536

FOREVER = 4_294_967_295
"""The longest timeout the grammar can write (RFC 4918 section 10.7: 2**32 - 1)."""


# -- a multistatus ----------------------------------------------------------------------------


class MultistatusReader:
    """A 207's body in pieces in, its resources out, as they come.

    Example:
        >>> reader = MultistatusReader("PROPFIND /pub/")
        >>> [one.href for one in reader.feed(b'''<multistatus xmlns="DAV:"><response>
        ...     <href>/pub/a.txt</href><status>HTTP/1.1 404 Not Found</status></response>''')]
        ['/pub/a.txt']
        >>> reader.feed(b"</multistatus>")
        []
        >>> reader.finish()
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._xml = ElementReader(what, level=1)

    def feed(self, data: bytes) -> list[Resource]:
        """Take *data*; return the resources that are complete.

        Raises:
            ProtocolError: it is no multistatus.
            LimitReached: one resource is larger than is kept.
        """
        found = self._xml.feed(data)
        if self._xml.root not in ("", f"{DAV}multistatus"):
            raise ProtocolError(
                f"{self._what}: <{self._xml.root.rpartition('}')[2][:60]!a}> and no multistatus",
                hint="this may be no WebDAV folder")
        return [self._resource(one) for one in found if one.name == _RESPONSE]

    def finish(self) -> None:
        """All has come.

        Raises:
            ProtocolError: it was cut short.
        """
        self._xml.finish()

    def _resource(self, response: Element) -> Resource:
        href = response.value(_HREF)
        if not href or len(href) > _LONGEST_HREF:
            raise ProtocolError(f"{self._what}: a response without a href")
        found: dict[str, Element] = {}
        failed: dict[str, int] = {}
        for one in response.children:
            if one.name == _PROPSTAT:
                _sort(one, found, failed)
        return Resource(href, _code(response.value(_STATUS)), found, failed, _errors(response),
                        response.value(f"{DAV}responsedescription"))


def _sort(propstat: Element, found: dict[str, Element], failed: dict[str, int]) -> None:
    """Which properties there are; a propstat without a status (old servers) has them."""
    code = _code(propstat.value(_STATUS)) or 200
    prop = propstat.child(_PROP)
    for one in prop.children if prop is not None else ():
        if code // 100 == 2:
            found.setdefault(one.name, one)
        else:
            failed[one.name] = code


def _code(text: str) -> int | None:
    match = _CODE.fullmatch(text)
    return int(match[1]) if match else None


def _errors(holder: Element) -> tuple[str, ...]:
    error = holder.child(f"{DAV}error")
    return tuple(one.name for one in error.children) if error is not None else ()


def read_error(body: bytes) -> tuple[str, ...]:
    """The preconditions that an error's body names; none where it is no such body.

    Example:
        >>> read_error(b'<error xmlns="DAV:"><lock-token-submitted/></error>')
        ('{DAV:}lock-token-submitted',)
    """
    try:
        root = parse_xml(body, "an error")
    except (ProtocolError, LimitReached):
        return ()  # a page for people: the status says enough
    return tuple(one.name for one in root.children) if root.name == f"{DAV}error" else ()


def multistatus(resources: Iterable[Resource]) -> Iterator[bytes]:
    """A 207's body, a resource at a time.

    Example:
        >>> body = b"".join(multistatus([Resource("/a", 423)]))
        >>> b"<D:status>HTTP/1.1 423 Locked</D:status>" in body
        True
    """
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n'
    for one in resources:
        yield write_part(_response(one)) + b"\n"
    yield b"</D:multistatus>\n"


def _response(one: Resource) -> Element:
    parts = [Element(_HREF, one.href)]
    if one.found:
        parts.append(_propstat(tuple(one.found.values()), 200))
    for code in sorted(set(one.failed.values())):
        names = [name for name, status in one.failed.items() if status == code]
        parts.append(_propstat(tuple(Element(name) for name in names), code))
    if one.status is not None:
        parts.append(Element(_STATUS, _status_line(one.status)))
    elif not one.found and not one.failed:
        parts.append(_propstat((), 200))
    if one.errors:
        parts.append(Element(f"{DAV}error", children=elements(one.errors)))
    if one.words:
        parts.append(Element(f"{DAV}responsedescription", one.words))
    return Element(_RESPONSE, children=tuple(parts))


def _propstat(props: tuple[Element, ...], code: int) -> Element:
    return Element(_PROPSTAT, children=(
        Element(_PROP, children=props), Element(_STATUS, _status_line(code))))


def _status_line(code: int) -> str:
    try:
        words = HTTPStatus(code).phrase
    except ValueError:
        words = ""
    return f"HTTP/1.1 {code} {words}".rstrip()


def error_body(*conditions: str | Element) -> bytes:
    """The body of a 403, 409 or 423 that names what failed (RFC 4918 section 16).

    Example:
        >>> b"<D:lock-token-submitted/>" in error_body("lock-token-submitted")
        True
    """
    named = (one if isinstance(one, Element) else elements([one])[0] for one in conditions)
    return write_xml(Element(f"{DAV}error", children=tuple(named)))


# -- PROPFIND ---------------------------------------------------------------------------------


def propfind(names: Sequence[str] | None = None, *, kind: str = "prop") -> bytes:
    """What a PROPFIND sends.

    Args:
        names: of the properties; those without a namespace are WebDAV's. None asks for all.
        kind: ``"prop"``; ``"allprop"`` asks for those every resource has, and *names* besides;
            ``"propname"`` for the names alone.

    Raises:
        UsageError: no XML name.

    Example:
        >>> b"<D:prop><D:getetag/></D:prop>" in propfind(["getetag"])
        True
    """
    listed = elements(names or ())
    if kind == "propname":
        inside: tuple[Element, ...] = (Element(f"{DAV}propname"),)
    elif kind == "prop" and names is not None:
        inside = (Element(_PROP, children=listed),)
    else:
        inside = (Element(f"{DAV}allprop"),)
        if listed:
            inside += (Element(f"{DAV}include", children=listed),)
    return write_xml(Element(f"{DAV}propfind", children=inside))


def read_propfind(body: bytes) -> PropFind:
    """What a PROPFIND asks for; no body asks for all (RFC 4918 section 9.1).

    Raises:
        ProtocolError: it is no such body.

    Example:
        >>> read_propfind(b"").kind, read_propfind(propfind(["getetag"])).names
        ('allprop', ('{DAV:}getetag',))
    """
    if not body.strip():
        return PropFind("allprop")
    root = _rooted(body, "propfind", "PROPFIND")
    if (prop := root.child(_PROP)) is not None:
        return PropFind("prop", tuple(one.name for one in prop.children))
    if root.child(f"{DAV}propname") is not None:
        return PropFind("propname")
    if root.child(f"{DAV}allprop") is None:
        raise ProtocolError("PROPFIND: it asks for nothing")
    include = root.child(f"{DAV}include")
    return PropFind("allprop", tuple(one.name for one in include.children) if include else ())


def _rooted(body: bytes, name: str, what: str) -> Element:
    root = parse_xml(body, what)
    if root.name != f"{DAV}{name}":
        raise ProtocolError(f"{what}: a body that is no {name}")
    return root


# -- PROPPATCH --------------------------------------------------------------------------------


def proppatch(
    set: Mapping[str, str | Element] | None = None, remove: Iterable[str] = ()
) -> bytes:
    """What a PROPPATCH sends.

    Args:
        set: values by name: text, or an element whose content becomes the value.
        remove: names.

    Raises:
        UsageError: no XML name, or text that XML cannot hold.
    """
    inside = []
    for name, value in (set or {}).items():
        full = clark(name)
        one = (Element(full, value) if isinstance(value, str)
               else Element(full, value.text, value.children, value.attributes))
        inside.append(Element(f"{DAV}set", children=(Element(_PROP, children=(one,)),)))
    gone = elements(remove)
    if gone:
        inside.append(Element(f"{DAV}remove", children=(Element(_PROP, children=gone),)))
    return write_xml(Element(f"{DAV}propertyupdate", children=tuple(inside)))


def read_proppatch(body: bytes) -> list[tuple[Element, bool]]:
    """What a PROPPATCH changes, in its order: the property, and whether it is removed.

    Raises:
        ProtocolError: it is no such body.

    Example:
        >>> read_proppatch(proppatch(remove=["displayname"]))[0][1]
        True
    """
    root = _rooted(body, "propertyupdate", "PROPPATCH")
    return [
        (one, action.name == f"{DAV}remove")
        for action in root.children if action.name in (f"{DAV}set", f"{DAV}remove")
        for prop in action.children if prop.name == _PROP
        for one in prop.children
    ]


# -- LOCK -------------------------------------------------------------------------------------


def lockinfo(owner: str = "", *, shared: bool = False) -> bytes:
    """What a LOCK sends.

    Args:
        owner: who asks, for people who meet the lock.
        shared: whether others may hold one too.

    Example:
        >>> b"<D:exclusive/>" in lockinfo("ann")
        True
    """
    scope = Element(f"{DAV}{'shared' if shared else 'exclusive'}")
    inside = [Element(f"{DAV}lockscope", children=(scope,)),
              Element(f"{DAV}locktype", children=(Element(f"{DAV}write"),))]
    if owner:
        inside.append(Element(f"{DAV}owner", owner))
    return write_xml(Element(f"{DAV}lockinfo", children=tuple(inside)))


def read_lockinfo(body: bytes) -> LockRequest | None:
    """What a LOCK asks for; None where it refreshes one (it has no body then).

    Raises:
        ProtocolError: it is no such body, or no write lock.
    """
    if not body.strip():
        return None
    root = _rooted(body, "lockinfo", "LOCK")
    kind, scope = root.child(f"{DAV}locktype"), root.child(f"{DAV}lockscope")
    if kind is None or scope is None or kind.child(f"{DAV}write") is None:
        raise ProtocolError("LOCK: a kind of lock that there is not")
    return LockRequest(scope.child(f"{DAV}shared") is not None, root.child(f"{DAV}owner"))


def lock_element(lock: Lock, owner: Element | None = None) -> Element:
    """A lock as one ``activelock`` (RFC 4918 section 14.1), for ``{DAV:}lockdiscovery``.

    Args:
        lock: what it says.
        owner: as it was sent, where that was more than text.
    """
    scope = Element(f"{DAV}{'shared' if lock.shared else 'exclusive'}")
    inside = [
        Element(f"{DAV}locktype", children=(Element(f"{DAV}write"),)),
        Element(f"{DAV}lockscope", children=(scope,)),
        Element(f"{DAV}depth", "infinity" if lock.deep else "0"),
    ]
    if owner is not None or lock.owner:
        inside.append(owner or Element(f"{DAV}owner", lock.owner))
    inside.append(Element(f"{DAV}timeout", timeout(lock.timeout)))
    for name, text in (("locktoken", lock.token), ("lockroot", lock.root)):
        inside.append(Element(f"{DAV}{name}", children=(Element(_HREF, text),)))
    return Element(f"{DAV}activelock", children=tuple(inside))


def prop_body(*props: Element) -> bytes:
    """A ``prop`` as a document: what a LOCK is answered with."""
    return write_xml(Element(_PROP, children=props))


def read_locks(discovery: Element) -> list[Lock]:
    """The locks in a ``lockdiscovery``, or in the answer to a LOCK.

    Example:
        >>> lock = Lock("urn:uuid:1", "/a", "ann", 60.0)
        >>> read_locks(Element("{DAV:}lockdiscovery", children=(lock_element(lock),))) == [lock]
        True
    """
    if discovery.name == _PROP:
        found = discovery.child(f"{DAV}lockdiscovery")
        return [] if found is None else read_locks(found)
    return [_lock(one) for one in discovery.children if one.name == f"{DAV}activelock"]


def _lock(active: Element) -> Lock:
    token, root = active.child(f"{DAV}locktoken"), active.child(f"{DAV}lockroot")
    scope, owner = active.child(f"{DAV}lockscope"), active.child(f"{DAV}owner")
    return Lock(
        token.value(_HREF) if token is not None else "",
        root.value(_HREF) if root is not None else "",
        (owner.text.strip() or owner.value(_HREF)) if owner is not None else "",
        seconds(active.value(f"{DAV}timeout")),
        scope is not None and scope.child(f"{DAV}shared") is not None,
        active.value(f"{DAV}depth").lower() == "infinity",
    )


def timeout(wanted: float | None) -> str:
    """A time in seconds as the header Timeout and the element write it; None means never.

    Example:
        >>> timeout(60), timeout(None)
        ('Second-60', 'Infinite')
    """
    if wanted is None:
        return "Infinite"
    return f"Second-{min(FOREVER, max(1, int(wanted)))}"


def seconds(text: str) -> float | None:
    """The first time of a Timeout that can be read; None where that is infinite, or none is.

    Example:
        >>> seconds("Infinite, Second-60"), seconds("Second-60")
        (None, 60.0)
    """
    for one in text.split(","):
        word, _, number = one.strip().lower().partition("-")
        if word == "infinite":
            return None
        if word == "second" and number.isascii() and number.isdigit() and len(number) <= 10:
            return float(min(int(number), FOREVER))
    return None
