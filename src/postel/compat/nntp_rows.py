"""What the old `nntplib` made of lines: overviews, dates, words; and its exceptions. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from email.header import decode_header as words_of

__all__ = [
    "DEFAULT_FORMAT",
    "NNTPDataError",
    "NNTPError",
    "NNTPPermanentError",
    "NNTPProtocolError",
    "NNTPReplyError",
    "NNTPTemporaryError",
    "decode_header",
    "format_datetime",
    "parse_datetime",
    "parse_format",
    "parse_rows",
]

DEFAULT_FORMAT = ("subject", "from", "date", "message-id", "references", ":bytes", ":lines")
"""The fields that every overview has, in their order (RFC 3977 section 8.4)."""

_OTHER_NAMES = {"bytes": ":bytes", "lines": ":lines"}  # RFC 2980 servers


class NNTPError(Exception):
    """Any refusal; `response` is the server's line."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.response = str(args[0]) if args else "No response given"


class NNTPReplyError(NNTPError):
    """An answer of another kind than the command has."""


class NNTPTemporaryError(NNTPError):
    """4xx: not now."""


class NNTPPermanentError(NNTPError):
    """5xx: never."""


class NNTPProtocolError(NNTPError):
    """That is no answer of a news server."""


class NNTPDataError(NNTPError):
    """What came with an answer cannot be read."""


def decode_header(header_str: str) -> str:
    """A field's value with its encoded words decoded.

    Example:
        >>> decode_header("=?utf-8?q?caf=C3=A9?= au lait")
        'café au lait'
    """
    return "".join(part.decode(charset or "ascii") if isinstance(part, bytes) else part
                   for part, charset in words_of(header_str))


def parse_format(lines: Iterable[str]) -> list[str]:
    """LIST OVERVIEW.FMT as names in lower case; metadata begin with a colon.

    Raises:
        NNTPDataError: the fields that every overview has are not first (RFC 3977 section 8.4).

    Example:
        >>> parse_format(["Subject:", "From:", "Date:", "Message-ID:", "References:", "Bytes:",
        ...               "Lines:", "Xref:full"])[-3:]
        [':bytes', ':lines', 'xref']
    """
    names = []
    for line in lines:
        colon = ":" if line.startswith(":") else ""
        name = colon + line.removeprefix(":").partition(":")[0].lower()
        names.append(_OTHER_NAMES.get(name, name))
    if len(names) < len(DEFAULT_FORMAT):
        raise NNTPDataError("LIST OVERVIEW.FMT response too short")
    if tuple(names[: len(DEFAULT_FORMAT)]) != DEFAULT_FORMAT:
        raise NNTPDataError("LIST OVERVIEW.FMT redefines default fields")
    return names


def parse_rows(lines: Iterable[str], fields: Sequence[str]
               ) -> list[tuple[int, dict[str, str | None]]]:
    """Overview lines as pairs of number and fields; what the format does not name is left out.

    Raises:
        NNTPDataError: a line without a number, or a further field without its name.
    """
    return [_row(line.split("\t"), fields) for line in lines]


def _row(tokens: list[str], fields: Sequence[str]) -> tuple[int, dict[str, str | None]]:
    if not tokens[0].strip().isdigit():
        raise NNTPDataError(f"no number before an overview: {tokens[0]!r}")
    row: dict[str, str | None] = {}
    for place, (name, token) in enumerate(zip(fields, tokens[1:], strict=False)):
        row[name] = token
        if place >= len(DEFAULT_FORMAT) and not name.startswith(":"):
            row[name] = _without_name(name, token)
    return int(tokens[0]), row


def _without_name(name: str, token: str) -> str | None:
    """The value of a further field, which stands with its name (RFC 3977 section 8.3.2)."""
    if not token:
        return None
    if not token.lower().startswith(f"{name}: "):
        raise NNTPDataError("OVER/XOVER response doesn't include names of additional headers")
    return token[len(name) + 2 :]


def parse_datetime(date: str, time: str | None = None) -> datetime.datetime:
    """A date and a time of a server; years of two digits are those since 1970.

    Example:
        >>> parse_datetime("20100914001155"), parse_datetime("700914", "001155").year
        (datetime.datetime(2010, 9, 14, 0, 11, 55), 1970)
    """
    if time is None:
        date, time = date[:-6], date[-6:]
    year = int(date[:-4])
    if year < 100:
        year += 2000 if year < 70 else 1900
    return datetime.datetime(year, int(date[-4:-2]), int(date[-2:]),
                             int(time[:2]), int(time[2:4]), int(time[4:]))


def format_datetime(when: datetime.date, *, legacy: bool = False) -> tuple[str, str]:
    """A date or a datetime as NEWNEWS and NEWGROUPS take it; *legacy*: a year of two digits.

    Example:
        >>> format_datetime(datetime.date(2010, 9, 14), legacy=True)
        ('100914', '000000')
    """
    time = when.strftime("%H%M%S") if isinstance(when, datetime.datetime) else "000000"
    year = f"{when.year % 100:02d}" if legacy else f"{when.year:04d}"
    return f"{year}{when.month:02d}{when.day:02d}", time
