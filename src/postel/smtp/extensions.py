"""What a server offers: the lines of EHLO, typed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Extensions", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may carry (RFC 9422); None where the server does not say."""

    messages: int | None = None
    recipients: int | None = None
    domains: int | None = None


@dataclass(frozen=True, slots=True)
class Extensions(Mapping[str, tuple[str, ...]]):
    """What EHLO lists: keywords in upper case, each with its arguments.

    Example:
        >>> extensions = Extensions({"SIZE": ("1000",), "AUTH": ("PLAIN",), "PIPELINING": ()})
        >>> "PIPELINING" in extensions, extensions.size, extensions.auth
        (True, 1000, ('PLAIN',))
    """

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self.words[name.upper()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.upper() in self.words

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def auth(self) -> tuple[str, ...]:
        """The SASL mechanisms, in upper case."""
        return tuple(word.upper() for word in self.words.get("AUTH", ()))

    @property
    def size(self) -> int | None:
        """The largest message in bytes; None where there is no limit, or none is told."""
        return self._number("SIZE") or None

    @property
    def limits(self) -> Limits:
        """How many messages, recipients and domains (RFC 9422)."""
        pairs = dict(word.upper().partition("=")[::2] for word in self.words.get("LIMITS", ()))
        found = [_number(pairs.get(name, "")) for name in ("MAILMAX", "RCPTMAX", "RCPTDOMAINMAX")]
        return Limits(*(number or None for number in found))

    @property
    def shortest_delivery(self) -> int:
        """The least seconds that DELIVERBY may ask for (RFC 2852 section 2); 0 for any."""
        return self._number("DELIVERBY") or 0

    @property
    def longest_hold(self) -> int | None:
        """The most seconds that FUTURERELEASE may ask for (RFC 4865 section 2.2)."""
        return self._number("FUTURERELEASE")

    def _number(self, name: str) -> int | None:
        words = self.words.get(name, ())
        return _number(words[0]) if words else None


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 20 else None
