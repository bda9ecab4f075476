"""Codecs: clean bytes there and back, broken ones saved as far as they go, by chunk as in one."""

from __future__ import annotations

import base64
import binascii
import os
import quopri
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel.messages import codecs
from postel.messages.codecs import base32, binhex, quoted_printable, uuencode, yenc
from postel.messages.codecs import base64 as b64

CORPORA = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
MIMEKIT = CORPORA / "mail" / "mimekit"
needs_corpora = pytest.mark.skipif(not MIMEKIT.is_dir(), reason=f"no corpora at {CORPORA}")


def by_pieces(maker: Callable[[], codecs.Decoding | codecs.Encoding], data: bytes, size: int) -> bytes:
    reader = maker()
    made = [reader.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return b"".join([*made, reader.end()])


@pytest.mark.parametrize(("text", "data", "defects"), [
    (b"", b"", ()),
    (b"aGVsbG8=", b"hello", ()),
    (b"aGVs\r\nbG8=\r\n", b"hello", ()),
    (b"aGVs bG8 =", b"hello", ()),
    (b"aGVsbG8", b"hello", ("base64: it ends without its padding",)),
    (b"aGVsb", b"hel", ("base64: a last character on its own",)),
    (b"aGV*sbG8=", b"hello", ("base64: characters that are not of its alphabet",)),
    (b"YQ==\r\nYg==\r\n", b"ab", ("base64: it goes on after its padding",)),
    (b"YQ==YWI=YWJj\r\nYWJj\r\n", b"aababcabc", ("base64: it goes on after its padding",)),
    (b"YQ==\r\n\r\n-- \r\nlist footer =\r\nYWJj", b"a", ("base64: text after its end",)),
    (b"====", b"", ()),
])
def test_base64_reads(text: bytes, data: bytes, defects: tuple[str, ...]) -> None:
    found = b64.decode(text)
    assert found.data == data
    assert set(defects) == set(found.defects)
    for size in (1, 2, 3, 5):
        assert by_pieces(b64.Decoder, text, size) == data


@given(st.binary(max_size=400), st.integers(1, 90))
def test_base64_there_and_back(data: bytes, size: int) -> None:
    made = b64.encode(data)
    assert made == base64.encodebytes(data).replace(b"\n", b"\r\n")
    assert len(made) == b64.encoded_size(len(data))
    assert b64.decode(made) == codecs.Decoded(data)
    assert by_pieces(b64.Encoder, data, size) == made


@given(st.binary(max_size=200), st.integers(1, 20))
def test_base64_of_anything_is_the_same_by_chunk(data: bytes, size: int) -> None:
    assert by_pieces(b64.Decoder, data, size) == b64.decode(data).data


@pytest.mark.parametrize(("text", "data", "defects"), [
    (b"caf=C3=A9", "café".encode(), 0),
    (b"a=\r\nb=\nc", b"abc", 0),
    (b"a=  \r\nb", b"ab", 0),
    (b"trailing  \t\r\nnext \n", b"trailing\r\nnext\n", 0),
    (b"end  ", b"end", 0),
    (b"soft=", b"soft", 0),
    (b"a=e9", b"a\xe9", 0),
    (b"1=1, a==b, =ZZ", b"1=1, a==b, =ZZ", 1),
    (b"=\rkept", b"kept", 0),
    (b"=4", b"=4", 1),
    (b"raw \xe9", b"raw \xe9", 1),
])
def test_quoted_printable_reads(text: bytes, data: bytes, defects: int) -> None:
    found = quoted_printable.decode(text)
    assert found.data == data
    assert len(found.defects) == defects
    for size in (1, 2, 3):
        assert by_pieces(quoted_printable.Decoder, text, size) == data


lines = st.lists(st.binary(max_size=120).map(lambda b: b.translate(None, b"\r\n")), max_size=6)


@given(lines, st.integers(1, 60))
def test_quoted_printable_there_and_back(parts: list[bytes], size: int) -> None:
    data = b"\r\n".join(parts)
    made = quoted_printable.encode(data)
    assert made.isascii()
    assert all(len(line) <= 76 for line in made.split(b"\r\n"))
    assert not any(line.startswith(b"From ") or line == b"." for line in made.split(b"\r\n"))
    assert quoted_printable.decode(made) == codecs.Decoded(data)
    assert quopri.decodestring(made) == data
    assert by_pieces(quoted_printable.Decoder, made, size) == data
    assert quoted_printable.decode(by_pieces(quoted_printable.Encoder, data, size)).data == data


@given(st.binary(max_size=300))
def test_quoted_printable_of_bytes(data: bytes) -> None:
    made = quoted_printable.encode(data, text=False)
    assert quoted_printable.decode(made).data == data


@given(st.binary(max_size=200), st.integers(1, 20))
def test_quoted_printable_of_anything_is_the_same_by_chunk(data: bytes, size: int) -> None:
    assert by_pieces(quoted_printable.Decoder, data, size) == quoted_printable.decode(data).data


def test_quoted_printable_shields_a_long_from_line() -> None:
    line = b"From " + b"x" * 71
    made = quoted_printable.encode(line + b"\r\n")
    assert made.startswith(b"=46rom " + b"x" * 68 + b"=\r\n")
    assert all(len(row) <= 76 for row in made.split(b"\r\n"))
    assert quoted_printable.decode(made).data == line + b"\r\n"


@given(st.binary(max_size=100))
def test_base32_there_and_back(data: bytes) -> None:
    assert base32.decode(base32.encode(data)) == codecs.Decoded(data)
    spaced = b" ".join(base32.encode(data, pad=False).lower()[at : at + 4]
                       for at in range(0, len(data) * 8 // 5 + 1, 4))
    assert base32.decode(spaced).data == data


@given(st.binary(max_size=60))
def test_base32_takes_anything(data: bytes) -> None:
    base32.decode(data)


@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a b.bin", "grün.png"]))
def test_uuencode_there_and_back(data: bytes, name: str) -> None:
    made = uuencode.encode(data, name, mode=0o755)
    text = b"Hello\r\nbegin 644 of the story\r\n" + made + b"and more\r\n"
    (found,) = uuencode.find(text)
    assert (found.name, found.mode, found.data, found.defects) == (name, 0o755, data, ())
    assert text[: found.start] + text[found.end :] == (
        b"Hello\r\nbegin 644 of the story\r\nand more\r\n")
    assert by_pieces(uuencode.Decoder, text[31:], 7) == data


def test_uuencode_whose_trailing_spaces_were_lost() -> None:
    data = bytes(100)
    made = uuencode.encode(data, "zeros").replace(b"`", b" ")
    stripped = b"\n".join(line.rstrip() for line in made.split(b"\r\n"))
    (found,) = uuencode.find(stripped)
    assert found.data == data


def test_uuencode_without_its_end() -> None:
    made = uuencode.encode(b"x" * 90, "a").split(b"`\r\n")[0]
    (found,) = uuencode.find(made + b"Then some prose follows.\r\n")
    assert found.data == b"x" * 90
    assert found.defects == ("uuencode: it has no end",)
    assert found.end == len(made)


def test_uuencode_by_base64() -> None:
    text = b"begin-base64 644 a.bin\naGVsbG8=\n====\nafter\n"
    (found,) = uuencode.find(text)
    assert (found.data, found.defects, text[found.end :]) == (b"hello", (), b"after\n")
    assert uuencode.find(b"begin-base64 644 times\nthis is only prose, with ***\n") == []


def test_uuencode_with_checksum_characters_and_damage() -> None:
    body = uuencode.encode(b"hello", "a").replace(b"\r\n", b"\n").replace(b"L;&\\`", b"L;&\\`#")
    assert uuencode.find(body)[0].data == b"hello"
    reader = uuencode.Decoder()
    assert reader.feed(b"begin 644 a\n%:&5L;~\\\nend\n") + reader.end() != b""
    assert reader.defects == ["uuencode: a line that cannot be read"]


@given(st.binary(max_size=200))
def test_uuencode_takes_anything(data: bytes) -> None:
    uuencode.find(b"begin 644 a\n" + data)
    by_pieces(uuencode.Decoder, b"begin 644 a\n" + data, 9)


@given(st.binary(max_size=700), st.integers(0, 300))
def test_yenc_there_and_back(data: bytes, size: int) -> None:
    bodies = yenc.encode(data, 'a "b" =c.bin', part_size=size)
    found = [part for body in bodies for part in yenc.find(b"text\r\n" + body + b"more\r\n")]
    assert all(part.defects == () for part in found)
    random.Random(1).shuffle(found)
    assert yenc.join(found).data == data
    assert yenc.join(found).defects == ()
    for body in bodies:
        for line in body.split(b"\r\n"):
            assert len(line) <= 130 or line.startswith(b"=y")
            assert b"\0" not in line
            assert b"\n" not in line
            assert b"\r" not in line


def test_yenc_says_what_is_wrong() -> None:
    (body,) = yenc.encode(bytes(range(200)), "a")
    assert yenc.find(body.replace(b"crc32=", b"crc32=1"))[0].defects == (
        "yenc: its checksum is another",)
    assert yenc.find(body.split(b"=yend")[0])[0].defects == ("yenc: it has no end",)
    assert "yenc: it is not as long as announced" in yenc.find(
        body.replace(b"size=200", b"size=9"))[0].defects
    parts = yenc.encode(bytes(90), "a", part_size=30)
    joined = yenc.join(yenc.find(parts[0]) + yenc.find(parts[2]))
    assert "yenc: a part is missing" in joined.defects
    assert len(joined.data) == 90
    with pytest.raises(ValueError, match="no parts"):
        yenc.join([])


def test_yenc_of_two_files_whose_first_has_no_end() -> None:
    (one,) = yenc.encode(b"first", "1")
    (two,) = yenc.encode(b"second", "2")
    found = yenc.find(one.split(b"=yend")[0] + two)
    assert [(part.data, len(part.defects)) for part in found] == [(b"first", 1), (b"second", 0)]


@given(st.binary(max_size=200))
def test_yenc_takes_anything(data: bytes) -> None:
    for part in yenc.find(b"=ybegin line=128 size=5 name=a\r\n" + data):
        yenc.join([part])


def binhex_of(name: bytes, data: bytes, resource: bytes = b"") -> bytes:
    """BinHex as the RFC describes it, written here only."""
    def crc(fork: bytes) -> bytes:
        return fork + binascii.crc_hqx(fork, 0).to_bytes(2, "big")

    head = (bytes((len(name),)) + name + b"\0TEXTttxt\0\0"
            + len(data).to_bytes(4, "big") + len(resource).to_bytes(4, "big"))
    plain = crc(head) + crc(data) + crc(resource)
    packed = bytearray()
    at = 0
    while at < len(plain):
        run = 1
        while plain[at + run : at + run + 1] == plain[at : at + 1] and run < 255:
            run += 1
        byte = plain[at : at + 1]
        stood = b"\x90\0" if byte == b"\x90" else byte
        packed += stood + (b"\x90" + bytes((run,)) if run > 3 else stood * (run - 1))
        at += run
    table = bytes.maketrans(
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b'!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr')
    text = base64.b64encode(packed).rstrip(b"=").translate(table)
    wrapped = b"\r\n".join((b":" + text + b":")[at : at + 64] for at in range(0, len(text) + 2, 64))
    return b"(This file must be converted with BinHex 4.0)\r\n\r\n" + wrapped + b"\r\n"


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_binhex_reads(data: bytes, resource: bytes) -> None:
    found = binhex.decode(b"From a Mac:\r\n" + binhex_of(b"note", data, resource))
    assert found == binhex.File("note", "TEXT", "ttxt", data, resource)


@pytest.mark.parametrize("data", [
    b"\x90" * 5, b"\x90" * 144, b"a" * 144, b"a" * 1000, b"\x90a\x90" * 7, b"\x90" * 400])
def test_binhex_reads_runs(data: bytes) -> None:
    found = binhex.decode(binhex_of(b"runs", data))
    assert found is not None
    assert (found.data, found.defects) == (data, ())


def test_binhex_damaged() -> None:
    whole = binhex_of(b"a", bytes(range(200)))
    cut = binhex.decode(whole[:150])
    assert cut is not None
    assert cut.data == bytes(range(200))[: len(cut.data)]
    assert set(cut.defects) == {"binhex: it has no end", "binhex: a checksum is another",
                                "binhex: it is cut short"}
    small = binhex.decode(binhex_of(b"a", bytes(9_000)), largest=1_000)
    assert small is not None
    assert "binhex: it is larger than what is unpacked at most" in small.defects


@given(st.binary(max_size=200))
def test_binhex_takes_anything(data: bytes) -> None:
    binhex.decode(b"(This file must be converted with BinHex 4.0)\r\n:" + data)


@pytest.mark.parametrize(("encoding", "text", "data", "defects"), [
    ("BASE64", b"aGk=", b"hi", ()),
    (" quoted-printable ", b"=41", b"A", ()),
    ("8bit", b"=41", b"=41", ()),
    ("x-uuencode", b"begin 644 a\n\"9&D \nend\n", b"di", ()),
    ("x-uuencode", b"nothing", b"", ("uuencode: it has no beginning",)),
    ("rot13", b"=41", b"=41", ("the transfer encoding is unknown",)),
])
def test_encodings_by_name(encoding: str, text: bytes, data: bytes,
                           defects: tuple[str, ...]) -> None:
    assert codecs.decode(encoding, text) == codecs.Decoded(data, defects)


def test_encoding_by_name() -> None:
    assert codecs.encode("quoted-printable", "ü\n".encode()) == b"=C3=BC\r\n"
    assert codecs.encode("7bit", b"as it is") == b"as it is"
    with pytest.raises(KeyError):
        codecs.encode("rot13", b"")


HOSTILE: list[tuple[str, Callable[[int], bytes], Callable[[bytes], object]]] = [
    ("paddings", lambda n: b"YQ==YQ\n" * n, b64.decode),
    ("equals", lambda n: b"=" * n, b64.decode),
    ("equals on lines", lambda n: b"=\n" * n, b64.decode),
    ("spaces", lambda n: b" " * n + b"x" + b" " * n, quoted_printable.decode),
    ("lone equals", lambda n: b"=" * n, quoted_printable.decode),
    ("begins", lambda n: b"begin 644 a\n" * n, uuencode.find),
    ("begins with data", lambda n: b"begin 644 a\n#86)C\n" * n, uuencode.find),
    ("spaces in names", lambda n: b"begin 644 " + b" " * n, uuencode.find),
    ("ybegin", lambda n: b"=ybegin a\n" * n, yenc.find),
    ("ybegin, one end", lambda n: b"=ybegin a\n" * n + b"=yend", yenc.find),
    ("yend", lambda n: b"=yend\n" * n, yenc.find),
    ("escapes", lambda n: b"=ybegin a\n" + b"=" * n, yenc.find),
    ("binhex ends of lines", lambda n: b"must be converted with BinHex" + b"\n" * n, binhex.decode),
    ("binhex heads", lambda n: b"must be converted with BinHex\n" * n, binhex.decode),
    ("binhex runs", lambda n: b"must be converted with BinHex\n:" + b"jj" * n + b":",
     binhex.decode),
]


@pytest.mark.parametrize(("make", "read"), [case[1:] for case in HOSTILE],
                         ids=[case[0] for case in HOSTILE])
def test_hostile_input_takes_linear_time(
        make: Callable[[int], bytes], read: Callable[[bytes], object],
        linear: Callable[..., None]) -> None:
    linear(lambda size: read(make(size)), 800)


@needs_corpora
def test_mimekits_encodings() -> None:
    photo = (MIMEKIT / "encoders" / "photo.jpg").read_bytes()
    assert b64.decode((MIMEKIT / "encoders" / "photo.b64").read_bytes()) == codecs.Decoded(photo)
    (found,) = uuencode.find((MIMEKIT / "encoders" / "photo.uu").read_bytes())
    assert (found.data, found.defects) == (photo, ())
    text = (MIMEKIT / "encoders" / "wikipedia.txt").read_bytes()
    read = quoted_printable.decode((MIMEKIT / "encoders" / "wikipedia.qp").read_bytes()).data
    assert read.splitlines() == text.splitlines()


@needs_corpora
def test_mimekits_yenc() -> None:
    joystick = (MIMEKIT / "yenc" / "joystick.jpg").read_bytes()
    parts = [part for name in ("00000020.ntx", "00000021.ntx")
             for part in yenc.find((MIMEKIT / "yenc" / name).read_bytes())]
    assert [part.part for part in parts] == [1, 2]
    assert all(part.defects == () for part in parts)
    assert yenc.join(parts).data == joystick
    (simple,) = yenc.find((MIMEKIT / "yenc" / "simple.msg").read_bytes())
    assert simple.defects == ()


@pytest.mark.slow
@settings(max_examples=2_000)
@given(st.binary(max_size=2_000))
def test_every_codec_takes_anything(data: bytes) -> None:
    for name in ("base64", "quoted-printable", "x-uuencode", "binary"):
        codecs.decode(name, data)
    for find in (uuencode.find, yenc.find, binhex.decode, base32.decode):
        find(data)
