"""What an IMAP server says it can do: the words of CAPABILITY. Pure.

Names know no case. Some stand with a value, ``AUTH=PLAIN`` or ``APPENDLIMIT=35651584``. IMAP4rev2
brings much with it that IMAP4rev1 servers name one by one (RFC 9051 appendix E).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["Capabilities"]

_IN_REV2 = frozenset({
    "NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "ENABLE", "IDLE", "SASL-IR",
    "LIST-EXTENDED", "LIST-STATUS", "MOVE", "LITERAL-", "BINARY", "SPECIAL-USE", "CHILDREN",
    "STATUS=SIZE",
})


class Capabilities:
    """Names as a server lists them; a set that knows no case.

    Args:
        words: of CAPABILITY.

    Example:
        >>> offered = Capabilities(["IMAP4rev1", "AUTH=PLAIN", "APPENDLIMIT=35651584", "idle"])
        >>> "IDLE" in offered, offered.auth, offered.number("APPENDLIMIT"), "MOVE" in offered
        (True, ('PLAIN',), 35651584, False)
    """

    __slots__ = ("_names",)

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._names = frozenset(word.upper() for word in words)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.upper() in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Capabilities) and self._names == other._names

    def __hash__(self) -> int:
        return hash(self._names)

    def __repr__(self) -> str:
        return f"Capabilities({sorted(self._names)!r})"

    @property
    def auth(self) -> tuple[str, ...]:
        """The SASL mechanisms on offer."""
        return self.values("AUTH")

    def values(self, name: str) -> tuple[str, ...]:
        """What stands behind *name* and ``=``, each time it is listed."""
        mark = f"{name.upper()}="
        return tuple(word[len(mark):] for word in self if word.startswith(mark))

    def number(self, name: str) -> int | None:
        """The number behind *name*, or None where there is none."""
        word = next(iter(self.values(name)), "")
        return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else None

    def with_rev2(self) -> Capabilities:
        """With what IMAP4rev2 brings along, once it is the language spoken."""
        return Capabilities(self._names | _IN_REV2)
