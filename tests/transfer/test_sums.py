"""Lists of digests and Metalink: read, refused, and files held against them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import PostelError, ProtocolError, TransferError, UsageError
from postel.lab import Lab
from postel.transfer import tree_sync
from postel.transfer.check_sync import check_sums
from postel.transfer.metalink import parse_metalink
from postel.transfer.sums import Sum, is_list_of_sums, parse_sums

HEX = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(("line", "expected"), [
    (f"{HEX}  a.txt", Sum("a.txt", "SHA-256", HEX)),
    (f"{HEX.upper()} *a b.txt", Sum("a b.txt", "SHA-256", HEX)),
    (f"SHA256 (a (1).txt) = {HEX}", Sum("a (1).txt", "SHA-256", HEX)),
    (f"SHA2-256(a.txt)= {HEX}", Sum("a.txt", "SHA-256", HEX)),
    (f"\\{HEX}  a\\nb\\\\c", Sum("a\nb\\c", "SHA-256", HEX)),
    (f"{'0' * 32}  sub/x", Sum("sub/x", "MD5", "0" * 32)),
])
def test_lines(line: str, expected: Sum) -> None:
    assert parse_sums(["# a comment", "", line + "\r\n"]) == (expected,)


@pytest.mark.parametrize("line", ["x", HEX, f"{HEX[:-1]}  a", f"SHA512 (a) = {HEX}",
                                  f"BLAKE2b (a) = {HEX}", f"{HEX}  " + "x" * 10_000])
def test_lines_that_are_none(line: str) -> None:
    with pytest.raises(UsageError):
        parse_sums([line])


@given(st.lists(st.text(max_size=80)))
def test_any_text_is_a_list_or_refused(lines: list[str]) -> None:
    try:
        parse_sums(lines)
    except UsageError:
        pass


@pytest.mark.parametrize(("name", "expected"), [
    ("SHA256SUMS", True), ("sha1sum.txt", True), ("MD5SUMS", True), ("a.iso.sha512", True),
    ("a.sha256sum", True), ("a.iso", False), ("sums", False)])
def test_names_of_lists(name: str, expected: bool) -> None:
    assert is_list_of_sums(name) is expected


def test_files_held_against_a_list(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"x")
    (tmp_path / "bad").write_bytes(b"y")
    (tmp_path / "SHA256SUMS").write_text(
        f"{HEX}  good\n{HEX}  bad\n{HEX}  gone\n{HEX}  ../good\n")
    result = check_sums(tmp_path / "SHA256SUMS", tmp_path)
    assert result.good == ["good"]
    assert [(name, error.exit_code) for name, error in result.bad] == [
        ("bad", 6), ("gone", 3), ("../good", 2)]


META = f"""<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
  <file name="good">
    <size>1</size><hash type="sha-256">{HEX}</hash><hash type="md5">{"0" * 32}</hash>
    <pieces length="262144" type="sha-256"><hash>{HEX}</hash></pieces>
    <url priority="2">http://two.example.org/good</url>
    <url priority="1">ftp://one.example.org/good</url>
    <url>no url at all</url>
  </file>
</metalink>"""


def test_metalink(tmp_path: Path) -> None:
    one, = parse_metalink(META.encode())
    assert (one.name, one.size, one.digests[0]) == ("good", 1, ("SHA-256", HEX))
    assert [str(url) for url in one.urls] == [
        "ftp://one.example.org/good", "http://two.example.org/good"]
    assert (one.piece, one.pieces, one.piece_digest) == (262_144, (HEX,), "SHA-256")
    (tmp_path / "good").write_bytes(b"x")
    (tmp_path / "list.meta4").write_text(META)
    assert check_sums(tmp_path / "list.meta4", tmp_path).good == ["good"]
    (tmp_path / "good").write_bytes(b"xx")
    assert not check_sums(tmp_path / "list.meta4", tmp_path).ok


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a\\b", "", "C:evil"])
def test_names_of_metalink_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(TransferError):
        parse_metalink(META.replace('name="good"', f'name="{name}"').encode())


@pytest.mark.parametrize("text", ["", "<a/>", "<metalink", META.replace(">1<", ">one<"),
                                  "<!DOCTYPE x [<!ENTITY a 'b'>]><metalink/>"])
def test_documents_that_are_none(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_metalink(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused(data: bytes) -> None:
    try:
        parse_metalink(data)
    except PostelError:
        pass


def test_a_list_is_checked_over_several_connections(
    here: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_sync, "_NEAR", 0.0)  # as if the server were far away
    said = []
    for number in range(30):
        data = b"%d" % number
        here.ftp.files.put(f"/pub/{number}", data)
        said.append(f"{hashlib.sha256(data + b'x' * (number == 7)).hexdigest()}  {number}")
    (tmp_path / "SHA256SUMS").write_text("\n".join(said))
    result = check_sums(tmp_path / "SHA256SUMS", here.url("ftp") + "pub", connections=4)
    assert result.good == [str(number) for number in range(30) if number != 7], "in their order"
    assert [name for name, _ in result.bad] == ["7"]
