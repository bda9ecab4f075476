"""Addresses of messages, read: mailboxes and groups (RFC 5322 section 3.4, RFC 6532). Grammar.

One reader for what is shown and what is decided by. It is generous, takes time in proportion to
the field's length, and nests nothing by recursion. Where a field is ambiguous nothing is dropped:
each thing that could be an address is one, text beside it is its name, and `AddressList.defects`
says so. A comment is never part of an address: ``a@good.example(x)evil.example`` is at
good.example.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .words import decode_words

__all__ = ["Address", "AddressList", "Group", "parse_addresses"]


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox.

    Args:
        name: of whom it belongs to, decoded; may be empty.
        address: ``local@domain``, as written; empty where a field gives only a name.
    """

    name: str
    address: str

    @property
    def local(self) -> str:
        """What stands before the last "@", quotes and all."""
        return self.address.rpartition("@")[0] or self.address

    @property
    def domain(self) -> str:
        """What stands behind the last "@", lower case; "" if there is none."""
        return self.address.rpartition("@")[2].lower() if "@" in self.address else ""

    def __str__(self) -> str:
        if not self.name:
            return self.address
        name = self.name
        if _SPECIAL.search(name):
            name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{name} <{self.address}>"


@dataclass(frozen=True, slots=True)
class Group:
    """A named list of mailboxes, often an empty one: ``undisclosed-recipients:;``."""

    name: str
    members: tuple[Address, ...]

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(map(str, self.members))};"


class AddressList(tuple["Address | Group", ...]):
    """What stands in a field of addresses, in order.

    Attributes:
        defects: what was odd about it.
    """

    defects: tuple[str, ...] = ()

    @property
    def mailboxes(self) -> tuple[Address, ...]:
        """The addresses, also those within groups."""
        found: list[Address] = []
        for one in self:
            found += (one,) if isinstance(one, Address) else one.members
        return tuple(found)


_SPECIAL = re.compile(r'[()<>\[\]:;@\\,"]')
_TEXT = r'[^\s"\\()<>,;:@\[\]]'
_EASY = re.compile(
    rf'(?:[ \t]*"([^"\\]*)"[ \t]*|([^"\\()<>,;:@\[\]]*))<({_TEXT}+@{_TEXT}+)>[ \t]*(?:,|\Z)'
    rf"|[ \t]*({_TEXT}+@{_TEXT}+)[ \t]*(?:,|\Z)")
_TOKEN = re.compile(
    r'(\s+)|("(?:[^"\\]|\\.)*"?)|(\[[^\[\]\s"<>,]*\]?)|([^\s"()<>,;:\[\]\\]+)|(\\.?|.)', re.DOTALL)
_PAIR = re.compile(r"\\(.)", re.DOTALL)


def parse_addresses(value: str) -> AddressList:
    """The addresses and groups in *value*, the text of a field.

    Example:
        >>> [str(one) for one in parse_addresses('"Doe, J." <j@x.example>, k@y.example (Kim)')]
        ['"Doe, J." <j@x.example>', 'Kim <k@y.example>']
        >>> parse_addresses("a@good.example(x)evil.example")[0].domain
        'good.example'
    """
    easy: list[Address | Group] = []
    at = 0
    while at < len(value) and (found := _EASY.match(value, at)):
        quoted, name, address, bare = found.groups()
        name = quoted or name or ""
        easy.append(Address(_shown(name) if name else "", address or bare))
        at = found.end()
    rest = value[at:]
    if not rest.strip():
        return AddressList(easy)
    reader = _Reader()
    reader.read(rest)
    made = AddressList(easy + reader.found)
    made.defects = tuple(dict.fromkeys(reader.defects))
    return made


def _shown(name: str) -> str:
    name = decode_words(name) if "=?" in name else name
    return " ".join(name.split())


class _Reader:
    """Reads what is not easy, token by token."""

    def __init__(self) -> None:
        self.found: list[Address | Group] = []
        self.defects: list[str] = []
        self._group: str | None = None
        self._members: list[Address] = []
        self._clear()

    def _clear(self) -> None:
        self._words: list[tuple[bool, str]] = []  # white space before it, the token
        self._spaced = False
        self._comments: list[str] = []
        self._angle: list[str] | None = None
        self._address: str | None = None

    def read(self, text: str) -> None:
        """Read the whole field."""
        depth, begun = 0, 0
        for token in _TOKEN.finditer(text):
            mark = token[5]
            if depth:
                if token[2] is not None and ")" in token[2]:  # quotes mean nothing in a comment
                    depth, begun = self._quoted_in_comment(token, depth, begun)
                    continue
                depth += (mark == "(") - (mark == ")")
                if not depth:
                    self._comments.append(text[begun : token.start()])
                    self._spaced = True
            elif mark == "(":
                depth, begun = 1, token.end()
            elif mark is None:
                self._word(token)
            else:
                self._mark(mark)
        if depth:
            self.defects.append("a comment has no end")
            self._comments.append(text[begun:])
        self._flush()
        if self._group is not None:
            self.defects.append("a group has no end")
            self._close()

    def _quoted_in_comment(self, token: re.Match[str], depth: int, begun: int) -> tuple[int, int]:
        """A quoted piece that began within a comment: its parentheses count."""
        for at, mark in enumerate(token[2], token.start()):
            depth += (mark == "(") - (mark == ")")
            if depth == 0 and mark == ")":
                self._comments.append(token.string[begun:at])
            elif depth == 1 and mark == "(":
                begun = at + 1
            depth = max(depth, 0)
        self._spaced = True
        return depth, begun

    def _word(self, token: re.Match[str]) -> None:
        if token[1]:
            self._spaced = True
        elif self._angle is not None:
            self._angle.append(token[0])
        else:
            self._words.append((self._spaced, token[0]))
            self._spaced = False

    def _mark(self, mark: str) -> None:
        if mark == "<":
            if self._address is not None:
                self.defects.append("two addresses without a comma")
                self._flush()
            if self._angle is None:
                self._angle = []
        elif mark == ">" and self._angle is not None:
            self._address, self._angle = _route(self._angle), None
        elif mark == ">":
            self.defects.append("a > that closes nothing")
        elif self._angle is not None and not (
            mark == ";" or (mark == "," and self._angle and not self._angle[0].startswith("@"))):
            self._angle.append(mark)
        elif mark == "," or (mark == ";" and self._group is None):
            if mark == ";":
                self.defects.append("a semicolon between addresses")
            self._flush()
        elif mark == ";":
            self._flush()
            self._close()
        elif mark == ":" and not any("@" in word for _, word in self._words):
            self._open()
        else:
            self._words.append((self._spaced, mark[-1:]))
            self._spaced = False

    def _open(self) -> None:
        """A group begins."""
        if self._group is not None:
            self.defects.append("a group within a group")
            self._close()
        self._group = self._phrase()
        self._clear()

    def _close(self) -> None:
        self.found.append(Group(self._group or "", tuple(self._members)))
        self._group, self._members = None, []

    def _phrase(self) -> str:
        """The words as a name."""
        return _shown("".join((" " if spaced else "") + _unquoted(word)
                              for spaced, word in self._words))

    def _flush(self) -> None:
        """An address ends here, if there was any."""
        if self._angle is not None:
            self.defects.append("an address has no >")
            self._address = _route(self._angle)
        if self._address is not None:
            name = self._phrase()
            if not self._address:
                self.defects.append("an empty address")
        elif self._words:
            name, self._address = self._bare()
        else:
            self._clear()
            return
        if not name and self._comments:
            name = _shown(_PAIR.sub(r"\1", " ".join(self._comments)))
        if name or self._address:
            into = self.found if self._group is None else self._members
            into.append(Address(name, self._address))
        self._clear()

    def _bare(self) -> tuple[str, str]:
        """Name and address where no angles tell them apart."""
        runs: list[list[str]] = []
        last = ""
        for spaced, word in self._words:
            if runs and (not spaced or word[0] in ".@" or (
                    last[-1:] in ".@" and (last[-1] == "@" or "@" in "".join(runs[-1])))):
                runs[-1].append(word)
            else:
                runs.append([word])
            last = word
        texts = ["".join(run) for run in runs]
        marked = [text for text in texts if "@" in text and not _quoted_whole(text)]
        if not marked and len(texts) == 1:
            if _quoted_whole(texts[0]):
                return _shown(_unquoted(texts[0])), ""
            return "", texts[0]
        if not marked:
            self.defects.append("a name without an address")
            return self._phrase(), ""
        if len(texts) > 1:
            self.defects.append("text beside an address without angle brackets")
        address = marked[-1]
        texts.remove(address)
        return _shown(" ".join(_unquoted(text) for text in texts)), address


def _quoted_whole(text: str) -> bool:
    return text.startswith('"') and text.endswith('"') and '"' not in _PAIR.sub("", text[1:-1])


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    whole = len(word) > 1 and word.endswith('"')
    return _PAIR.sub(r"\1", word[1:-1] if whole else word[1:])


def _route(pieces: list[str]) -> str:
    """An address in angles without its source route (RFC 5322 section 4.4)."""
    text = "".join(pieces)
    if text.startswith("@") and ":" in text:
        text = text.partition(":")[2]
    return text

