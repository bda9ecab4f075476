"""XML as WebDAV uses it: read without its dangers, written without its traps. Grammar.

Expat reads. A document type declaration is refused, and with it every entity but the five
predefined ones: no billion laughs, no file or URL is ever fetched (RFC 4918 section 20.6). Depth,
elements, text and the bytes of one token are capped, because expat parses what is unfinished
again with every piece (linear only as long as a token ends).

A multistatus may be larger than memory, so a reader hands out each finished element of a level
and forgets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn
from xml.parsers import expat

from ..errors import LimitReached, ProtocolError, UsageError
from .types import Element

__all__ = [
    "DAV",
    "ElementReader",
    "clark",
    "elements",
    "parse_xml",
    "qualified",
    "write_part",
    "write_xml",
]

DAV = "{DAV:}"
"""The namespace of WebDAV's own names."""

DEEPEST = 64
"""Elements one inside the other."""
LARGEST = 4_194_304
"""Bytes of the text, attributes and names of one resource; and of one token."""
MOST_ELEMENTS = 20_000
"""Elements of one resource."""
_NODE = 64  # what an element costs besides its text, against LARGEST
_PIECE = 65_536

_NCNAME = re.compile(r"[^\W\d][\w.-]*")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;",
            "\n": "&#10;", "\t": "&#9;"}
_IN_TEXT = re.compile("[&<>\r]")
_IN_ATTRIBUTE = re.compile('[&<>"\r\n\t]')


class _Open:
    """An element whose end has not come."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.text: list[str] = []
        self.children: list[Element] = []

    def close(self) -> Element:
        return Element(self.name, "".join(self.text), tuple(self.children), self.attributes)


class ElementReader:
    """XML in pieces in; the finished elements of one level out.

    Args:
        what: is being read, for errors.
        level: 0 hands out the root when it ends, 1 each child of the root, and so on.

    Example:
        >>> reader = ElementReader("a test", level=1)
        >>> [one.text for one in reader.feed(b"<a><b>1</b><b>2</b")]
        ['1']
        >>> [one.text for one in reader.feed(b"></a>")]
        ['2']
        >>> reader.finish()
    """

    def __init__(self, what: str, *, level: int = 0) -> None:
        self.what, self.level = what, level
        self.root = ""
        self._open: list[_Open] = []
        self._done: list[Element] = []
        self._count = self._size = self._since = 0
        self._trouble: Exception | None = None
        parser = self._parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.ProcessingInstructionHandler = self._moved
        parser.CommentHandler = self._moved

    def feed(self, data: bytes) -> list[Element]:
        """Take *data*; return the elements of the level that have ended.

        Raises:
            ProtocolError: it is no XML, or has a document type.
            LimitReached: it is deeper or larger than is kept.
        """
        for at in range(0, len(data), _PIECE):
            self._parse(data[at : at + _PIECE], False)
        done, self._done = self._done, []
        return done

    def finish(self) -> None:
        """All has come.

        Raises:
            ProtocolError: it does not end where XML ends.
        """
        self._parse(b"", True)

    def _parse(self, piece: bytes, last: bool) -> None:
        self._since += len(piece)
        if self._since > LARGEST:
            self._refuse(f"one token of over {LARGEST:,} bytes")
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            raise ProtocolError(
                f"{self.what}: no XML: {expat.ErrorString(error.code)}, line {error.lineno}",
                hint="the server may have answered with a page of its own, or was cut short",
            ) from None
        except (ValueError, LookupError):  # an encoding that Python has no table for
            raise ProtocolError(f"{self.what}: XML in an encoding nobody knows") from None

    # -- what expat calls ------------------------------------------------------------------

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._since = 0
        depth = len(self._open)
        if depth == self.level:
            self._count = self._size = 0
        self._count += 1
        self._size += _NODE + len(name) + sum(
            len(key) + len(value) + _NODE for key, value in attributes.items())
        self._check(depth)
        if not depth:
            self.root = _clark(name)
        named = {"{" + key if "}" in key else key: value for key, value in attributes.items()}
        self._open.append(_Open(_clark(name), named))

    def _end(self, name: str) -> None:
        self._since = 0
        done = self._open.pop().close()
        depth = len(self._open)
        if depth == self.level:
            self._done.append(done)
        elif depth > self.level:
            self._open[-1].children.append(done)

    def _text(self, text: str) -> None:
        self._since = 0
        if len(self._open) > self.level:
            self._size += len(text)
            self._check(len(self._open))
            self._open[-1].text.append(text)

    def _check(self, depth: int) -> None:
        if depth >= DEEPEST:
            self._refuse(f"elements over {DEEPEST} deep")
        if self._count > MOST_ELEMENTS:
            self._refuse(f"over {MOST_ELEMENTS:,} elements of one resource")
        if self._size > LARGEST:
            self._refuse(f"over {LARGEST:,} bytes of one resource")

    def _moved(self, *_: object) -> None:
        self._since = 0

    def _doctype(self, *_: object) -> NoReturn:
        raise ProtocolError(
            f"{self.what}: XML with a document type",
            hint="WebDAV has none, and its entities are a way to attack who reads it")

    _entity = _doctype

    def _refuse(self, what: str) -> NoReturn:
        raise LimitReached(f"{self.what}: {what}", hint="nobody needs that much: it is refused")


def parse_xml(data: bytes, what: str) -> Element:
    """The root element of a small document.

    Args:
        data: all of it.
        what: it is, for errors.

    Raises:
        ProtocolError: it is no XML, or has a document type.
        LimitReached: it is deeper or larger than is kept.

    Example:
        >>> parse_xml(b'<D:prop xmlns:D="DAV:"><D:getetag/></D:prop>', "a body").children[0].name
        '{DAV:}getetag'
    """
    reader = ElementReader(what)
    found = reader.feed(data)
    reader.finish()
    return found[0]


def qualified(name: str) -> tuple[str, str]:
    """The namespace and the local name of a property; without a namespace it is WebDAV's.

    Raises:
        UsageError: no XML name.

    Example:
        >>> qualified("getetag"), qualified("{http://owncloud.org/ns}checksums")
        (('DAV:', 'getetag'), ('http://owncloud.org/ns', 'checksums'))
    """
    space, local = "DAV:", name
    if name.startswith("{"):
        space, brace, local = name[1:].partition("}")
        if not brace:
            local = ""
    if not _NCNAME.fullmatch(local) or _NOT_XML.search(space):
        raise UsageError(f"property {name!a}: no XML name",
                         hint='write "getetag", or "{http://example.org/ns}name"')
    return space, local


def clark(name: str) -> str:
    """A property's full name.

    Raises:
        UsageError: no XML name.

    Example:
        >>> clark("getetag")
        '{DAV:}getetag'
    """
    space, local = qualified(name)
    return f"{{{space}}}{local}"


def write_xml(root: Element) -> bytes:
    """A document of one element, in UTF-8.

    Raises:
        UsageError: a name or text that XML cannot hold.

    Example:
        >>> print(write_xml(Element("{DAV:}owner", "a < b")).decode().splitlines()[1])
        <D:owner xmlns:D="DAV:">a &lt; b</D:owner>
    """
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + write_part(root, alone=True) + b"\n"


def write_part(part: Element, *, alone: bool = False) -> bytes:
    """An element as it stands in a document that has declared ``D`` as WebDAV's prefix.

    Args:
        part: the element.
        alone: whether it declares that prefix itself.

    Raises:
        UsageError: a name or text that XML cannot hold.
    """
    spaces: dict[str, str] = {"DAV:": "D"}
    body: list[str] = []
    _write(part, spaces, body, 0)
    declared = "".join(f' xmlns:{prefix}="{_escape(space, _IN_ATTRIBUTE)}"'
                       for space, prefix in spaces.items() if alone or prefix != "D")
    cut = next(at for at, char in enumerate(body[0]) if char in " />")
    body[0] = body[0][:cut] + declared + body[0][cut:]
    return "".join(body).encode()


def _write(one: Element, spaces: dict[str, str], body: list[str], depth: int) -> None:
    if depth > DEEPEST:
        raise UsageError(f"XML over {DEEPEST} deep is not sent")
    name = _prefixed(one.name, spaces)
    attributes = "".join(
        f' {_prefixed(key, spaces) if key.startswith("{") else qualified(key)[1]}'
        f'="{_escape(value, _IN_ATTRIBUTE)}"' for key, value in one.attributes.items())
    if not one.text and not one.children:
        body.append(f"<{name}{attributes}/>")
        return
    body.append(f"<{name}{attributes}>")
    body.append(_escape(one.text, _IN_TEXT))
    for child in one.children:
        _write(child, spaces, body, depth + 1)
    body.append(f"</{name}>")


def _prefixed(name: str, spaces: dict[str, str]) -> str:
    space, local = qualified(name)
    if not space:
        return local
    if space == "http://www.w3.org/XML/1998/namespace":
        return f"xml:{local}"
    return f"{spaces.setdefault(space, f'n{len(spaces)}')}:{local}"


def _escape(text: str, unsafe: re.Pattern[str]) -> str:
    if _NOT_XML.search(text):
        raise UsageError(f"{text[:60]!a}: XML has no way to write one of its characters")
    return unsafe.sub(lambda found: _ESCAPES[found[0]], text)


def _clark(name: str) -> str:
    """Expat says ``DAV:}prop``, and ``prop`` where there is no namespace."""
    if name.count("}") > 1:
        raise ProtocolError("XML: a namespace with a brace in it")
    return "{" + name if "}" in name else "{}" + name


def elements(names: Iterable[str]) -> tuple[Element, ...]:
    """An empty element of each name; without a namespace it is WebDAV's."""
    return tuple(Element(clark(name)) for name in names)
