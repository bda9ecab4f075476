"""Files put together from parts that come in any order. Disk.

Parts of yEnc say where they belong and are written there at once; uuencoded ones do not, and wait
beside the file until all are there. A file has a temporary name until it is whole and its checksum
is right; one that stays incomplete is kept as ``NAME.incomplete``, with zeros where parts are
missing, for the programs that can repair it.
"""

from __future__ import annotations

import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..errors import LimitReached, TransferError
from ..mailboxes import disk_errors
from ..messages.codecs import uuencode, yenc
from ..wire.names import safe_name, unfinished
from ..wire.text import display
from .types import FetchedFile

__all__ = ["Assembly"]

LARGEST = 64 << 30
"""Bytes of one file: what its parts claim is believed up to here."""

_PIECE = 1 << 20


@dataclass
class Assembly:
    """One file on its way.

    Args:
        folder: where it goes.
        number: of the file in its list, for one without a name.
        segments: how many there are.
        hint: the name that the list gives it; the parts' own wins.
    """

    folder: Path
    number: int
    segments: int
    hint: str = ""
    missing: set[int] = field(default_factory=set)
    defects: list[str] = field(default_factory=list)
    _done: set[int] = field(default_factory=set)
    _name: str = ""
    _size: int = 0
    _bytes: int = 0
    _crc: int | None = None
    _file: BinaryIO | None = None
    _texts: dict[int, bytes] = field(default_factory=dict)

    @property
    def temporary(self) -> Path:
        """Where the bytes are until the file is whole."""
        return self.folder / unfinished(safe_name(f"news-{self.number}"))

    def add(self, number: int, body: bytes) -> None:
        """Take the body of an article: the segment *number*.

        Raises:
            NoSpace, Forbidden, TransferError: the disk refuses.
        """
        self._done.add(number)
        parts = yenc.find(body)
        if not parts:
            self._texts[number] = body
            return
        if len(parts) > 1:
            self._note(f"segment {number}: {len(parts)} files in one article; the first is taken")
        part = parts[0]
        for defect in part.defects:
            self._note(f"segment {number}: {defect}")
        self._name = self._name or part.name
        self._size = max(self._size, part.size)
        self._crc = part.whole_crc if part.whole_crc is not None else self._crc
        if part.part == 0 and self._crc is None:
            self._crc = part.crc
        self._write(part.begin, part.data)

    def _write(self, offset: int, data: bytes) -> None:
        if offset + len(data) > LARGEST:
            raise LimitReached(f"a part at byte {offset:,} of a file; the limit is {LARGEST:,}")
        with disk_errors(f"writing {self.temporary.name}"):
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = self.temporary.open("w+b")
            self._file.seek(offset)
            self._file.write(data)
        self._bytes += len(data)

    def _note(self, defect: str) -> None:
        if len(self.defects) < 100:
            self.defects.append(display(defect))

    def finish(self) -> FetchedFile:
        """No more will come: check, name, or keep as incomplete.

        Raises:
            NoSpace, Forbidden, TransferError: the disk refuses.
        """
        if self._file is None and self._texts:
            self._decode_texts()
        self.missing |= set(range(1, self.segments + 1)) - self._done
        if self._file is None:
            return FetchedFile(self._shown, None, 0, tuple(sorted(self.missing)),
                               tuple(self.defects))
        size = self._close()
        if self._size and size != self._size:
            self._note(f"it has {size:,} bytes, {self._size:,} were announced")
        if not self.missing and self._crc is not None and _crc_of(self.temporary) != self._crc:
            self._note("its checksum is another")
        whole = not self.missing and not self.defects
        place = self._free(self._shown if whole else f"{self._shown}.incomplete")
        with disk_errors(f"naming {place}"):
            self.temporary.replace(place)
        return FetchedFile(place.name, place, size, tuple(sorted(self.missing)),
                           tuple(self.defects))

    def discard(self) -> None:
        """Forget it."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self.temporary.unlink(missing_ok=True)

    def _decode_texts(self) -> None:
        """Uuencoded segments are one text, cut where the poster liked."""
        found = uuencode.find(b"\r\n".join([text.removesuffix(b"\r\n") for _, text
                                            in sorted(self._texts.items())]) + b"\r\n")
        if not found:
            self._note("neither yEnc nor uuencode was found in it")
            return
        self._name = self._name or found[0].name
        for defect in found[0].defects:
            self._note(defect)
        self._write(0, found[0].data)

    def _close(self) -> int:
        file = self._file
        if file is None:
            return 0
        with disk_errors(f"writing {self.temporary.name}"):
            size = file.seek(0, os.SEEK_END)
            file.flush()
            os.fsync(file.fileno())
            file.close()
        self._file = None
        return size

    @property
    def _shown(self) -> str:
        """The name on this disk: the parts', the list's, or a number."""
        for name in (self._name, self.hint):
            try:
                return safe_name(name)
            except TransferError:
                continue
        return f"file-{self.number}"

    def _free(self, name: str) -> Path:
        """A name that no other file has."""
        stem, dot, ending = name.rpartition(".")
        place, count = self.folder / name, 1
        while place.exists() or place.is_symlink():
            count += 1
            place = self.folder / (f"{stem} ({count}).{ending}" if dot and stem
                                   else f"{name} ({count})")
        return place


def _crc_of(path: Path) -> int:
    crc = 0
    with disk_errors(f"reading {path.name}"), path.open("rb") as file:
        while piece := file.read(_PIECE):
            crc = binascii.crc32(piece, crc)
    return crc
