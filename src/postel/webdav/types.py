"""What users of WebDAV hold in their hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Condition", "Element", "Lock", "LockRequest", "PropFind", "Quota", "Resource"]

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Element:
    """One XML element, such as the value of a property.

    Args:
        name: with its namespace, as ``{DAV:}getetag``.
        text: the character data directly in it.
        children: the elements in it, in order.
        attributes: by name; those of a namespace as ``{http://…}name``.

    Example:
        >>> Element("{DAV:}getetag", '"abc"').local
        'getetag'
    """

    name: str
    text: str = ""
    children: tuple[Element, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def local(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition("}")[2]

    def child(self, name: str) -> Element | None:
        """The first element in it of that name."""
        return next((one for one in self.children if one.name == name), None)

    def value(self, name: str) -> str:
        """The text of the first element in it of that name, without blanks around it; or ""."""
        found = self.child(name)
        return "" if found is None else found.text.strip()


@dataclass(frozen=True, slots=True)
class Resource:
    """One ``response`` of a multistatus: a resource, and what the server tells of it.

    Args:
        href: as the server wrote it: a URL or a path, percent-encoded.
        status: of the resource as a whole, where the answer is about that; else None.
        found: the properties that it has (or that were changed), by their names.
        failed: the status of every other property that was asked for.
        errors: the preconditions that failed (``{DAV:}lock-token-submitted``).
        words: what the server says about it, for people.
    """

    href: str
    status: int | None = None
    found: Mapping[str, Element] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    words: str = ""

    def text(self, name: str) -> str | None:
        """The text of the property *name*, without blanks around it; None where there is none."""
        found = self.found.get(name)
        return None if found is None else found.text.strip()


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock on a resource (RFC 4918 section 6).

    Args:
        token: its URI; what may be done under the lock is done by naming it.
        root: the path or URL it was taken on.
        owner: who holds it, as they said.
        timeout: seconds until it ends by itself; None means never.
        shared: whether others may hold one too.
        deep: whether it covers everything below a folder.
    """

    token: str
    root: str = ""
    owner: str = ""
    timeout: float | None = None
    shared: bool = False
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """How much room there is (RFC 4331); None where the server does not tell.

    Args:
        available: bytes that may still be stored.
        used: bytes that are stored.
    """

    available: int | None
    used: int | None


@dataclass(frozen=True, slots=True)
class PropFind:
    """What a PROPFIND asks for (RFC 4918 section 14.20).

    Args:
        kind: ``"prop"`` for the named ones, ``"allprop"``, or ``"propname"`` for names alone.
        names: of the properties; with ``"allprop"`` those wanted besides (``include``).
    """

    kind: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockRequest:
    """What a LOCK asks for (RFC 4918 section 14.11).

    Args:
        shared: whether others may hold one too.
        owner: who asks, as XML: it comes back as it was sent.
    """

    shared: bool = False
    owner: Element | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One list of an ``If`` header: all of it must hold (RFC 4918 section 10.4).

    Args:
        resource: the URL or path it is about; "" is the one requested.
        tests: of each: whether it is negated, its kind (``"token"`` or ``"etag"``), its value.
    """

    resource: str
    tests: Sequence[tuple[bool, str, str]]
