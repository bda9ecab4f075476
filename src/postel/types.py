"""Values that several protocols share: what users hold in their hands. Frozen, typed, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Generic, Literal, TypeVar, cast

__all__ = [
    "Certificate",
    "Entry",
    "Features",
    "Kind",
    "Outcome",
    "Peer",
    "Progress",
    "Scheme",
    "Security",
    "ServerInfo",
]

Security = Literal["auto", "tls", "starttls", "plain"]
T = TypeVar("T")
_NO_FACTS: Mapping[str, str] = {}


class Kind(Enum):
    """What an entry of a listing is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder, whatever the protocol.

    Args:
        name: as the server gave it; bytes that are no valid text are surrogate-escaped.
        kind: file, folder, link or other.
        size: in bytes; None where the server does not say.
        modified: time of last change; aware (UTC) where the zone is known, else naive.
        precision: how exact *modified* is, in seconds (1, 60, 86400); None when unknown.
        mode: permission bits as in ``os.stat``; None where unknown.
        owner: the owner's name or number as listed, else None.
        group: the group's name or number as listed, else None.
        target: where a link points, else None.
        facts: further facts by lower-case name (RFC 3659 section 7.5).
        raw: the line it was read from.
        validator: a tag that is another one whenever the bytes are: a strong ETag.

    Example:
        >>> Entry("notes.txt", Kind.FILE, size=12).is_file
        True
    """

    name: str
    kind: Kind
    size: int | None = None
    modified: datetime | None = None
    precision: float | None = None
    mode: int | None = None
    owner: str | None = None
    group: str | None = None
    target: str | None = None
    facts: Mapping[str, str] = field(default_factory=lambda: _NO_FACTS)
    raw: str = ""
    validator: str | None = None

    @property
    def exact_size(self) -> int | None:
        """The size in bytes, unless it is rounded or counted in something else."""
        return None if "size-unit" in self.facts else self.size

    @property
    def is_file(self) -> bool:
        """Whether this is a plain file."""
        return self.kind is Kind.FILE

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder."""
        return self.kind is Kind.FOLDER

    @property
    def is_link(self) -> bool:
        """Whether this is a symbolic link."""
        return self.kind is Kind.LINK


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer has come; handed to ``progress=`` callbacks.

    Args:
        name: the file or message in work.
        done: bytes so far, those of a resumed beginning included.
        total: bytes in all; None when unknown.
        seconds: time since it began.
        started_at: bytes that were there before (a resumed transfer).

    Example:
        >>> Progress("a.iso", done=50, total=100, seconds=2.0).rate
        25.0
    """

    name: str
    done: int
    total: int | None
    seconds: float
    started_at: int = 0

    @property
    def rate(self) -> float:
        """Bytes per second of this run."""
        return (self.done - self.started_at) / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds still to go at this rate; None when unknown."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.done) / self.rate


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a peer's certificate says.

    Args:
        subject: its common name, or the first of its names.
        issuer: the name of the authority that signed it.
        names: the DNS names and addresses it is for.
        not_before: start of its validity, UTC.
        not_after: end of its validity, UTC.
        fingerprint: SHA-256 of the certificate in hexadecimal, lower case.
        end_point: what SASL can bind a log-in to (RFC 5929), or None.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    fingerprint: str
    end_point: bytes | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection as it really is.

    Args:
        host: the name that was asked for.
        address: the address that answered.
        port: its port.
        tls: the TLS version (``"TLSv1.3"``), or None for clear text.
        cipher: the cipher suite, or None.
        certificate: what it proved itself with, or None.
    """

    host: str
    address: str
    port: int
    tls: str | None = None
    cipher: str | None = None
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server says it is.

    Args:
        greeting: the text of its greeting.
        software: the program's name and version as far as it tells, else "".
    """

    greeting: str
    software: str = ""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one of many: its value, or the error it met.

    Args:
        path: which one.
        value: the result; None where there is an error.
        error: why it failed, else None.

    Example:
        >>> Outcome("a.txt", 12).get()
        12
    """

    path: str
    value: T | None = None
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether it went well."""
        return self.error is None

    def get(self) -> T:
        """The value.

        Raises:
            PostelError: the error, if there was one.
        """
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


@dataclass(frozen=True, slots=True)
class Features:
    """What a file scheme or a server can do; its adapter declares it.

    Args:
        exact_sizes: whether listed sizes are exact.
        precision: of times in listings, in seconds; None where there are none.
        resume_read: whether a read can begin in the middle.
        resume_write: whether a write can.
        set_modified: whether times can be set.
        set_mode: whether permissions can.
        atomic_rename: whether a rename replaces an existing file in one step.
        symlinks: whether links are seen as such.
        digests: names of digests the server computes.
        copy: whether the server copies by itself.
        folds_case: whether names that differ in case alone are the same file.
        validators: whether a read from the middle is guarded by an entry's validator; without
            one, what is there of a file is not gone on with.
        rename: whether files can be renamed; without it uploads go to their final names.
    """

    exact_sizes: bool = True
    precision: float | None = 1.0
    resume_read: bool = True
    resume_write: bool = True
    set_modified: bool = True
    set_mode: bool = False
    atomic_rename: bool = True
    symlinks: bool = False
    digests: tuple[str, ...] = ()
    copy: bool = False
    folds_case: bool = False
    validators: bool = False
    rename: bool = True


@dataclass(frozen=True, slots=True)
class Scheme:
    """A URL scheme: what it is, and what works today.

    Args:
        name: as in URLs.
        family: files, mail, news …
        port: the well-known one; None where there is none.
        tls: when TLS is used, in words.
        verbs: what can be done.
        package: the protocol's package, loaded on use; "" for this machine's own files.
        about: one line.
        site: the class of *package* that speaks files for a URL, by its sync name.
    """

    name: str
    family: str
    port: int | None
    tls: str
    verbs: tuple[str, ...]
    package: str
    about: str
    site: str = "Client"
