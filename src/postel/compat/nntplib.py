"""The face of `nntplib`, which Python lost in 3.13, on this library's engine.

Service code, sync. Names, arguments, results and exceptions are those of the module of 3.12, so
that a program goes on with one line changed::

    from postel.compat import nntplib

What differs, on purpose: certificates are checked, a password goes in the clear to this machine
alone, arguments that hold a line break are refused, and articles may have lines of any length.
There is no `sock` and no `file`: the engine has its own. docs/compat.md tells the rest.
"""

from __future__ import annotations

import datetime
import re
import ssl
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..wire.text import display
from .nntp_connection import Connection, Default, File, old_errors
from .nntp_engine import Engine, article_bytes
from .nntp_rows import (
    DEFAULT_FORMAT,
    NNTPDataError,
    NNTPError,
    NNTPPermanentError,
    NNTPProtocolError,
    NNTPReplyError,
    NNTPTemporaryError,
    decode_header,
    format_datetime,
    parse_datetime,
    parse_format,
    parse_rows,
)

__all__ = [
    "NNTP",
    "NNTP_SSL",
    "NNTP_SSL_PORT",
    "ArticleInfo",
    "GroupInfo",
    "NNTPDataError",
    "NNTPError",
    "NNTPPermanentError",
    "NNTPProtocolError",
    "NNTPReplyError",
    "NNTPTemporaryError",
    "decode_header",
]

NNTP_SSL_PORT = 563

_NUMBERED = re.compile(r"([0-9]+) ?(.*)", re.DOTALL)

Rows = tuple[str, list[tuple[int, dict[str, str | None]]]]
Lines = list[str]
RawLines = list[bytes]
Groups = list["GroupInfo"]
Values = list[tuple[str, str] | str]
Format = list[str]


class GroupInfo(NamedTuple):
    """A line of LIST or NEWGROUPS: all are strings, as the server wrote them."""

    group: str
    last: str
    first: str
    flag: str


class ArticleInfo(NamedTuple):
    """An article or a part of one: its lines are bytes without their ends."""

    number: int
    message_id: str
    lines: list[bytes]


class NNTP(Connection):
    """A connection to a news server, as it was in the standard library.

    Args:
        host: name or address.
        port: 119.
        user: who to log in as; None reads without.
        password: the user's.
        readermode: say MODE READER after connecting, where the server is no reader yet.
        usenetrc: take user and password from ``~/.netrc`` where none are given.
        timeout: seconds for each operation; None waits for ever.

    Raises:
        NNTPError: the server refuses, or says what no news server says.
        OSError: no way there.
        ValueError: a timeout of 0.

    Example:
        >>> from postel.compat import nntplib
        >>> with nntplib.NNTP("news.example.org") as news:
        ...     resp, count, first, last, name = news.group("misc.test")
        ...     resp, rows = news.over((first, last))
        ...     [row["subject"] for number, row in rows]
        ['Hello', 'Re: Hello']
    """

    # -- groups ----------------------------------------------------------------------------

    def newgroups(self, date: datetime.date, *, file: File = None
                  ) -> tuple[str, Groups]:
        """The groups made since *date*."""
        response, lines = self._longcmdstring(f"NEWGROUPS {self._since(date)}", file)
        return response, _groups(lines)

    def newnews(self, group: str, date: datetime.date, *, file: File = None
                ) -> tuple[str, Lines]:
        """The ids of articles that came to *group* since *date*."""
        return self._longcmdstring(f"NEWNEWS {group} {self._since(date)}", file)

    def _since(self, date: datetime.date) -> str:
        if not isinstance(date, datetime.date):
            raise TypeError("the date parameter must be a date or datetime object, "
                            f"not {type(date).__name__}")
        return " ".join(format_datetime(date, legacy=self.nntp_version < 2))

    def list(self, group_pattern: str | None = None, *, file: File = None
             ) -> tuple[str, Groups]:
        """LIST, or LIST ACTIVE with a pattern."""
        command = "LIST" if group_pattern is None else f"LIST ACTIVE {group_pattern}"
        response, lines = self._longcmdstring(command, file)
        return response, _groups(lines)

    def description(self, group: str) -> str:
        """What the first group that fits the pattern is for; "" for none."""
        return next(iter(self.descriptions(group)[1].values()), "")

    def descriptions(self, group_pattern: str) -> tuple[str, dict[str, str]]:
        """What the groups that fit a pattern are for."""
        response, lines = self._longcmdstring(f"LIST NEWSGROUPS {group_pattern}")
        if not response.startswith("215"):
            response, lines = self._longcmdstring(f"XGTITLE {group_pattern}")
        pairs = (line.strip().split(None, 1) for line in lines)
        return response, {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def group(self, name: str) -> tuple[str, int, int, int, str]:
        """Select a group: the answer, how many articles, the first, the last, its name."""
        response = self._shortcmd(f"GROUP {name}")
        if not response.startswith("211"):
            raise NNTPReplyError(response)
        words = response.split()[1:]
        count, first, last = (int(word) for word in [*words[:3], "0", "0", "0"][:3])
        return response, count, first, last, words[3].lower() if len(words) > 3 else name

    def help(self, *, file: File = None) -> tuple[str, Lines]:
        """The server's help."""
        return self._longcmdstring("HELP", file)

    # -- articles --------------------------------------------------------------------------

    def stat(self, message_spec: object = None) -> tuple[str, int, str]:
        """The answer, the number and the id of an article."""
        return _stat(self._shortcmd(_of("STAT", message_spec)))

    def next(self) -> tuple[str, int, str]:
        """Go to the next article, as `stat`."""
        return _stat(self._shortcmd("NEXT"))

    def last(self) -> tuple[str, int, str]:
        """Go to the article before, as `stat`."""
        return _stat(self._shortcmd("LAST"))

    def head(self, message_spec: object = None, *, file: File = None
             ) -> tuple[str, ArticleInfo]:
        """An article's header."""
        return self._article("HEAD", message_spec, file)

    def body(self, message_spec: object = None, *, file: File = None
             ) -> tuple[str, ArticleInfo]:
        """An article's body."""
        return self._article("BODY", message_spec, file)

    def article(self, message_spec: object = None, *, file: File = None
                ) -> tuple[str, ArticleInfo]:
        """A whole article."""
        return self._article("ARTICLE", message_spec, file)

    def _article(self, verb: str, which: object, file: File) -> tuple[str, ArticleInfo]:
        response, lines = self._longcmd(_of(verb, which), file)
        return response, ArticleInfo(*_stat(response)[1:], lines)

    def slave(self) -> str:
        """SLAVE, which no server knows any more."""
        return self._shortcmd("SLAVE")

    def xhdr(self, hdr: str, str: str, *, file: File = None
             ) -> tuple[str, Values]:
        """One field of many articles: pairs of number and value, as text."""
        response, lines = self._longcmdstring(f"XHDR {hdr} {str}", file)
        found = ((line, _NUMBERED.match(line)) for line in lines)
        return response, [(hit[1], hit[2]) if hit else line for line, hit in found]

    def xover(self, start: object, end: object, *, file: File = None) -> Rows:
        """The overview of a range, by XOVER."""
        return self._rows(f"XOVER {start}-{end}", file)

    def over(self, message_spec: object, *, file: File = None) -> Rows:
        """The overview of a ``(first, last)``, an id, or None, the current article."""
        command = "OVER" if "OVER" in self.getcapabilities() else "XOVER"
        if isinstance(message_spec, tuple | list):
            start, end = message_spec
            command += f" {start}-{end or ''}"
        elif message_spec is not None:
            command += f" {message_spec}"
        return self._rows(command, file)

    def _rows(self, command: str, file: File) -> Rows:
        response, lines = self._longcmdstring(command, file)
        return response, parse_rows(lines, self._getoverviewfmt())

    def _getoverviewfmt(self) -> Format:
        if self._format is None:
            try:
                self._format = parse_format(self._longcmdstring("LIST OVERVIEW.FMT")[1])
            except NNTPPermanentError:
                self._format = list(DEFAULT_FORMAT)
        return self._format

    def date(self) -> tuple[str, datetime.datetime]:
        """The server's clock, without a zone; it is UTC."""
        response = self._shortcmd("DATE")
        if not response.startswith("111"):
            raise NNTPReplyError(response)
        words = response.split()
        if len(words) != 2 or len(words[1]) != 14 or not words[1].isdigit():
            raise NNTPDataError(response)
        return response, parse_datetime(words[1])

    # -- posting ---------------------------------------------------------------------------

    def post(self, data: bytes | bytearray | Iterable[bytes]) -> str:
        """Post an article: bytes, or a file or an iterable of lines."""
        return self._post("POST", 340, data)

    def ihave(self, message_id: object, data: bytes | bytearray | Iterable[bytes]) -> str:
        """Offer an article to a server that may have it already."""
        return self._post(f"IHAVE {message_id}", 335, data)

    def _post(self, command: str, wanted: int, data: bytes | bytearray | Iterable[bytes]) -> str:
        with old_errors():
            asked, response = self._engine.offer(command.encode(self.encoding, self.errors), wanted)
        if not self._judged(response).startswith("3"):
            raise NNTPReplyError(response)
        with old_errors():
            response = self._engine.send(asked, article_bytes(data))
        return self._judged(response)


class NNTP_SSL(NNTP):  # noqa: N801 - the name it had
    """As `NNTP`, in TLS from the start.

    Args:
        ssl_context: how to secure; None checks the certificate by the system's store.
    """

    def __init__(self, host: str, port: int = NNTP_SSL_PORT, user: str | None = None,
                 password: str | None = None, ssl_context: ssl.SSLContext | None = None,
                 readermode: bool | None = None, usenetrc: bool = False,
                 timeout: float | type[Default] | None = Default) -> None:
        self.ssl_context = ssl_context
        super().__init__(host, port, user, password, readermode, usenetrc, timeout)

    def _connection(self, timeout: float | type[Default] | None, **tls: Any) -> Engine:
        return super()._connection(timeout, security="tls", tls=self.ssl_context, **tls)


def _of(verb: str, which: object) -> str:
    return verb if which is None or which == "" else f"{verb} {which}"


def _stat(response: str) -> tuple[str, int, str]:
    words = response.split()
    if not response.startswith("22") or len(words) < 3 or not words[1].isdigit():
        raise NNTPReplyError(response)
    return response, int(words[1]), words[2]


def _groups(lines: Iterable[str]) -> list[GroupInfo]:
    words = [line.split() for line in lines]
    if wrong := next((one for one in words if len(one) != 4), None):
        raise NNTPDataError(f"no group: {display(' '.join(wrong))}")
    return [GroupInfo(*one) for one in words]
