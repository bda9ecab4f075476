"""file: URLs and paths (RFC 8089), on every system's terms."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from postel.errors import UsageError
from postel.local.paths import path_of, text_of, url_for, url_of
from postel.urls import parse


@pytest.mark.parametrize(("url", "path"), [
    ("file:///etc/hosts", "/etc/hosts"),
    ("file://localhost/etc/hosts", "/etc/hosts"),
    ("file:///a%20b/%C3%BC%3F%23", "/a b/ü?#"),
    ("file:///%FF", "/\udcff"),
    ("file://", "/"),
])
def test_to_a_path(url: str, path: str) -> None:
    assert text_of(parse(url), windows=False) == path
    assert path_of(url) == Path(path)


@pytest.mark.parametrize(("url", "path"), [
    ("file:///C:/a/b", "C:/a/b"),
    ("file:///c|/a", "c:/a"),
    ("file:///C:", "C:/"),
    ("file:////server/share/a", "//server/share/a"),
    ("file:///no/drive", "/no/drive"),
])
def test_to_a_path_of_windows(url: str, path: str) -> None:
    assert text_of(parse(url.replace("|", "%7C")), windows=True) == path


@pytest.mark.parametrize(("url", "why"), [
    ("file://elsewhere/a", "that file is on elsewhere, and file: reaches this machine only"),
    ("file:///a?b", "a path has no query or fragment"),
    ("file:///a#b", "a path has no query or fragment"),
])
def test_refusals(url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        path_of(url)
    assert caught.value.hint


def test_from_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(url_of("a b;c?d")) == f"file://{tmp_path}/a%20b%3Bc%3Fd"
    assert str(url_of(PureWindowsPath("C:\\x y"))) == "file:///C:/x%20y"
    assert path_of(url_of(Path("/a/\udcff"))) == Path("/a/\udcff")
    with pytest.raises(UsageError, match="CR, LF or NUL"):
        url_of("a\nb")


def test_what_a_caller_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert url_for("x") == url_of(tmp_path / "x")
    assert url_for("file:/tmp/x") == url_for("FILE:///tmp/x") == parse("file:///tmp/x")
    assert url_for(parse("file:///y")).path == "/y"
    with pytest.raises(UsageError, match="not on this machine"):
        url_for(parse("ftp://ftp.example.org/y"))
