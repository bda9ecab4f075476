"""What users of POP3 hold in their hands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Capabilities", "Fetched", "Item", "Listed", "Message", "Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """What STAT says (RFC 1939 section 5).

    Args:
        messages: how many there are.
        size: of all together, in bytes.
    """

    messages: int
    size: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of LIST: a message's number in this session, and its size in bytes."""

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of UIDL: a message's number in this session, and its name for ever."""

    number: int
    uidl: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the server has it; unpacks as ``number, data``.

    Args:
        number: in this session.
        data: the bytes, lines ended by CRLF, dots unstuffed.
    """

    number: int
    data: bytes

    def __iter__(self) -> Iterator[Any]:
        return iter((self.number, self.data))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What CAPA lists (RFC 2449): names in upper case, each with its arguments.

    Example:
        >>> offered = Capabilities({"SASL": ("PLAIN", "LOGIN"), "PIPELINING": ()})
        >>> "pipelining" in offered, offered["SASL"]
        (True, ('PLAIN', 'LOGIN'))
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name.upper() in self.names

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self.names.get(name.upper(), ())


@dataclass(frozen=True, slots=True)
class Fetched:
    """What `Client.fetch_new` did with one message.

    Args:
        uidl: its name on the server.
        size: in bytes as received.
        where: what the mailbox called it, or "" where a callable took it.
        duplicate: whether its content was here before under another name, so it was not filed.
    """

    uidl: str
    size: int
    where: str
    duplicate: bool = False
