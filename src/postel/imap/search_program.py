"""The grammar of SEARCH, SORT and THREAD: programs of keys (RFC 9051 section 6.4.4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .commands import MOST_DEPTH, Arguments, BadCommand, Numbers

__all__ = ["BadCharset", "Key", "Search", "read_search", "read_sort", "read_thread"]

CHARSETS = ("US-ASCII", "UTF-8", "ISO-8859-1")
_FLAGS = frozenset({
    "ALL", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "NEW", "OLD", "RECENT", "SEEN", "UNANSWERED",
    "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNSEEN", "SAVEDATESUPPORTED"})
_TEXTS = frozenset({"BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO", "X-GM-RAW",
                    "X-GM-LABELS"})
_DATES = frozenset({"BEFORE", "ON", "SENTBEFORE", "SENTON", "SENTSINCE", "SINCE", "SAVEDBEFORE",
                    "SAVEDON", "SAVEDSINCE"})
_NUMBERS = frozenset({"LARGER", "SMALLER", "OLDER", "YOUNGER", "X-GM-MSGID", "X-GM-THRID"})
_OBJECTS = frozenset({"EMAILID", "THREADID"})
_RETURN = frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE"})
_SORT = frozenset({"ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM",
                   "DISPLAYTO"})
_MOST_KEYS = 5_000
_NONE = Numbers(())


@dataclass(frozen=True, slots=True)
class Key:
    """One condition.

    Args:
        name: in capitals; ``"AND"``, ``"OR"``, ``"NOT"`` join `keys`; ``"SET"`` and ``"UID"`` have
            `numbers`.
        text: what to look for, decoded; of HEADER, in the field `field`.
        field: a field's name, or a flag for KEYWORD.
        number: a size, an age, a mod-sequence.
        day: of those with a date.
    """

    name: str
    text: str = ""
    field: str = ""
    number: int = 0
    day: date | None = None
    numbers: Numbers = _NONE
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """A whole SEARCH.

    Args:
        key: all of its conditions, as one.
        returns: MIN, MAX, ALL, COUNT, SAVE (RFC 4731, 5182); None without RETURN.
        partial: the range of results that is wanted (RFC 9394), as Python's bounds; None for all.
    """

    key: Key
    returns: frozenset[str] | None = None
    partial: tuple[int, int] | None = None

    def uses(self, *names: str) -> bool:
        """Whether a key of such a name is anywhere in it."""
        todo = [self.key]
        while todo:
            key = todo.pop()
            if key.name in names:
                return True
            todo.extend(key.keys)
        return False


class BadCharset(BadCommand):
    """A charset that is not known here: NO [BADCHARSET]."""


def read_search(words: Arguments) -> Search:
    """The arguments of SEARCH or UID SEARCH.

    Raises:
        BadCommand: they are not in the grammar.
        BadCharset: the charset is unknown.

    Example:
        >>> from .wire_server import Request
        >>> words = Arguments(Request("a", "SEARCH", (b"UNSEEN OR FROM ann NOT 2:4",)))
        >>> [key.name for key in read_search(words).key.keys]
        ['UNSEEN', 'OR']
    """
    returns, partial = _returns(words)
    charset = "US-ASCII"
    if words.take(b"CHARSET "):
        charset = words.text("a charset").upper()
        words.space()
    return Search(_program(words, _known(charset)), returns, partial)


def _known(charset: str) -> str:
    if charset not in CHARSETS:
        raise BadCharset(f"the charset {charset[:40]} is not known here")
    return charset


def _returns(words: Arguments) -> tuple[frozenset[str] | None, tuple[int, int] | None]:
    if not words.take(b"RETURN ("):
        return None, None
    names, partial = set[str](), None
    while not words.take(b")"):
        if names or partial:
            words.space()
        name = words.atom("MIN, MAX, ALL, COUNT, SAVE or PARTIAL")
        if name == "PARTIAL" and partial is None:
            words.space()
            partial = words.partial()
        elif name in _RETURN:
            names.add(name)
        else:
            raise BadCommand(f"{words.request.verb}: RETURN {name} is not understood")
    words.space()
    if not names and partial is None:
        names.add("ALL")
    return frozenset(names), partial


def _program(words: Arguments, charset: str) -> Key:
    reader = _Reader(words, charset)
    keys = [reader.key(0)]
    while not words.at_end:
        words.space()
        keys.append(reader.key(0))
    return keys[0] if len(keys) == 1 else Key("AND", keys=tuple(keys))


def read_sort(words: Arguments) -> tuple[tuple[tuple[str, bool], ...], Search]:
    """The arguments of SORT: what by, each with whether it is reversed, and what is searched.

    Raises:
        BadCommand, BadCharset: as `read_search`.
    """
    returns, partial = _returns(words)
    words.expect(b"(")
    order = list[tuple[str, bool]]()
    while True:
        name = words.atom("what to sort by")
        backwards = name == "REVERSE"
        if backwards:
            words.space()
            name = words.atom("what to sort by")
        if name not in _SORT or len(order) > 20:
            raise BadCommand(f"{words.request.verb}: there is no sorting by {name}")
        order.append((name, backwards))
        if words.take(b")"):
            break
        words.space()
    words.space()
    charset = _known(words.text("a charset").upper())
    words.space()
    return tuple(order), Search(_program(words, charset), returns, partial)


def read_thread(words: Arguments) -> tuple[str, Search]:
    """The arguments of THREAD: the algorithm, and what is searched.

    Raises:
        BadCommand, BadCharset: as `read_search`.
    """
    algorithm = words.atom("how to thread")
    words.space()
    charset = _known(words.text("a charset").upper())
    words.space()
    return algorithm, Search(_program(words, charset))


class _Reader:
    """Reads keys; counts them."""

    def __init__(self, words: Arguments, charset: str) -> None:
        self.words, self.charset, self.count = words, charset, 0

    def key(self, depth: int) -> Key:
        """One key, with those inside it."""
        words = self.words
        self.count += 1
        if depth > MOST_DEPTH or self.count > _MOST_KEYS:
            raise BadCommand(f"{words.request.verb}: a program too large, or nested too deep")
        if words.take(b"("):
            keys = [self.key(depth + 1)]
            while not words.take(b")"):
                words.space()
                keys.append(self.key(depth + 1))
            return Key("AND", keys=tuple(keys))
        if words.next.isdigit() or words.next in (b"*", b"$"):
            return Key("SET", numbers=words.numbers())
        name = words.atom("a search key")
        if name in _FLAGS:
            return Key(name)
        words.space()
        return self.with_argument(name, depth)

    def with_argument(self, name: str, depth: int) -> Key:
        """A key that says more."""
        words = self.words
        if name == "NOT":
            return Key("NOT", keys=(self.key(depth + 1),))
        if name == "OR":
            first = self.key(depth + 1)
            words.space()
            return Key("OR", keys=(first, self.key(depth + 1)))
        if name in _DATES:
            return Key(name, day=words.date())
        if name in _NUMBERS:
            return Key(name, number=words.number((1 << 64) - 1))
        if name in _TEXTS:
            return Key(name, text=self.text())
        if name in _OBJECTS:
            return Key(name, text=words.bracketed("an object's id"))
        return self.special(name, depth)

    def special(self, name: str, depth: int) -> Key:
        """Those with a form of their own."""
        words = self.words
        if name in ("KEYWORD", "UNKEYWORD"):
            return Key(name, field=words.bracketed("a keyword"))
        if name == "HEADER":
            field = words.text("a field's name")
            words.space()
            return Key(name, text=self.text(), field=field)
        if name == "UID":
            return Key(name, numbers=words.numbers())
        if name == "MODSEQ":
            if words.next == b'"':
                words.string()
                words.space()
                words.atom("priv, shared or all")
                words.space()
            return Key(name, number=words.number((1 << 63) - 1))
        if name == "FUZZY":
            return self.key(depth + 1)
        raise BadCommand(f"{words.request.verb}: there is no search key {name}")

    def text(self) -> str:
        """What to look for."""
        raw = self.words.astring("what to look for")
        if not raw.isascii() and self.charset == "US-ASCII":
            if not self.words.utf8:
                raise BadCommand(f"{self.words.request.verb}: text that is not US-ASCII, without "
                                 "its charset")
            return raw.decode("utf-8", "replace")
        try:
            return raw.decode(self.charset)
        except UnicodeDecodeError:
            raise BadCommand(f"{self.words.request.verb}: text that is not {self.charset}"
                             ) from None
