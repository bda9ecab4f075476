"""Names from a server: one component of a path, or nothing."""

from __future__ import annotations

import pytest

from postel.errors import TransferError
from postel.wire.names import joined, safe_name

BAD = [
    ("", "no name"), (".", "no name"), ("..", "no name"), ("/", "slash"), ("/etc/passwd", "slash"),
    ("../x", "slash"), ("a/b", "slash"), ("a/", "slash"), ("\\", "back-slash"),
    ("a\\b", "back-slash"), ("..\\x", "back-slash"), ("C:", "drive letter"),
    ("c:x", "drive letter"), ("C:\\x", "back-slash"), ("nul\0x", "NUL"), ("x" * 256, "255 bytes"),
    ("\u00e9" * 128, "255 bytes"),
]


@pytest.mark.parametrize("windows", [True, False])
@pytest.mark.parametrize(("name", "why"), BAD)
def test_refused_everywhere(name: str, why: str, windows: bool) -> None:
    with pytest.raises(TransferError, match=why) as caught:
        safe_name(name, windows=windows)
    assert caught.value.exit_code == 6
    assert caught.value.hint
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize("name", [
    "CON", "con", "nul.txt", "com1", "COM\u00b9", "LPT9.tar.gz", "a.", "a ", "a<b", "a>b", 'a"b',
    "a|b", "a?b", "a*b", "prn", "aux.", "conin$"])
def test_refused_only_where_windows_gives_it_a_meaning(name: str) -> None:
    with pytest.raises(TransferError, match="Windows gives it another meaning"):
        safe_name(name, windows=True)
    assert safe_name(name, windows=False) == name


@pytest.mark.parametrize("name", [
    "a", ".hidden", "...", "..a", "a..", "a b", "caf\u00e9", "x" * 255, "\u00e9" * 127, "-rf", "~",
    "\x1b[2J", "a\nb", "\udcff", "1:2", "console", "COM10"])
def test_accepted(name: str) -> None:
    assert safe_name(name, windows=False) == name


@pytest.mark.parametrize(("folder", "name", "path"), [
    ("", "a", "a"), ("/", "a", "/a"), ("pub", "a", "pub/a"), ("pub/", "a", "pub/a"),
    ("/a/b", "c", "/a/b/c")])
def test_joined(folder: str, name: str, path: str) -> None:
    assert joined(folder, name) == path
