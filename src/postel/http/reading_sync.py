# GENERATED from reading_async.py by tools/unasync.py: edit that file, not this one.
"""A file being read, from the start or from an offset, checked as it comes.

The rest of a file is only asked for with If-Range (RFC 9110 section 13.1.5): the server sends it
if the file is still the version that is known, and all of the new one if not. What comes instead
is told apart here, so that no mixed file can come to be:

- 206 beginning where it was asked to, of a file as long as it was: the rest.
- 200 with the same validator: a server that gives no parts. What comes before the offset is
  passed over.
- 200 with another validator, or none; a 206 that does not fit; a coding put on by the way:
  `Changed`. The download begins again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import (
    Changed,
    ChecksumMismatch,
    Conflict,
    Incomplete,
    PostelError,
    ProtocolError,
    TryLater,
)
from ..session.files_sync import Reading
from ..transport.clock_sync import today
from ..types import Entry
from ..urls import URL
from . import digests, kept, ranges
from .dates import parse as parse_date
from .decoders import Decoder
from .responses_sync import StreamResponse

if TYPE_CHECKING:
    from .adapter_sync import Adapter

__all__ = ["PLAIN", "HTTPReading"]

PLAIN = {"Accept-Encoding": "identity"}
"""Files are wanted as they are."""

SMALL = 1 << 18
"""Bytes of a file that is read ahead as a whole."""


class HTTPReading(Reading):
    """One GET of a file.

    Attributes:
        url: where it came from, redirects followed.
    """

    def __init__(self, files: Adapter, path: str, offset: int = 0) -> None:
        super().__init__(f"GET {path}")
        self.path, self.offset = path, offset
        self.url: URL | None = None
        self._files = files
        self._answer: StreamResponse | None = None
        self._flow: Iterator[bytes] | None = None
        self._ahead: list[bytes] = []
        self._failure: PostelError | None = None
        self._begun = False
        self._skip = 0
        self._hasher: object = None
        self._check: digests.Digest | None = None
        self._decoder: Decoder | None = None

    def __enter__(self) -> HTTPReading:
        if not self._begun:
            self._begin()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            self.close()
            raise failure
        return self

    def ahead(self) -> None:
        """Ask for it before its turn, and read it if it is small; a failure waits for its turn."""
        try:
            self._begin()
            if self._decoder is None and self.expected is not None and self.expected <= SMALL:
                while chunk := self._next():
                    self._ahead.append(chunk)
                self._ahead.append(b"")
                self._ahead.reverse()
        except PostelError as error:
            self._failure = error

    @property
    def put_off(self) -> bool:
        """Whether the server wants it asked for later (429, 503): it is asked too much at once."""
        return isinstance(self._failure, TryLater)

    # -- asking ----------------------------------------------------------------------------

    def _begin(self) -> None:
        self._begun = True
        files = self._files
        known = files.validated(self.path) if self.offset else None
        fields = {**PLAIN, "Want-Repr-Digest": digests.WANTED}
        if known is not None and known.validator is not None:
            fields |= {"Range": ranges.of(self.offset), "If-Range": known.validator}
        answer = files.site.web.stream("GET", files.site.place(self.path),
                                             headers=fields).open()
        self._answer, self.url = answer, answer.url
        try:
            files.site.heard(answer)
            self._judge(answer, known)
        except BaseException:
            answer.close()
            raise
        if answer.status == 416:  # the end of the file: what came is words, and no bytes of it
            self._answer = None
            answer.close()
            return
        self._flow = answer.iter_raw()

    def _judge(self, answer: StreamResponse, known: Entry | None) -> None:
        if answer.status == 416 and self._is_at_the_end(answer):
            self.expected = 0
            return
        if answer.status == 416:
            raise Changed(f"{self.name}: it is shorter than {self.offset:,} bytes now", code=416,
                          hint="it has changed since its beginning was read")
        answer.raise_for_status()
        if not self.path.endswith("/") and self._files.is_folder(answer):
            raise Conflict(f"{self.name}: it is a folder: the server leads to {answer.url}",
                           hint="with a slash behind it, the page of the folder is fetched")
        if answer.status == 206:
            self._judge_part(answer, known)
        elif answer.status == 200:
            self._judge_whole(answer, known)
        else:
            raise ProtocolError(f"{self.name}: {answer.status} is no answer that brings a file")

    def _is_at_the_end(self, answer: StreamResponse) -> bool:
        told = ranges.content_range(answer.headers.get("content-range", ""))
        return bool(self.offset) and told is not None and told.size == self.offset

    def _judge_part(self, answer: StreamResponse, known: Entry | None) -> None:
        if known is None or known.validator is None:
            raise ProtocolError(f"{self.name}: a part came (206), and all of it was asked for",
                                hint="something in between may answer from a broken cache")
        fault = kept.range_fault(answer.headers, self.offset, known.size)
        if not fault and kept.packed(self.path, answer.headers):
            fault = "it was packed on the way, and its offsets count packed bytes"
        tag = answer.headers.get("etag") or answer.headers.get("last-modified")
        if not fault and tag and not kept.same_file(known.validator, answer.headers, now=today()):
            fault = "it is of another version"
        if fault:
            raise Changed(f"{self.name}: the rest cannot be used: {fault}", code=206,
                          hint="the whole file can be fetched instead")
        told = ranges.content_range(answer.headers.get("content-range", ""))
        self.expected = told.length if told is not None else None
        self._told(answer)
        self._hash(digests.best(answer.headers.pairs, whole=False))

    def _judge_whole(self, answer: StreamResponse, known: Entry | None) -> None:
        if known is not None and known.validator is not None and not kept.same_file(
                known.validator, answer.headers, now=today()):
            raise Changed(f"{self.name}: it is not the file it was", code=200,
                          hint="it has changed since its beginning was read")
        self._skip = self.offset
        if kept.packed(self.path, answer.headers):
            self._decoder = Decoder(answer.headers.get("content-encoding", ""), largest=None,
                                    what=self.name)
        else:
            size = kept.length(answer.headers)
            if size is not None and size < self.offset:
                raise Changed(f"{self.name}: it has {size:,} bytes, not {self.offset:,}", code=200)
            self.expected = None if size is None else size - self.offset
        self._told(answer)
        self._hash(digests.best(answer.headers.pairs))

    def _told(self, answer: StreamResponse) -> None:
        """What the answer says of the whole file."""
        self.modified = parse_date(answer.headers.get("last-modified", ""), now=today())
        if self._decoder is None:
            self.validator = kept.validator(answer.headers, now=today()) or ""
            whole = digests.best(answer.headers.pairs, whole=True)
            if whole is not None:
                self.digest = (kept.registered(whole.name), whole.value.hex())

    def _hash(self, told: digests.Digest | None) -> None:
        self._check = told
        self._hasher = told.hasher() if told is not None else None

    # -- the bytes -------------------------------------------------------------------------

    def _chunk(self) -> bytes:
        if self._ahead:
            return self._ahead.pop()
        return self._next()

    def _next(self) -> bytes:
        while True:
            raw = self._raw()
            data = raw
            if self._decoder is not None:
                if raw:
                    data = b"".join(self._decoder.feed(raw))
                else:
                    self._decoder.finish()
            if not raw:
                self._end()
                return b""
            if self._skip:
                passed = min(self._skip, len(data))
                data, self._skip = data[passed:], self._skip - passed
            if data:
                return data

    def _raw(self) -> bytes:
        if self._flow is None:
            return b""
        try:
            chunk = self._flow.__next__()
        except StopIteration:
            return b""
        if self._hasher is not None:
            self._hasher.update(chunk)  # type: ignore[attr-defined]
        return chunk

    def _end(self) -> None:
        """All has come: it must be as long, and the same, as was announced."""
        done = self._answer.done if self._answer is not None else 0
        whole = self.expected if self._decoder is None else None
        brought = done - (self.offset if self._answer is not None
                          and self._answer.status == 200 else 0)
        if whole is not None and brought != whole:
            raise Incomplete(f"{self.name}: {brought:,} bytes came, {whole:,} were announced",
                             hint="the connection ended early; try again: it goes on there")
        if self._skip:
            raise Changed(f"{self.name}: it has become shorter than {self.offset:,} bytes")
        if self._check is not None and self._hasher is not None:
            found = self._hasher.digest()  # type: ignore[attr-defined]
            if found != self._check.value:
                raise ChecksumMismatch(
                    f"{self.name}: {self._check.name} is {found.hex()}, and the server said "
                    f"{self._check.value.hex()}",
                    hint="the transfer was damaged, or something in between changed it")
            self._check = None

    def _let_go(self) -> None:
        if self._answer is not None:
            self._answer.close()

    def close(self) -> None:
        """Give up the rest; may be called twice."""
        super().close()
        self._let_go()
