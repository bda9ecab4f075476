"""TNEF: what Outlook puts into ``winmail.dat`` (MS-OXTNEF). Grammar: pure.

A stream of attributes, of the message first, then of each attachment; a checksum of 16 bits is
behind each. Most of what matters is in two of them, which hold MAPI properties (see `mapi`): the
body as text, HTML or compressed RTF, long names of attachments, messages within messages.

As with every message, nothing raises: what is broken is left out and told in `Tnef.defects`. Names
are as they came; `Tnef.attachments` also has them safe to save.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from . import charsets
from .attachments import file_name, unlike
from .lzfu import decompress
from .mapi import MAPI, Value, properties

__all__ = ["SIGNATURE", "Tnef", "TnefAttachment", "is_tnef", "read_tnef"]

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST = 10_000  # attributes
DEPTH = 10  # messages within messages
_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
_HEAD = struct.Struct("<BII")
_SUBJECT, _BODY, _CLASS, _ID = 0x8004, 0x800C, 0x8008, 0x8009
_PROPERTIES, _CODEPAGE = 0x9003, 0x9007
_BEGIN, _DATA, _TITLE, _MORE = 0x9002, 0x800F, 0x8010, 0x9005
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage


@dataclass(frozen=True)
class TnefAttachment:
    """A file in a TNEF stream.

    Args:
        name: safe to save under.
        given: the name as it came; "" if none came.
        content_type: as it came; "" if none came.
        content: its bytes.
        content_id: by which the HTML body names it; "" if it does not.
        message: what is in it, if it is a message of this kind itself.
    """

    name: str
    given: str
    content_type: str
    content: bytes
    content_id: str = ""
    message: Tnef | None = None


@dataclass(frozen=True)
class Tnef:
    """What is in a TNEF stream.

    Args:
        subject: of the message.
        message_class: such as ``IPM.Note`` or ``IPM.Appointment``.
        text: the body as text; "" if it is not there.
        html: the body as HTML; None if it is not there. Clean it before it is shown.
        rtf: the body as RTF, unpacked; None if it is not there.
        attachments: the files.
        properties: the message's MAPI properties by their number, or their name.
        defects: what was broken.
    """

    subject: str
    message_class: str
    text: str
    html: str | None
    rtf: bytes | None
    attachments: tuple[TnefAttachment, ...]
    properties: Mapping[int | str, Value] = field(repr=False)
    defects: tuple[str, ...]


def is_tnef(content_type: str, data: bytes) -> bool:
    """Whether a part is TNEF, by its type or its first bytes.

    Example:
        >>> is_tnef("application/octet-stream", SIGNATURE + bytes(2)), is_tnef("text/plain", b"")
        (True, False)
    """
    return content_type in _TYPES or data.startswith(SIGNATURE)


def read_tnef(data: bytes, depth: int = 0) -> Tnef:
    """What is in a TNEF stream; never raises.

    Args:
        data: the content of ``winmail.dat``.
        depth: how many messages it is within.

    Example:
        >>> read_tnef(b"no TNEF").defects
        ('it does not begin as TNEF',)
    """
    return _Reader(data, depth).read()


@dataclass(slots=True)
class _File:
    """An attachment on the way."""

    title: bytes = b""
    data: bytes = b""
    properties: dict[int | str, Value] = field(default_factory=dict)


class _Reader:
    def __init__(self, data: bytes, depth: int) -> None:
        self.data, self.depth = data, depth
        self.defects: list[str] = []
        self.files: list[_File] = []
        self.found: dict[int, bytes] = {}
        self.properties: dict[int | str, Value] = {}
        self.charset = "cp1252"

    def read(self) -> Tnef:
        """All of it."""
        raw: list[tuple[int, bytes]] = list(self.attributes())
        for number, value in raw:
            if number == _CODEPAGE and len(value) >= 4:
                page = int.from_bytes(value[:4], "little")
                self.charset = "utf-8" if page == 65001 else f"cp{page}"
        for number, value in raw:
            self.take(number, value)
        return self.made()

    def attributes(self) -> Iterator[tuple[int, bytes]]:
        """Number and content of each attribute."""
        data = self.data
        if not data.startswith(SIGNATURE):
            self.defects.append("it does not begin as TNEF")
            return
        at = 6
        for _ in range(MOST):
            if at + _HEAD.size > len(data):
                break
            level, number, length = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            if level not in (1, 2):
                self.defects.append(f"byte {at}: something that is no attribute")
                return
            value = data[at : at + length]
            at += length
            if len(value) < length:
                self.defects.append(f"byte {len(data)}: it ends within an attribute")
            elif sum(value) & 0xFFFF != int.from_bytes(data[at : at + 2], "little"):
                self.defects.append(f"byte {at}: a wrong checksum")
            yield number & 0xFFFF, value
            at += 2
        else:
            self.defects.append(f"more than {MOST} attributes")

    def take(self, number: int, value: bytes) -> None:
        """Note an attribute of the message, or of the attachment that was begun last."""
        if number == _BEGIN:
            self.files.append(_File())
        elif number in (_DATA, _TITLE, _MORE) and not self.files:
            self.defects.append("an attachment has no beginning")
        elif number == _DATA:
            self.files[-1].data = value
        elif number == _TITLE:
            self.files[-1].title = value
        elif number == _MORE:
            self.files[-1].properties.update(self.mapi(value))
        elif number == _PROPERTIES:
            self.properties.update(self.mapi(value))
        else:
            self.found.setdefault(number, value)

    def mapi(self, value: bytes) -> dict[int | str, Value]:
        """The properties in an attribute."""
        found, defects = properties(value, self.charset)
        self.defects += defects
        return found

    def text(self, raw: bytes) -> str:
        """A text of a plain attribute, up to its NUL."""
        return str(charsets.decode(raw.split(b"\0")[0], self.charset))

    def made(self) -> Tnef:
        """What was found."""
        have = self.properties
        packed = have.get(MAPI.RTF)
        rtf = None
        if isinstance(packed, bytes):
            rtf, defect = decompress(packed)
            self.defects += [defect] if defect else []
        html = have.get(MAPI.HTML)
        if isinstance(html, bytes):
            page = have.get(MAPI.CODEPAGE)
            charset = f"cp{page}" if isinstance(page, int) else None
            html = str(charsets.decode(html.rstrip(b"\0"), charset))
        names: set[str] = set()
        counts: dict[str, int] = {}
        files = tuple(self.attachment(one, names, counts) for one in self.files)
        return Tnef(
            _string(have.get(MAPI.SUBJECT)) or self.text(self.found.get(_SUBJECT, b"")),
            _string(have.get(MAPI.CLASS)) or self.text(self.found.get(_CLASS, b"")),
            _string(have.get(MAPI.BODY)) or self.text(self.found.get(_BODY, b"")),
            html if isinstance(html, str) else None, rtf, files, have, tuple(self.defects))

    def attachment(self, one: _File, names: set[str], counts: dict[str, int]) -> TnefAttachment:
        """A file, with its best name."""
        have = one.properties
        content, message = one.data, None
        data = have.get(MAPI.ATTACH_DATA)
        if isinstance(data, bytes):
            content = data
            if data.startswith(_EMBEDDED):
                content = data[16:]
                if self.depth < DEPTH:
                    message = read_tnef(content, self.depth + 1)
                    self.defects += [f"in an attachment: {text}" for text in message.defects]
        given = (_string(have.get(MAPI.LONG_NAME)) or _string(have.get(MAPI.SHORT_NAME))
                 or self.text(one.title) or _string(have.get(MAPI.DISPLAY_NAME)))
        kind = _string(have.get(MAPI.MIME)).lower()
        safe = unlike(file_name(given or None, kind or "application/octet-stream",
                                len(names) + 1), names, counts)
        names.add(safe.lower())
        return TnefAttachment(safe, given, kind, content,
                              _string(have.get(MAPI.CONTENT_ID)).strip("<>"), message)


def _string(value: Value | None) -> str:
    return value if isinstance(value, str) else ""
