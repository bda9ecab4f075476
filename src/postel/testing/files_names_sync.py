# GENERATED from files_names_async.py by tools/unasync.py: edit that file, not this one.
"""Names as people and programs give them: each goes there, is listed, told and read as it is.

Line ends and NUL are no part of any name that a command can carry; they are refused before
anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import PostelError
from .exam_sync import Ground, Paper, expect, listed, read, refused, write

__all__ = ["NAMES", "PAPER"]

PAPER = Paper()

NAMES: Mapping[str, str] = {
    "a_space": "two words.txt",
    "spaces_at_its_ends": " three words ",
    "many_spaces": "two   spaces",
    "quotes": "it's \"quoted\" `so`",
    "a_percent": "100%.txt",
    "an_escape": "%41%2f%00.txt",
    "a_hash": "issue #3.txt",
    "a_question_mark": "what?.txt",
    "a_plus": "1+1=2&more.txt",
    "a_semicolon": "a;type=i,b",
    "brackets": "[a]{b}(c)<d>*!$",
    "a_leading_dash": "-rf",
    "a_leading_dot": ".hidden",
    "a_trailing_dot": "dot.",
    "two_dots_in_it": "..two..dots..",
    "a_tilde": "~alice",
    "a_colon": "C:notes",
    "an_at": "ann@example.org",
    "an_arrow": "a -> b",
    "composed_letters": "caf\u00e9",
    "decomposed_letters": "cafe\u0301",
    "other_scripts": "\u4f60\u597d \u043f\u0440\u0438\u0432\u0435\u0442",
    "an_emoji": "\U0001f600.txt",
    "bytes_that_are_no_utf_8": "latin \udce9\udcff",
    "two_hundred_bytes": "long" * 50,
    "digits_like_a_listing": "-rw-r--r-- 1 a b 5 Jan 1 2020 x",
}
"""What each name has in it, and the name."""


def _a_name(kind: str, name: str) -> None:
    def check(ground: Ground) -> None:
        path = ground.path(name)
        if ground.outside is None or "write" in ground.offers:
            write(ground.files, path, b"named")
        if ground.outside is not None and "write" in ground.offers:
            expect(ground.outside.get(path) == b"named", f"{name!r} is called otherwise there")
        elif ground.outside is not None:
            ground.outside.put(path, b"named")
        found = list(listed(ground.files, ground.top))
        expect(found == [name], f"listed as {found!r}")
        expect((ground.files.stat(path)).name == name, "told by its name")
        expect(read(ground.files, path) == b"named", "read by its name")
        if "remove" in ground.offers:
            ground.files.remove(path)
            expect(listed(ground.files, ground.top) == {}, "removed by its name")

    PAPER.add(f"a_name_with_{kind}", f"{name!r} is a name like any other.",
              ("list", "stat", "read"), check)


for _kind, _name in NAMES.items():
    _a_name(_kind, _name)


def _a_folder_name(kind: str) -> None:
    name = NAMES[kind]

    def check(ground: Ground) -> None:
        path = ground.put(f"{name}/{name}", b"inside")
        entry = (listed(ground.files, ground.top))[name]
        expect(entry.is_folder, f"a folder: {entry}")
        expect(list(listed(ground.files, ground.path(name))) == [name], "what is inside")
        expect(read(ground.files, path) == b"inside", "read from inside")

    PAPER.add(f"a_folder_whose_name_has_{kind}", f"A folder may be called {name!r}.",
              ("list", "read"), check)


for _kind in ("a_space", "a_percent", "a_hash", "a_question_mark", "a_leading_dash",
              "brackets", "other_scripts"):
    _a_folder_name(_kind)


@PAPER.needs("read", "list")
def line_ends_and_nul_are_refused(ground: Ground) -> None:
    """Before anything is sent, and the client lives."""
    path = ground.put("there", b"x")
    for bad in ("a\0b", "a\r\nQUIT", "a\nb"):
        refused((PostelError,), lambda bad=bad: read(ground.files, ground.path(bad)),  # type: ignore[misc]
                      f"{bad!r} was read")
        expect(read(ground.files, path) == b"x", "after a refusal")


@PAPER.needs("list", "read")
def names_differ_by_case(ground: Ground) -> None:
    """Two names that differ in case are two files, unless the server takes them for one."""
    ground.put("Case.txt", b"upper")
    ground.put("case.txt", b"lower")
    found = listed(ground.files, ground.top)
    if len(found) == 2:
        expect(read(ground.files, ground.path("Case.txt")) == b"upper", "the one")
    expect(read(ground.files, ground.path("case.txt")) == b"lower", "the other")
