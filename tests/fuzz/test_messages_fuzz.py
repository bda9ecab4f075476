"""Random bytes as messages: everything can be asked of them, nothing raises, nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postel.messages import html_to_text, parse, parse_addresses, parse_ids, parse_parameters
from postel.messages.attachments import file_name
from postel.messages.charsets import decode
from postel.messages.dates import parse_date
from postel.messages.flowed import unflowed
from postel.messages.words import decode_words
from postel.wire.names import safe_name

PIECES = st.sampled_from([
    b"\n", b"\r\n", b"\r", b" ", b"\t", b":", b"--", b"--x", b"--x--", b"\n--x\n", b"\n\n", b"\0",
    b"Content-Type: multipart/mixed; boundary=x\n", b"Content-Type: message/rfc822\n", b"=?utf-8?q?",
    b"Content-Type: multipart/alternative; boundary=\"y\"\n", b"--y\n", b"?=", b"=C3=A9", b"\xe9",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''", b"To: ", b"From: a@b\n", b"Date: ",
    b"<", b">", b"(", b")", b'"', b"\\", b",", b";", b"@", b"begin 644 x\n#8V%T\n`\nend\n", b"AAAA",
    b"=ybegin line=128 size=3 name=x\nabc\n=yend size=3\n", b"text/html; charset=", b"gb18030",
    b"<p>", b"<a href=", b"</", b"\xef\xbb\xbf", b"From x\n", b"%41", b"utf-7", b"+AOk-", b"=\n",
])
MESSAGES = st.lists(PIECES | st.binary(max_size=12), max_size=40).map(b"".join)
TEXTS = st.lists(st.sampled_from(
    [",", ";", ":", "<", ">", "(", ")", '"', "\\", "@", "[", "]", ".", " ", "a", "b@c", "=?utf-8?b?",
     "?=", "*0*=", "*1=", "=", "%C3", "''", "1 Jan 2026", "10:00", "+0100", "é", "\ud800", "\0"])
    | st.text(max_size=6), max_size=30).map("".join)


def asked(thing: object, names: str) -> None:
    for name in names.split():
        getattr(thing, name)
    repr(thing)


@given(MESSAGES)
def test_any_bytes_are_a_message(raw: bytes) -> None:
    message = parse(raw)
    assert bytes(message) == raw
    fields = list(message.headers)
    assert b"".join(field.raw for field in fields) == message.headers.raw
    at = 0
    for part in message.walk():
        assert 0 <= part.start <= part.body <= part.end <= len(part.raw)
        if part.raw is raw:
            assert part.start >= at
            at = part.start
        for child in part.children:
            assert child.raw is not raw or part.body <= child.start <= child.end <= part.end
        asked(part, "content text filename preamble epilogue message is_attachment content_id")
    asked(message, "subject from_ to date message_id references in_reply_to text html defects")
    for one in message.attachments:
        assert safe_name(one.name, windows=True) == one.name
        assert isinstance(one.content, bytes)


@given(TEXTS)
def test_any_text_is_a_field(text: str) -> None:
    for one in parse_addresses(text).mailboxes:
        str(one), one.local, one.domain
    parse_parameters(text), parse_ids(text), parse_date(text), decode_words(text)
    assert len(html_to_text(text)) < 200 + 50 * len(text)
    unflowed(text)
    assert safe_name(file_name(text, "a/b", 1), windows=True)


@given(TEXTS, st.lists(st.sampled_from(["x", "=?utf-8?q?=C3=A9?=", '"Doe, J."']), max_size=3))
def test_an_address_in_angles_is_found_whatever_stands_before(text: str, names: list[str]) -> None:
    quoted = text.replace("\\", "").replace('"', "")
    value = f'"{quoted}" {" ".join(names)} <ann@x.example>'
    assert parse_addresses(value).mailboxes[-1].address == "ann@x.example"


@given(st.binary(max_size=60), st.none() | st.sampled_from(
    ["utf-8", "us-ascii", "iso-8859-1", "gb2312", "utf-7", "utf-16", "iso-2022-jp", "hz", "big5",
     "x-unknown", "rot13", "koi8-r", "shift_jis"]) | st.text(max_size=9))
def test_any_bytes_are_text(data: bytes, charset: str | None) -> None:
    assert isinstance(decode(data, charset), str)
