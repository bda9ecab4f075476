"""One part of a message: where it is in the raw bytes, and what is in it, on demand. Grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import charsets, codecs
from .defects import Defect
from .headers import Headers
from .parameters import parse_parameters
from .structure import Node, scan

if TYPE_CHECKING:
    from .parsed import Parsed

__all__ = ["Part"]

_META = re.compile(
    rb"<meta[^>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_XML = re.compile(rb"<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9_.:-]{2,40})")
_WRAPPED = 8
"""Messages and multiparts that are encoded as a whole are opened this deep within each other."""


class Part:
    """A part of a message, or the whole of it.

    Attributes:
        raw: the bytes that the offsets are about: the message, or an encoded part around this.
        start: offset of its header section.
        body: offset of its body.
        end: offset of its end; the line end before a boundary is not part of it.
        headers: its fields.
        content_type: in lower case, as it acts: ``text/plain`` where none is given.
        parameters: those of the content type, by lower-case name.
        encoding: the transfer encoding, lower case; "" where none is given.

    Example:
        >>> from postel.messages import parse
        >>> root = parse(b"Content-Type: text/html; charset=utf-8\\n\\n<b>hi</b>").root
        >>> root.content_type, root.charset, root.content
        ('text/html', 'utf-8', b'<b>hi</b>')
    """

    __slots__ = ("_children", "_content", "_depth", "_disposition", "_node", "_view", "body",
                 "content_type", "encoding", "end", "headers", "parameters", "raw", "start")

    def __init__(self, raw: bytes, view: bytes, node: Node, depth: int = 0) -> None:
        self.raw, self._view, self._node, self._depth = raw, view, node, depth
        self.start, self.body, self.end = node.start, node.body, node.end
        self.headers: Headers = node.headers
        self.content_type, self.parameters = node.type, node.parameters
        self.encoding = node.encoding
        self._children: tuple[Part, ...] | None = None
        self._content: codecs.Decoded | None = None
        self._disposition: tuple[str, dict[str, str]] | None = None

    # what it says of itself

    @property
    def charset(self) -> str | None:
        """The character set as declared; None if none is."""
        return self.parameters.get("charset") or None

    def _disposed(self) -> tuple[str, dict[str, str]]:
        if self._disposition is None:
            text = self.headers.text("content-disposition")
            self._disposition = parse_parameters(text) if text else ("", {})
        return self._disposition

    @property
    def disposition(self) -> str:
        """``inline``, ``attachment``, another word, or ""."""
        return self._disposed()[0]

    @property
    def filename(self) -> str | None:
        """The name it is given, as written: no path to trust; see `Parsed.attachments`."""
        return self._disposed()[1].get("filename") or self.parameters.get("name") or None

    @property
    def content_id(self) -> str:
        """Its Content-ID without angle brackets, or ""."""
        return self.headers.text("content-id").strip("<> ")

    @property
    def is_multipart(self) -> bool:
        """Whether it is made of parts."""
        return self.content_type.startswith("multipart/") and bool(self.children)

    @property
    def is_attachment(self) -> bool:
        """Whether it says so, or has a name and is no text or picture within the text."""
        if self.disposition:
            return self.disposition != "inline"
        return self.filename is not None and not self.content_type.startswith("multipart/")

    # what is in it

    @property
    def children(self) -> tuple[Part, ...]:
        """The parts of a multipart; the message in a message/rfc822."""
        if self._children is None:
            nodes = self._node.children
            if nodes:
                self._children = tuple(
                    Part(self.raw, self._view, node, self._depth) for node in nodes)
            else:
                self._children = self._unwrapped()
        return self._children

    def _unwrapped(self) -> tuple[Part, ...]:
        """What is in a message or multipart that is encoded as a whole, against RFC 2045."""
        kind = self.content_type
        nested = kind in ("message/rfc822", "message/global", "message/news")
        if not (nested or kind.startswith("multipart/")) or self._depth >= _WRAPPED or (
                self.encoding not in ("base64", "quoted-printable", "x-uuencode")):
            return ()
        data = self.content
        if nested:
            return (Part(data, data, scan(data), self._depth + 1),)
        typed = self.headers.bytes("content-type")[0].strip(b"\r\n")
        whole = b"Content-Type:" + typed + b"\n\n" + data
        inner = Part(whole, whole, scan(whole), self._depth + 1)
        return inner.children

    @property
    def source(self) -> bytes:
        """All of it as it came, headers and body."""
        return self.raw[self.start : self.end]

    @property
    def encoded(self) -> bytes:
        """Its body as it came."""
        return self.raw[self.body : self.end]

    def _decoded(self) -> codecs.Decoded:
        if self._content is not None:
            return self._content
        if self._node.children:  # not kept: with many levels it would be the message many times
            return codecs.Decoded(self.encoded)
        plain = self.encoding in codecs.IDENTITY
        self._content = (codecs.Decoded(self.encoded) if plain
                         else codecs.decode(self.encoding, self.encoded))
        return self._content

    @property
    def content(self) -> bytes:
        """Its body, with the transfer encoding undone."""
        return self._decoded().data

    @property
    def preamble(self) -> bytes:
        """What stands in a multipart before its first boundary."""
        first = self._node.first
        return self.raw[self.body : first] if first >= 0 else b""

    @property
    def epilogue(self) -> bytes:
        """What stands in a multipart behind its last boundary."""
        closed = self._node.closed
        return self.raw[closed : self.end] if closed >= 0 else b""

    @property
    def decoded(self) -> charsets.Text:
        """Its content as text with line ends of LF, whatever type it has."""
        data = self.content
        charset = self.charset
        if charset is None and not data.isascii() and self.content_type.endswith(("html", "xml")):
            found = _META.search(data, 0, 4_096) or _XML.search(data, 0, 200)
            charset = found[1].decode("ascii") if found else None
        text = charsets.decode(data, charset)
        if "\r" not in text:
            return text
        lines = text.replace("\r\n", "\n")
        made = charsets.Text(lines.replace("\r", "\n") if "\r" in lines else lines)
        made.charset, made.defect = text.charset, text.defect
        return made

    @property
    def text(self) -> str:
        """Its content as a person reads it: paragraphs of format=flowed joined, HTML as text.

        Other types than texts give "".
        """
        kind = self.content_type
        if kind == "text/html":
            from .html_text import html_to_text

            return html_to_text(self.decoded)
        if not kind.startswith("text/"):
            return ""
        if self.parameters.get("format", "").lower() == "flowed" and kind == "text/plain":
            from .flowed import unflowed

            return unflowed(self.decoded, delsp=self.parameters.get("delsp", "").lower() == "yes")
        return str(self.decoded)

    @property
    def message(self) -> Parsed | None:
        """The message in a message/rfc822; None in other parts."""
        if not self.content_type.startswith("message/") or not self.children:
            return None
        from .parsed import Parsed

        return Parsed(self.children[0].source)

    def walk(self) -> Iterator[Part]:
        """This part and all within it, in the order of the bytes, however deep."""
        todo = [self]
        while todo:
            part = todo.pop()
            yield part
            todo.extend(reversed(part.children))

    @property
    def defects(self) -> list[Defect]:
        """What is wrong with this part by itself, its content decoded for the purpose."""
        found = [Defect(at, text) for at, text in self._node.defects]
        found += self.headers.defects
        if self.content_type.startswith(("multipart/", "message/")) and (
                self.encoding not in codecs.IDENTITY):
            found.append(Defect(self.start, f"a {self.content_type} is encoded as a whole"))
        if not self._node.children:
            found += [Defect(self.body, text) for text in self._decoded().defects]
            if self.content_type.startswith("text/") and (defect := self.decoded.defect):
                found.append(Defect(self.body, defect))
        return found

    def __repr__(self) -> str:
        name = f" {self.filename!r}" if self.filename else ""
        return f"<Part {self.content_type}{name}, bytes {self.start} to {self.end}>"
