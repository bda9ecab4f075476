"""Options: what a client offers, what a server answers, what of the answer holds.

RFC 2347 (the extension), 2348 (blksize), 2349 (timeout, tsize), 7440 (windowsize). A server
answers only what was offered, with a value no greater; an answer that breaks this is an error,
for the two ends would cut the file differently. An offer that makes no sense is left unanswered,
as if it had not been made. A grammar module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import ProtocolError
from ..wire.text import display
from .types import BLOCK_SIZES, PLAIN, WINDOWS, Terms

__all__ = ["Limits", "accept", "answer", "offer"]

_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_INTERVALS = range(1, 256)  # RFC 2349


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server grants at most.

    Args:
        block_size: bytes of a block.
        window: blocks of a window.
        interval: whether a client's own interval is taken on.
        size: whether sizes are told.
        only: the options that are known at all, to be like an older server; None knows all.
    """

    block_size: int = BLOCK_SIZES[-1]
    window: int = 64
    interval: bool = True
    size: bool = True
    only: frozenset[str] | None = None


def offer(
    *,
    block_size: int = 512,
    window: int = 1,
    size: int | None = None,
    interval: int | None = None,
) -> dict[str, str]:
    """The options of a request; what RFC 1350 gives anyway is not asked for.

    Args:
        block_size: bytes of a block.
        window: blocks of a window.
        size: of the file that is sent; 0 asks for that of one to be read (RFC 2349).
        interval: seconds between retransmissions.

    Example:
        >>> offer(block_size=1468, size=0)
        {'tsize': '0', 'blksize': '1468'}
    """
    options = {}
    if size is not None:
        options["tsize"] = str(size)
    if block_size != PLAIN.block_size:
        options["blksize"] = str(block_size)
    if window != PLAIN.window:
        options["windowsize"] = str(window)
    if interval is not None:
        options["timeout"] = str(interval)
    return options


def accept(offered: Mapping[str, str], answered: Mapping[str, str]) -> Terms:
    """The terms that a server's OACK makes of an offer.

    Raises:
        ProtocolError: it answers what was not offered, or with more than was.

    Example:
        >>> accept({"blksize": "1468", "tsize": "0"}, {"blksize": "1024"}).block_size
        1024
    """
    terms = PLAIN
    for name, value in answered.items():
        if name not in offered:
            raise ProtocolError(f"OACK {display(name)}={display(value)}: that was not asked for")
        number, asked = _number(value), int(offered[name])
        if number is None:
            raise ProtocolError(f"OACK {display(name)}={display(value)}: that is no number")
        if name == "tsize":
            terms = replace(terms, size=number)
        elif name == "blksize" and number in BLOCK_SIZES and number <= asked:
            terms = replace(terms, block_size=number)
        elif name == "windowsize" and number in WINDOWS and number <= asked:
            terms = replace(terms, window=number)
        elif name == "timeout" and number == asked:
            terms = replace(terms, interval=number)
        else:
            raise ProtocolError(f"OACK {display(name)}={display(value)}: {asked} was asked for")
    return terms


def answer(
    asked: Mapping[str, str], limits: Limits, *, size: int | None, write: bool
) -> tuple[dict[str, str], Terms]:
    """What a server says to a client's options: those of its OACK, and the terms.

    Args:
        asked: the options of the request.
        limits: what it grants.
        size: of the file that is read, where it can be told (not in netascii).
        write: whether the client writes, and tells the size itself.

    Example:
        >>> answer({"blksize": "9999999", "windowsize": "4"}, Limits(window=2), size=7, write=False)
        ({'windowsize': '2'}, Terms(block_size=512, window=2, size=None, interval=None))
    """
    told: dict[str, str] = {}
    terms = PLAIN
    for name, value in asked.items():
        number = _number(value)
        if number is None or (limits.only is not None and name not in limits.only):
            continue
        if name == "blksize" and number in BLOCK_SIZES:
            terms = replace(terms, block_size=min(number, limits.block_size))
            told[name] = str(terms.block_size)
        elif name == "windowsize" and number in WINDOWS:
            terms = replace(terms, window=min(number, limits.window))
            told[name] = str(terms.window)
        elif name == "timeout" and number in _INTERVALS and limits.interval:
            terms = replace(terms, interval=number)
            told[name] = value
        elif name == "tsize" and limits.size and (write or size is not None):
            terms = replace(terms, size=number if write else size)
            told[name] = str(terms.size)
    return told, terms


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
