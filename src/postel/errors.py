"""The one error tree: every failure of every protocol, and the exit code the command gives it.

The first question an error answers is whether the connection survives. A `ReplyError` is the peer
saying no: the connection lives. A `ProtocolError` is the peer breaking the rules: the connection
has been closed. A `NetworkError` is the way between: there is no connection any more. A
`UsageError` was found before anything was sent.

Each class is also the built-in error that people already catch: `NotFound` is a
`FileNotFoundError`, `TimedOut` a `TimeoutError`, `ConnectionLost` a `ConnectionError`.

    PostelError                                                        exit code
    ├── UsageError (ValueError)                                        2
    ├── NetworkError (OSError)                                         5
    │   ├── ResolveError, ConnectError
    │   ├── ConnectionLost (ConnectionError), TimedOut (TimeoutError)
    │   └── TLSError                                                   5
    │       └── CertificateError                                       4
    ├── ProtocolError                                                  5
    ├── BusyError                                                      1
    ├── ReplyError                                                     1
    │   ├── NotFound (FileNotFoundError)                               3
    │   ├── AuthenticationError, Forbidden (PermissionError), HostKeyError   4
    │   ├── AlreadyExists (FileExistsError), Changed, Conflict         8
    │   └── NoSpace, TryLater, NotSupported                            1
    ├── LimitReached                                                   7
    └── TransferError                                                  6
        └── Incomplete, ChecksumMismatch
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "AlreadyExists",
    "Attempt",
    "AuthenticationError",
    "BusyError",
    "CertificateError",
    "Changed",
    "ChecksumMismatch",
    "Conflict",
    "ConnectError",
    "ConnectionLost",
    "Forbidden",
    "HostKeyError",
    "Incomplete",
    "LimitReached",
    "NetworkError",
    "NoSpace",
    "NotFound",
    "NotSupported",
    "PostelError",
    "ProtocolError",
    "ReplyError",
    "ResolveError",
    "TLSError",
    "TimedOut",
    "TransferError",
    "TryLater",
    "UsageError",
    "located",
]


class PostelError(Exception):
    """Base of every error Postel raises.

    Args:
        message: what was attempted and what happened, with the server's own words; no secrets.
        hint: the likely cause and the remedy, as a colleague would put it; may be empty.
        command: the protocol command that failed, redacted.
        url: where it happened, without a password; `located` fills it in on the way out.
        code: the protocol's own number, where it has one.

    Example:
        >>> error = NotFound("RETR missing: 550 no such file", code=550, hint="list the folder")
        >>> isinstance(error, FileNotFoundError), error.exit_code, error.hint
        (True, 3, 'list the folder')
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str = "",
        *,
        hint: str = "",
        command: str = "",
        url: str | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.command = command
        self.url = url
        self.code = code
        if hint:
            self.add_note(f"hint: {hint}")

    def __str__(self) -> str:
        return self.message


class UsageError(PostelError, ValueError):
    """Your call is wrong; nothing was sent."""

    exit_code = 2


class NetworkError(PostelError, OSError):
    """The way to the server is broken; there is no connection any more."""

    exit_code = 5


class ResolveError(NetworkError):
    """The host name has no address."""


@dataclass(frozen=True)
class Attempt:
    """One address that was tried, and why it did not serve.

    Example:
        >>> print(Attempt("192.0.2.1 port 21", "refused", 0.01))
        192.0.2.1 port 21: refused
    """

    address: str
    reason: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"


class ConnectError(NetworkError):
    """No address of the host could be connected to; `attempts` has each with its own reason."""

    def __init__(
        self,
        message: str = "",
        *,
        attempts: Sequence[Attempt] = (),
        hint: str = "",
        command: str = "",
        url: str | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, command=command, url=url, code=code)
        self.attempts = tuple(attempts)


class ConnectionLost(NetworkError, ConnectionError):
    """The connection ended in the middle of something."""


class TimedOut(NetworkError, TimeoutError):
    """The operation's time was up; the connection has been closed."""


class TLSError(NetworkError):
    """The TLS handshake or a TLS record failed."""


class CertificateError(TLSError):
    """The peer's certificate does not prove that it is who it should be."""

    exit_code = 4


class ProtocolError(PostelError):
    """The peer broke the rules of the protocol; the connection has been closed."""

    exit_code = 5


class BusyError(PostelError):
    """Two callers on one connection, or a command while a body is still open."""


class ReplyError(PostelError):
    """The server said no; the connection lives.

    Args:
        message: what was asked and what the server answered.
        text: the server's own words, without its code.
        temporary: whether the same request may succeed later.
        hint: see `PostelError`.
        command: see `PostelError`.
        url: see `PostelError`.
        code: see `PostelError`.
    """

    def __init__(
        self,
        message: str = "",
        *,
        text: str = "",
        temporary: bool = False,
        hint: str = "",
        command: str = "",
        url: str | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, command=command, url=url, code=code)
        self.text = text
        self.temporary = temporary


class NotFound(ReplyError, FileNotFoundError):
    """There is no such file, message, group or name."""

    exit_code = 3


class AuthenticationError(ReplyError):
    """The log-in was refused, or would have sent a password in the clear."""

    exit_code = 4


class Forbidden(ReplyError, PermissionError):
    """You are known, but may not do this."""

    exit_code = 4


class HostKeyError(ReplyError):
    """The SSH host key is unknown or not the one on record."""

    exit_code = 4


class AlreadyExists(ReplyError, FileExistsError):
    """The name is taken, and overwriting was not asked for."""

    exit_code = 8


class Changed(ReplyError):
    """The file is not the one it was when the work began."""

    exit_code = 8


class Conflict(ReplyError):
    """Both sides changed, or the state does not allow the request."""

    exit_code = 8


class NoSpace(ReplyError):
    """The disk or the quota is full."""


class TryLater(ReplyError):
    """A temporary refusal: too many connections, a lock, maintenance.

    Attributes:
        retry_after: seconds after which the server wants to be asked again, where it says so.
    """

    retry_after: float | None = None


class NotSupported(ReplyError):
    """The server does not know the command, the option or the mechanism."""


class LimitReached(PostelError):
    """A limit you set, or one of Postel's safety caps."""

    exit_code = 7


class TransferError(PostelError):
    """The bytes arrived wrong."""

    exit_code = 6


class Incomplete(TransferError):
    """Fewer (or more) bytes than announced; the target's name is untouched."""


class ChecksumMismatch(TransferError):
    """The digest of what arrived is not the one the server gave."""


@contextmanager
def located(url: str) -> Iterator[None]:
    """Add *url* to any `PostelError` that leaves the block and has none yet.

    Example:
        >>> try:
        ...     with located("ftp://ftp.example.org/"):
        ...         raise ProtocolError("greeting: not FTP")
        ... except ProtocolError as error:
        ...     error.url
        'ftp://ftp.example.org/'
    """
    try:
        yield
    except PostelError as error:
        if error.url is None:
            error.url = url
        raise
