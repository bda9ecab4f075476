"""The wire oracle: what is built of hostile arguments is one command, and reads back as given.

The reader here is a strict one of its own, written from the grammar of RFC 9051 section 9, and
shares nothing with the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from postel.errors import NotSupported, UsageError
from postel.imap import asking, names
from postel.imap import query as q
from postel.imap.asking import Part
from postel.imap.query import Query
from postel.imap.query_words import search_words
from postel.imap.sequence import NumberSet
from postel.imap.types import Folder
from postel.imap.wire import Continue, Reply, Wire

ATOM = frozenset(range(0x21, 0x7F)) - frozenset(b'(){%*"\\]')
Word = bytes | list["Word"]  # type: ignore[misc]


class Strict:
    """A server's reading of one command: every byte must have its place."""

    def __init__(self, data: bytes, *, utf8: bool) -> None:
        self.data, self.at, self.utf8 = data, 0, utf8

    def command(self) -> tuple[bytes, list[Word]]:
        tag = self.atom()
        words: list[Word] = []
        while self.data[self.at : self.at + 1] == b" ":
            self.at += 1
            words.append(self.word())
        assert self.data[self.at :] == b"\r\n", self.data[self.at : self.at + 60]
        return tag, words

    def atom(self) -> bytes:
        begin = self.at
        if self.data[begin : begin + 1] == b"\\":  # a flag
            self.at += 1
        while self.data[self.at] in ATOM or self.star(begin) or self.section(begin):
            self.at += 1
        assert self.at > begin + (self.data[begin : begin + 1] == b"\\"), self.data[begin : begin + 60]
        return self.data[begin : self.at]

    def star(self, begin: int) -> bool:
        """The last message, in a set."""
        return self.data[self.at] == 0x2A and not self.data[begin : self.at].strip(b"0123456789:,*")

    def section(self, begin: int) -> bool:
        """The end of a section's name."""
        return self.data[self.at] == 0x5D and self.data[begin : self.at].upper().startswith(
            (b"BODY", b"BINARY"))

    def word(self) -> Word:
        mark = self.data[self.at : self.at + 1]
        if mark == b'"':
            return self.quoted()
        if mark == b"{":
            return self.literal()
        if mark == b"(":
            return self.list()
        found = self.atom()
        if found.upper().startswith((b"BODY", b"BINARY")) and b"[" in found and b"]" not in found:  # BODY[HEADER.FIELDS (A B)]
            assert found.upper().endswith((b"HEADER.FIELDS", b"HEADER.FIELDS.NOT")), found
            assert self.data[self.at : self.at + 2] == b" ("
            self.at += 1
            assert all(isinstance(one, bytes) for one in self.list())
            assert self.data[self.at : self.at + 1] == b"]"
            self.at += 1
            if self.data[self.at : self.at + 1] == b"<":
                self.at = self.data.index(b">", self.at) + 1
        return found

    def list(self) -> list[Word]:
        self.at += 1
        words: list[Word] = []
        while self.data[self.at : self.at + 1] != b")":
            if words:
                assert self.data[self.at : self.at + 1] == b" "
                self.at += 1
            words.append(self.word())
        self.at += 1
        return words

    def quoted(self) -> bytes:
        self.at += 1
        out = bytearray()
        while (byte := self.data[self.at]) != 0x22:
            if byte == 0x5C:
                self.at += 1
                byte = self.data[self.at]
                assert byte in b'"\\'
            assert byte not in b"\r\n\0"
            assert byte < 0x80 or self.utf8
            out.append(byte)
            self.at += 1
        self.at += 1
        return bytes(out)

    def literal(self) -> bytes:
        end = self.data.index(b"}\r\n", self.at)
        size = int(self.data[self.at + 1 : end].rstrip(b"+"))
        self.at = end + 3 + size
        found = self.data[end + 3 : self.at]
        assert len(found) == size
        assert b"\0" not in found
        return found


def sent(*parts: Part, ahead: int = 0) -> bytes:
    """All bytes of a command on the wire; the server's + comes when it is due."""
    wire = Wire()
    wire.feed(b"* OK\r\n")
    wire.next_event()
    wire.ahead = ahead
    command = asking.compose(*parts)
    out = wire.send(command)
    while not wire.feed(b"+ go\r\n") and _waits(wire):
        out += wire.proceed()
    return out


def _waits(wire: Wire) -> bool:
    if not wire.waits_for_plus():
        return False
    found = wire.next_event()
    return found is not None and isinstance(found[1], Continue)


def read(out: bytes, utf8: bool = False) -> list[Word]:
    tag, words = Strict(out, utf8=utf8).command()
    assert tag == b"A1"
    return words


ALPHABET = 'ab Z09.-&*%(){}[]"\\\r\n\0\t:,~+$/ü日\u202e\x7f\x80\ud800😀'


def anything(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.1:
        return chance.choice(["", "NIL", "INBOX", "A1 LOGOUT", "x\r\nA2 LOGOUT\r\n", "{5}", "a{3+}\r\nabc",
                              "]", "[", '"', "\\", "(", ")", "BODY[]", "&-", "&AP-", "R&D", "\0",
                              "~", "* OK", "$", "1:*", "BODY.PEEK[HEADER.FIELDS (A\r\nB)]"])
    return "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(1, 12)))


def mailbox(chance: random.Random) -> None:
    name, utf8 = anything(chance), chance.random() < 0.3
    part = asking.mailbox(name, utf8=utf8)
    verb, found, last = read(sent(b"X ", part, b" y", ahead=chance.choice([0, -1, 4])), utf8)
    assert (verb, last) == (b"X", b"y")
    assert isinstance(found, bytes)
    shown = found.decode("utf-8")
    assert (shown if utf8 else names.decode(shown)) == name
    assert not any(mark in name for mark in "\r\n\0")


def raw_folder(chance: random.Random) -> None:
    raw = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
    part = asking.mailbox(Folder("shown", raw=raw))
    assert read(sent(b"X ", part, b" y"))[1] == raw
    assert b"\0" not in raw


def flags(chance: random.Random) -> None:
    chosen = [anything(chance) for _ in range(chance.randrange(3))] + ["\\Seen"]
    assert read(sent(b"X ", asking.flag_list(chosen)))[1] == [one.encode("ascii") for one in chosen]


def fetch_items(chance: random.Random) -> None:
    base = chance.choice(["FLAGS", "BODY.PEEK[]", "BODY[1.2.MIME]<0.99>", "BINARY.SIZE[1]",
                          "BODY.PEEK[HEADER.FIELDS (Subject To)]", "PREVIEW (LAZY)", "X-GM-LABELS"])
    text = anything(chance)
    place = chance.randrange(len(base) + 1)
    item = base if chance.random() < 0.3 else base[:place] + text + base[place:]
    out = sent(b"X ", asking.items([item, "UID"]))
    words = read(out)
    assert isinstance(words[1], list)
    assert words[1][-1] == b"UID"
    assert "\n" not in item
    assert b"X (" + item.encode("ascii") + b" UID)\r\n" in out


def uids(chance: random.Random) -> None:
    chosen = chance.choice([
        lambda: anything(chance), lambda: "1:*", lambda: NumberSet([(1, 9), 12]),
        lambda: [chance.randrange(-1, 50) for _ in range(4)]])()
    part = str(asking.uid_set(chosen)).encode("ascii") or b"1"
    [_, found] = read(sent(b"X ", part))
    assert found == part


def moments(chance: random.Random) -> None:
    zone = timezone(timedelta(minutes=chance.randrange(-1_439, 1_440)))
    when = datetime(chance.randrange(1, 9_999), chance.randrange(1, 13), chance.randrange(1, 29),
                    chance.randrange(24), chance.randrange(60), chance.randrange(60), tzinfo=zone)
    [_, found] = read(sent(b"X ", asking.date_time(when)))
    assert isinstance(found, bytes)
    assert datetime.strptime(found.decode().lstrip(), "%d-%b-%Y %H:%M:%S %z") == when
    assert len(found) == 26


def condition(chance: random.Random, depth: int = 0) -> Query:
    """A query of anything, with hostile texts in it."""
    kind = chance.randrange(14 if depth < 4 else 10)
    text = anything(chance)
    if kind < 4:
        return chance.choice([q.from_, q.subject, q.body, q.text])(text)
    if kind == 4:
        return q.header(anything(chance) if chance.random() < 0.5 else "List-Id", text)
    if kind == 5:
        return q.keyword(text)
    if kind == 6:
        return q.uid(text if chance.random() < 0.3 else [chance.randrange(1, 99) for _ in range(5)])
    if kind == 7:
        return q.since(datetime(chance.randrange(1970, 2099), 3, 4, tzinfo=UTC))
    if kind == 8:
        return chance.choice([q.gmail, q.label])(text)
    if kind == 9:
        return chance.choice([q.seen, q.unseen, q.everything, q.larger(7), q.email_id("M1")])
    if kind == 10:
        return ~condition(chance, depth + 1)
    join = q.all_of if kind == 11 else q.any_of
    return join([condition(chance, depth + 1) for _ in range(chance.randrange(1, 4))])


ONE = frozenset({b"FROM", b"SUBJECT", b"BODY", b"TEXT", b"KEYWORD", b"UNKEYWORD", b"UID", b"SINCE",
                 b"X-GM-RAW", b"X-GM-LABELS", b"LARGER", b"EMAILID"})


def understood(words: list[Word], charset: str) -> Query:
    """The query as a server understands it."""
    found = list[Query]()
    while words:
        found.append(_condition(words, charset))
    return q.all_of(found)


def _condition(words: list[Word], charset: str) -> Query:
    word = words.pop(0)
    if isinstance(word, list):
        return understood(word, charset)
    if word == b"NOT":
        return ~_condition(words, charset)
    if word == b"OR":
        first = _condition(words, charset)
        return q.any_of([first, _condition(words, charset)])
    if word == b"HEADER":
        field, value = words.pop(0), words.pop(0)
        assert isinstance(field, bytes)
        assert isinstance(value, bytes)
        return Query("HEADER", value.decode(charset), field.decode("ascii"))
    name = word.decode("ascii")
    if word not in ONE:
        return Query(name)
    value = words.pop(0)
    assert isinstance(value, bytes)
    if name == "UID":
        text = value.decode("ascii")
        return Query("UID", text if "*" in text or "$" in text else NumberSet.parse(text))
    if name == "SINCE":
        return Query("SINCE", datetime.strptime(value.decode(), "%d-%b-%Y").date())
    if name == "UNKEYWORD":
        return Query("NOT", parts=(Query("KEYWORD", value.decode()),))
    return Query(name, int(value) if name == "LARGER" else value.decode(charset))


def plain_or(query: Query) -> Query:
    """Without the halving of OR, which means the same."""
    parts = tuple(plain_or(one) for one in query.parts)
    if query.key in ("AND", "OR"):
        return q.all_of(parts) if query.key == "AND" else q.any_of(parts)
    return Query(query.key, query.value, query.field, parts)


def searches(chance: random.Random) -> None:
    asked, utf8 = condition(chance), chance.random() < 0.3
    parts = search_words(asked, ["X-GM-EXT-1", "OBJECTID", "SEARCHRES"], utf8=utf8)
    words = read(sent(b"UID SEARCH ", *parts, ahead=chance.choice([0, -1])), utf8)
    assert words[:2] == [b"UID", b"SEARCH"]
    charset = "utf-8"
    if words[2] == b"CHARSET":
        charset = str(words[3], "ascii") if isinstance(words[3], bytes) else ""
        words = [*words[:2], *words[4:]]
    assert understood(words[2:], charset) == plain_or(asked)


KINDS: list[Callable[[random.Random], None]] = [
    mailbox, raw_folder, flags, fetch_items, uids, moments, searches]


def run(seed: int, rounds: int) -> tuple[int, int]:
    chance = random.Random(seed)
    built = refused = 0
    for place in range(rounds):
        kind = KINDS[place % len(KINDS)]
        try:
            kind(chance)
            built += 1
        except (UsageError, NotSupported):
            refused += 1
    return built, refused


def test_a_thousand_arguments() -> None:
    built, refused = run(6, 3_000)
    assert built > 1_000
    assert refused > 400


@pytest.mark.slow
def test_a_hundred_thousand_arguments() -> None:
    built, refused = run(2026, 110_000)
    assert built + refused == 110_000
    assert built > 50_000
    assert refused > 10_000


def test_the_oracle_finds_what_is_wrong() -> None:
    for bad in (b'A1 X "a\nb"\r\n', b"A1 X a\r\nA2 Y\r\n", b'A1 X "a\\b"\r\n', b"A1 X (a\r\n",
                b'A1 X "\xc3"\r\n', b"A1 X {3}\r\na\0b\r\n", b"A1 X  y\r\n", b"A1 X (a  b)\r\n"):
        with pytest.raises((AssertionError, IndexError, ValueError)):
            read(bad)
    assert isinstance(Reply("OK", ""), Reply)
