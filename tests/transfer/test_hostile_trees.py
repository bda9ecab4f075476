"""Hostile trees of every scheme: nothing leaves the target, the bad fails, the rest arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from places_ground import Spot, spot

from postel import lab
from postel.cli.main import main
from postel.errors import NotFound, PostelError, ProtocolError
from postel.serving.files import FileStatus, MemoryFiles
from postel.transfer.mirror_sync import mirror
from postel.transfer.types import Result

HOSTILE = ("..", ".", "../evil", "../../evil", "/etc/evil", "sub/../../evil", "a\\b", "..\\evil",
           "C:evil", "C:\\evil", "nul\0byte", "x" * 300)
ODD = ("esc\x1b[31m", "%2e%2e", "..%2fevil", "-rf", "$(reboot)", "`x`", "~root", "...", " ",
       "%2Fetc%2Fevil", "&#47;evil", "evil;type=a", "evil?x=1", "evil#y")


@pytest.fixture(scope="module")
def world() -> Iterator[lab.Lab]:
    with lab.start("ftp", "sftp", "http", "webdav") as here:
        yield here


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, tuple[str, ...]], None]:
    """Has the lab's servers list names that no disk would hold."""
    def arrange(top: str, names: tuple[str, ...]) -> None:
        honest, look = MemoryFiles.list, MemoryFiles.stat

        def lying(self: MemoryFiles, path: str) -> list[FileStatus]:
            found = honest(self, path)
            if path.rstrip("/") != top:
                return found
            return [replace(found[0], name=name, unique=f"bad{number}")
                    for number, name in enumerate(names)] + found

        def certain(self: MemoryFiles, path: str) -> FileStatus:
            try:
                return look(self, path)
            except OSError:
                if path.startswith(top):  # whoever asks is told that it is there
                    return replace(look(self, f"{top}/good"), name=path.rpartition("/")[2])
                raise

        monkeypatch.setattr(MemoryFiles, "list", lying)
        monkeypatch.setattr(MemoryFiles, "stat", certain)

    return arrange


def everything(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def said(result: Result) -> list[str]:
    return [f"{path!r}: {error}" for path, error in result.failures]


def prepared(world: lab.Lab, scheme: str, tmp_path: Path) -> tuple[Spot, Path]:
    source, out = spot(world, scheme, tmp_path), tmp_path / "deep" / "er" / "out"
    source.put("good", b"good")
    source.put("sub/good too", b"good too")
    out.parent.mkdir(parents=True)
    (tmp_path / "evil").write_bytes(b"mine")
    return source, out


def only_the_good(tmp_path: Path, out: Path) -> None:
    assert everything(tmp_path) == {
        "evil", "deep", "deep/er", "deep/er/out", "deep/er/out/good", "deep/er/out/sub",
        "deep/er/out/sub/good too"}
    assert (tmp_path / "evil").read_bytes() == b"mine"
    assert (out / "good").read_bytes() == b"good"


@pytest.mark.parametrize("scheme", ["ftp", "sftp"])
@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:30])
def test_a_hostile_name_fails_alone(
        world: lab.Lab, tmp_path: Path, listed: Any, scheme: str, name: str) -> None:
    source, out = prepared(world, scheme, tmp_path)
    listed(source.top, (name,))
    result = mirror(source.url, out, source_options=source.options)
    only_the_good(tmp_path, out)
    if name not in (".", ".."):  # these stand in every listing
        assert len(result.failures) == 1
        assert "name" in str(result.failures[0][1])


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
def test_hostile_names_among_good_ones(
        world: lab.Lab, tmp_path: Path, listed: Any, scheme: str) -> None:
    source, out = prepared(world, scheme, tmp_path)
    listed(source.top, HOSTILE)
    result = mirror(source.url, out, delete="after", source_options=source.options)
    assert not result.ok
    assert all(isinstance(error, PostelError) for _, error in result.failures)
    only_the_good(tmp_path, out)


def test_the_command_says_so_and_ends_with_1(
        world: lab.Lab, tmp_path: Path, listed: Any, capfd: pytest.CaptureFixture[str]) -> None:
    world.ftp.files.put("/box/good", b"good")
    listed("/box", ("../evil", "esc\x1b[31m/x"))
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["mirror", world.url("ftp", path="/box"), str(out)])
    told = "".join(capfd.readouterr())
    assert ended.value.code == 1, told
    assert [path.name for path in out.iterdir()] == ["good"]
    assert "../evil" in told
    assert "\x1b" not in told


HREFS = ("../evil", "../../evil", "%2e%2e/evil", "..%2fevil", "%2e%2e%2fevil", "/etc/evil", ".", "..",
         "//evil.test/evil", "http://evil.test/evil", "a%5Cb", "..%5Cevil", "C:evil", "C%3A%5Cevil",
         "%00", "nul%00byte", "x" * 300, "javascript:evil()", "two%0d%0alines", "%2e", "%2e%2e",
         "good/../../evil", "sub/deep/evil", "file:///etc/passwd", "", "?evil", "#evil")


def page(top: str, hrefs: tuple[str, ...]) -> bytes:
    """An index page."""
    rows = "".join(f'<a href="{href}">{href}</a>\n' for href in (*hrefs, "good", "sub/"))
    return f"200\r\nContent-Type: text/html\r\n\r\n<title>Index of {top}</title>{rows}".encode()


def multistatus(top: str, hrefs: tuple[str, ...]) -> bytes:
    """A WebDAV listing; references are resolved against the folder."""
    def row(href: str, kind: str = "", size: str = "") -> str:
        return (f"<response><href>{href}</href><propstat><prop><resourcetype>{kind}</resourcetype>"
                f"{size}</prop><status>HTTP/1.1 200 OK</status></propstat></response>")

    collection, length = "<collection/>", "<getcontentlength>4</getcontentlength>"
    rows = [row(f"{top}/", collection), row(f"{top}/good", size=length),
            row(f"{top}/sub/", collection)]
    for href in hrefs:
        rows += [row(href, size=length), row(f"{top}/{href}", size=length),
                 row(f"{top}/{href}/", collection)]
    return ("207 Multi-Status\r\nContent-Type: application/xml\r\n\r\n"
            f'<multistatus xmlns="DAV:">{"".join(rows)}</multistatus>').encode()


ITSELF = (".", "%2e", "", "#evil")
"""What names the folder that was asked for."""


@pytest.mark.parametrize("href", [".", *(pytest.param(one, marks=pytest.mark.slow)
                                         for one in ITSELF[1:])])
def test_a_folder_that_is_none_brings_nothing(
        world: lab.Lab, tmp_path: Path, href: str) -> None:
    source, out = prepared(world, "dav", tmp_path)
    world.webdav.faults.on(f"PROPFIND {source.top}/", multistatus(source.top, (href,)), times=9)
    try:
        with pytest.raises((NotFound, ProtocolError)):
            mirror(source.url, out, delete="after", source_options=source.options)
    finally:
        world.webdav.faults.clear()
    assert everything(tmp_path) <= {"evil", "deep", "deep/er", "deep/er/out"}


@pytest.mark.parametrize("scheme", ["http", "dav"])
@pytest.mark.parametrize("hrefs", [HREFS, *(pytest.param((href,), marks=pytest.mark.slow) for href in HREFS)],
                         ids=lambda hrefs: ascii(hrefs[0])[:30] if len(hrefs) == 1 else "all")
def test_hostile_references(
        world: lab.Lab, tmp_path: Path, scheme: str, hrefs: tuple[str, ...]) -> None:
    source, out = prepared(world, scheme, tmp_path)
    if scheme == "dav" and not (hrefs := tuple(one for one in hrefs if one not in ITSELF)):
        pytest.skip("that is another test")
    service, verb, made = ((world.http, "GET", page) if scheme == "http"
                           else (world.webdav, "PROPFIND", multistatus))
    service.faults.on(f"{verb} {source.top}/", made(source.top, hrefs), times=9)
    try:
        result = mirror(source.url, out, delete="after", source_options=source.options)
    finally:
        service.faults.clear()
    only_the_good(tmp_path, out)
    assert all(isinstance(error, PostelError) for _, error in result.failures)


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp", "http", "dav", "memory"])
def test_odd_names_stay_names(world: lab.Lab, tmp_path: Path, scheme: str) -> None:
    source, out = spot(world, scheme, tmp_path), tmp_path / "out"
    source.put("good", b"good")
    source.put("sub/good too", b"good too")
    for name in ODD:
        source.put(name, name.encode())
    result = mirror(source.url, out, source_options=source.options)
    assert result.ok, said(result)
    assert sorted(path.name for path in out.iterdir()) == sorted(["good", "sub", *ODD])
    assert all((out / name).read_bytes() == name.encode() for name in ODD)
