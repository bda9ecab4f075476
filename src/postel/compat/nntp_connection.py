"""The connection under the old face of news: lines, answers, capabilities, the log-in.

Service code, sync.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from ..errors import ConnectionLost, LimitReached, ProtocolError
from ..wire.text import display
from .nntp_engine import Engine
from .nntp_rows import (
    NNTPDataError,
    NNTPError,
    NNTPPermanentError,
    NNTPProtocolError,
    NNTPReplyError,
    NNTPTemporaryError,
)

__all__ = ["NNTP_PORT", "Connection", "Default", "File", "old_errors"]

NNTP_PORT = 119

_LONGEST_ROW = 2048
_ROWS = frozenset((100, 101, 211, 215, 220, 221, 222, 224, 225, 230, 231, 282))

File = str | bytes | IO[bytes] | None


class Default:
    """Says that no timeout was given."""


class Connection:
    """What `nntplib.NNTP` is, but for the commands of groups and articles."""

    encoding = "utf-8"
    errors = "surrogateescape"
    clear_login = False
    """Whether a password may be sent in the clear to another machine."""

    def __init__(self, host: str, port: int = NNTP_PORT, user: str | None = None,
                 password: str | None = None, readermode: bool | None = None,
                 usenetrc: bool = False, timeout: float | type[Default] | None = Default
                 ) -> None:
        self.host, self.port = host, port
        self._engine = self._connection(timeout)
        try:
            self._begin(readermode)
            if user or usenetrc:
                self.login(user, password, usenetrc)
        except BaseException:
            self._close()
            raise

    def _connection(self, timeout: float | type[Default] | None, **tls: Any) -> Engine:
        if isinstance(timeout, type):
            timeout = 60.0
        elif timeout is not None and not timeout:
            raise ValueError("a timeout of 0: connections that never wait are not supported")
        return Engine(self.host, port=self.port, timeout=timeout, **(tls or {"security": "plain"}))

    def _begin(self, readermode: bool | None) -> None:
        self.debugging = 0
        self.readermode_afterauth = self.authenticated = False
        self._format: list[str] | None = None
        self._caps: dict[str, list[str]] | None = None
        with old_errors():
            self._engine.open()
        self.tls_on = self._engine.is_secure
        self.welcome = self._judged(self._engine.welcome)
        self.getcapabilities()
        if readermode and "READER" not in self.getcapabilities():
            self._setreadermode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._engine.is_open:
            try:
                self.quit()
            except (OSError, EOFError):
                pass
            finally:
                self._close()

    # -- lines -----------------------------------------------------------------------------

    def _shortcmd(self, line: str, shown: str = "") -> str:
        return self._ask(line, frozenset(), shown)[0]

    def _ask(self, line: str, bodies: frozenset[int], shown: str = "") -> tuple[str, list[bytes]]:
        if self.debugging:
            sys.stdout.write(f"*cmd* {(shown or line)!r}\n")
        with old_errors():
            response, lines = self._engine.ask(line.encode(self.encoding, self.errors), bodies,
                                               shown)
        return self._judged(response), lines

    def _judged(self, response: str) -> str:
        if self.debugging:
            sys.stdout.write(f"*resp* {response!r}\n")
        if response.startswith("4"):
            raise NNTPTemporaryError(response)
        if response.startswith("5"):
            raise NNTPPermanentError(response)
        return response

    def _longcmd(self, line: str, file: File = None) -> tuple[str, list[bytes]]:
        """An answer with a body; into *file*, its lines keep their ends and none are returned."""
        response, lines = self._ask(line, _ROWS)
        if int(response[:3]) not in _ROWS:
            raise NNTPReplyError(response)
        if file is None:
            return response, lines
        with _opened(file) as target:
            for one in lines:
                target.write(one + b"\r\n")
        return response, []

    def _longcmdstring(self, line: str, file: File = None) -> tuple[str, list[str]]:
        response, lines = self._longcmd(line, file)
        if any(len(one) > _LONGEST_ROW for one in lines):
            raise NNTPDataError("line too long")
        return response, [one.decode(self.encoding, self.errors) for one in lines]

    def set_debuglevel(self, level: int) -> None:
        """Print commands and answers from level 1 on."""
        self.debugging = level

    debug = set_debuglevel

    # -- what the server is ----------------------------------------------------------------

    def getwelcome(self) -> str:
        """The server's greeting; 200 allows posting, 201 does not."""
        return self.welcome

    def getcapabilities(self) -> dict[str, list[str]]:
        """What CAPABILITIES told; empty where the server does not know it."""
        if self._caps is None:
            self.nntp_version, self.nntp_implementation = 1, None
            try:
                self._caps = self.capabilities()[1]
            except (NNTPPermanentError, NNTPTemporaryError):
                self._caps = {}
            versions = [int(one) for one in self._caps.get("VERSION", ()) if one.isdigit()]
            self.nntp_version = max(versions, default=1)
            if "IMPLEMENTATION" in self._caps:
                self.nntp_implementation = " ".join(self._caps["IMPLEMENTATION"])
        return self._caps

    nntp_implementation: str | None

    def capabilities(self) -> tuple[str, dict[str, list[str]]]:
        """CAPABILITIES: the answer, and words by name."""
        response, lines = self._longcmdstring("CAPABILITIES")
        words = (line.split() for line in lines)
        return response, {one[0]: one[1:] for one in words if one}

    def _setreadermode(self) -> None:
        try:
            self.welcome = self._shortcmd("mode reader")
        except NNTPPermanentError:
            return  # it does not know the command, so it is what it is
        except NNTPTemporaryError as refused:
            if not refused.response.startswith("480"):
                raise
            self.readermode_afterauth = True
            return
        self._learn_anew()

    def _learn_anew(self) -> None:
        self._caps = None
        self.getcapabilities()

    # -- log in, secure, leave -------------------------------------------------------------

    def login(self, user: str | None = None, password: str | None = None,
              usenetrc: bool = True) -> None:
        """Log in by AUTHINFO USER and PASS.

        Raises:
            ValueError: logged in already, or nobody is named.
            NNTPPermanentError: refused, or the password would go in the clear to another machine:
                see `NNTP_SSL`, `starttls` and `clear_login`.
        """
        if self.authenticated:
            raise ValueError("Already logged in.")
        if not user and not usenetrc:
            raise ValueError("At least one of `user` and `usenetrc` must be specified")
        if not user:
            user, password = _from_netrc(self.host)
        if not user:
            return
        if not (self.clear_login or self._engine.is_private):
            raise NNTPPermanentError(f"log in to {self.host}: the password would be sent in the "
                                     "clear; use NNTP_SSL or starttls()")
        response = self._shortcmd(f"authinfo user {user}")
        if response.startswith("381"):
            if not password:
                raise NNTPReplyError(response)
            response = self._shortcmd(f"authinfo pass {password}", shown="authinfo pass ***")
            if not response.startswith("281"):
                raise NNTPPermanentError(response)
        self.authenticated = True
        self._learn_anew()
        if self.readermode_afterauth and "READER" not in self.getcapabilities():
            self._setreadermode()

    def starttls(self, context: ssl.SSLContext | None = None) -> None:
        """Go on in TLS; the certificate is checked by *context*, or by the system's store.

        Raises:
            ValueError: TLS is on already, or the log-in was before it.
            NNTPError: the server has none.
        """
        if self.tls_on:
            raise ValueError("TLS is already enabled.")
        if self.authenticated:
            raise ValueError("TLS cannot be started after authentication.")
        response = self._shortcmd("STARTTLS")
        if not response.startswith("382"):
            raise NNTPError("TLS failed to start.")
        with old_errors():
            self._engine.secure(context)
        self.tls_on = True
        self._learn_anew()

    def quit(self) -> str:
        """QUIT, and close: the server's goodbye."""
        try:
            return self._shortcmd("QUIT")
        finally:
            self._close()

    def _close(self) -> None:
        self._engine.drop()


@contextlib.contextmanager
def old_errors() -> Iterator[None]:
    """This library's errors as the old module's; those of the network are OSError in both."""
    try:
        yield
    except ConnectionLost as error:
        raise EOFError(str(error)) from error
    except ProtocolError as error:
        raise NNTPProtocolError(display(str(error))) from error
    except LimitReached as error:
        raise NNTPDataError(str(error)) from error


@contextlib.contextmanager
def _opened(file: str | bytes | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(file, str | bytes):
        with Path(os.fsdecode(file)).open("wb") as opened:
            yield opened
    else:
        yield file


def _from_netrc(host: str) -> tuple[str | None, str | None]:
    import netrc

    found: Mapping[str, Any] = {}
    with contextlib.suppress(OSError):
        found = {"": netrc.netrc().authenticators(host)}
    login = found.get("")
    return (login[0], login[2]) if login else (None, None)
