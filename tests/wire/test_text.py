"""`display`: what a terminal gets to see of a peer's text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.wire.text import display

ANY_TEXT = st.text(st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("220 ready", "220 ready"),
        ("Grüße, 世界 👋", "Grüße, 世界 👋"),
        (r"C:\new\x41", r"C:\new\x41"),
        ("a\tb\r\nc", r"a\tb\r\nc"),
        ("\x00\x07\x08\x0b\x7f", r"\x00\x07\x08\x0b\x7f"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b2J\x85\xa0", "\\x9b2J\\x85\xa0"),
        ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
        ("\u2066\u2069\u200e\u200f\u061c", r"\u2066\u2069\u200e\u200f\u061c"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        (b"caf\xe9".decode(errors="surrogateescape"), r"caf\xe9"),
        ("\ud800x\udfff", r"\ud800x\udfff"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_display(text: str, shown: str) -> None:
    assert display(text) == shown


@pytest.mark.parametrize(
    "code",
    [
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
    ],
)
def test_no_control_gets_through(code: int) -> None:
    assert re.fullmatch(r"[!-~]+", display(chr(code)))


@given(ANY_TEXT)
def test_shown_text_is_one_encodable_line(text: str) -> None:
    shown = display(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)


@given(ANY_TEXT)
def test_showing_twice_changes_nothing(text: str) -> None:
    assert display(display(text)) == display(text)
