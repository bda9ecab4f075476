"""Messages as they are read: fields, offsets, structure, what is odd about them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from postel.messages import Parsed, parse
from postel.messages.bodies import sort_parts

MIXED = b"""\
From: =?utf-8?q?Zo=C3=AB?= <zoe@x.example>
To: "Doe, J." <j@y.example>,
 k@z.example
Subject: =?iso-8859-1?Q?caf=E9?=
Date: Sat, 21 Nov 2026 10:00:00 +0100
Message-ID: <1@x.example>
In-Reply-To: <0@y.example>
References: <a@y.example>
 <0@y.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner

plain
--inner
Content-Type: text/html; charset=utf-8

<p>h\xc3\xb6h</p>
--inner--
--outer
Content-Type: application/pdf; name="a.pdf"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*0="re"; filename*1="port.pdf"

JVBERi0=
--outer--
epilogue
"""


def types(message: Parsed) -> list[str]:
    return [part.content_type for part in message.walk()]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_a_whole_message(end: bytes) -> None:
    raw = MIXED.replace(b"\n", end)
    message = parse(raw)
    assert bytes(message) is raw
    assert message.subject == "café"
    assert [(one.name, one.address) for one in message.from_.mailboxes] == [
        ("Zoë", "zoe@x.example")]
    assert [str(one) for one in message.to] == ['"Doe, J." <j@y.example>', "k@z.example"]
    assert message.date == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert message.message_id == "1@x.example"
    assert message.references == ("a@y.example", "0@y.example")
    assert message.in_reply_to == ("0@y.example",)
    assert types(message) == ["multipart/mixed", "multipart/alternative", "text/plain",
                              "text/html", "application/pdf"]
    assert message.text == "plain"
    assert message.html == "<p>höh</p>"
    (one,) = message.attachments
    assert (one.name, one.content) == ("report.pdf", b"%PDF-")
    assert message.root.preamble.strip() == b"preamble"
    assert message.root.epilogue.strip() == b"epilogue"
    assert [defect.text for defect in message.defects] == (
        ["its lines end in bare CR"] if end == b"\r" else [])


def test_offsets_are_into_the_raw_bytes() -> None:
    message = parse(MIXED)
    for field in message.headers:
        assert MIXED[field.start : field.end] == field.raw
    assert b"".join(field.raw for field in message.headers) == message.headers.raw
    for part in message.walk():
        assert MIXED[part.body : part.end] == part.encoded
        assert MIXED[part.start : part.end] == part.source
    plain, html = message.root.children[0].children
    assert (plain.encoded, html.encoded) == (b"plain", b"<p>h\xc3\xb6h</p>")


def test_fields_are_blind_to_case_and_keep_their_order() -> None:
    fields = parse(b"B: 1\nA : 2\nb: 3\n\n").headers
    assert [field.name for field in fields] == ["B", "A", "b"]
    assert (fields["b"], fields.all("B"), fields.bytes("b")) == ("1", ["1", "3"], [b" 1", b" 3"])
    assert (fields.get("c"), fields.get("c", "x"), "a" in fields, "" in fields) == (
        None, "x", True, False)
    with pytest.raises(KeyError):
        fields["c"]
    assert repr(fields) == "<Headers: B, A, b>"
    assert len(fields) == 3


def test_what_is_encoded_begins_no_line() -> None:
    message = parse(b"Subject: =?utf-8?q?a=0D=0ABcc:_eve@x=00=1B?=\n"
                    b"From: =?utf-8?q?a=0Ab?= <a@x>\n"
                    b"Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab\n\n")
    assert message.subject == "a  Bcc: eve@x"
    assert message.from_.mailboxes[0].name == "a b"
    assert message.root.filename == "a  b"


def test_lists_of_words() -> None:
    fields = parse(b"Keywords: one, =?utf-8?q?zw=C3=B6lf?=,\n two words\nkeywords: ,x\n\n").headers
    assert fields.listed("Keywords") == ("one", "zwölf", "two words", "x")
    assert fields.listed("none") == ()


def test_a_message_that_is_empty() -> None:
    message = parse(b"")
    assert (message.subject, message.from_, message.date, message.text) == ("", (), None, "")
    assert (message.message_id, message.html, message.attachments) == ("", None, ())
    assert types(message) == ["text/plain"]


@pytest.mark.parametrize(("raw", "subject", "text"), [
    (b"From a@b Sat Nov 21\nSubject: x\n\nbody\n", "x", "body\n"),
    (b">From a@b Sat Nov 21\nSubject: x\n\nbody\n", "x", "body\n"),
    (b"Subject: x\nno field here\n\nbody\n", "x", "no field here\n\nbody\n"),
    (b"Subject: x\nno field here\nTo: a@b\n\nbody\n", "x", "body\n"),
    (b"just text\nand more\n", "", "just text\nand more\n"),
    (b"\nSubject: of the body\n", "", "Subject: of the body\n"),
    (b"Subject: x\n", "x", ""),
    (b"Subject: x", "x", ""),
    (b"Subject: x\n folded\n\n", "x folded", ""),
    (b"Subject: x\r\n\tfolded\r\n \r\n\r\nb", "x folded", "b"),
])
def test_headers_that_end_oddly(raw: bytes, subject: str, text: str) -> None:
    message = parse(raw)
    assert (message.subject, message.text) == (subject, text)


def test_lines_that_are_no_fields_are_told() -> None:
    found = [defect.text for defect in parse(b"A: 1\nnone\nB: \x002\nC: a\rb\n\n").defects]
    assert found[:3] == ["a line in the header is no field", "B holds a NUL", "C holds a bare CR"]


def told(raw: bytes) -> list[str]:
    return [defect.text for defect in parse(raw).root.defects] + [
        defect.text for part in parse(raw).root.children for defect in part.defects]


TEXT = b"\n\n--x\n\none\n--x\n\ntwo"


@pytest.mark.parametrize(("raw", "count", "defect"), [
    (b"Content-Type: multipart/mixed; boundary=x" + TEXT + b"\n--x--\n", 2, None),
    (b"Content-Type: multipart/mixed; boundary=x" + TEXT, 2, "a multipart has no last boundary"),
    (b"Content-Type: multipart/mixed; boundary=x" + TEXT + b"\n--x--</html>\n", 2, None),
    (b"Content-Type: multipart/mixed; boundary=\"x \"" + TEXT + b"\n--x--\n", 2, None),
    (b"Content-Type: multipart/mixed; boundary=x" + TEXT.replace(b"--x", b"--x  ") + b"\n--x--", 2,
     None),
    (b"Content-Type: multipart/mixed; boundary=y" + TEXT, 0, "a multipart has no last boundary"),
    (b"Content-Type: multipart/mixed" + TEXT, 0, "a multipart names no boundary"),
    (b"Content-Type: multipart/mixed; boundary=\"\"" + TEXT, 0, "a multipart names no boundary"),
    (b"Content-Type: multipart/mixed; boundary=x\n--x\nA: 1\n--x--\n", 1, None),
    (b"Content-Type: multipart/mixed; boundary=x\n\n--x\nA: 1\n--x--\n", 1,
     "a part's header has no empty line after it"),
    (b"Content-Type: nonsense\n\n", 0, "its content type is none"),
    (b"Content-Type: text/plain\nContent-Type: text/html\n\n", 0,
     "content-type is there more than once"),
    (b"Content-Type: text/plain\n\n\xe4", 0, "8-bit text without a charset, read as cp1252"),
    (b"Content-Transfer-Encoding: rot13\n\nx", 0, "the transfer encoding is unknown"),
])
def test_multiparts_that_are_odd(raw: bytes, count: int, defect: str | None) -> None:
    message = parse(raw)
    assert len(message.root.children) == count
    if defect:
        assert defect in told(raw)
    if count == 2:
        assert [part.content for part in message.root.children] == [b"one", b"two"]


def test_an_inner_part_ends_with_the_outer() -> None:
    raw = (b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
           b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--a\n\ntwo\n--a--\n")
    inner, last = parse(raw).root.children
    assert [part.content for part in inner.children] == [b"one"]
    assert last.content == b"two"


def test_the_same_boundary_twice() -> None:
    raw = (b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
           b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a--\n--a\n\ntwo\n--a--\n")
    inner, last = parse(raw).root.children
    assert [part.content for part in inner.children] == [b"one"]
    assert last.content == b"two"


def test_a_boundary_that_begins_another() -> None:
    raw = (b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
           b"Content-Type: multipart/mixed; boundary=ab\n\n--ab\n\none\n--ab--\n--a\n\ntwo\n--a--\n")
    inner, last = parse(raw).root.children
    assert [part.content for part in inner.children] == [b"one"]
    assert last.content == b"two"


@pytest.mark.parametrize(("line", "ends"), [
    (b"--a", True), (b"--a  ", True), (b"--a and more", True), (b"--a--", True), (b"--a--<br>", True),
    (b"--alpha", False), (b"--a-", False), (b"--a--b", False), (b"--a_1", False), (b"-- a", False),
    (b" --a", False), (b"--A", False),
])
def test_what_is_a_boundary(line: bytes, ends: bool) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n" + line + b"\n\ntwo\n--a--\n"
    first = parse(raw).root.children[0]
    assert (first.content == b"one") == ends


def test_a_signed_message_that_is_attached_still_verifies() -> None:
    from dkim_vectors import BRISBANE, ED25519

    from postel.messages import Signer, offline
    from postel.messages.dkim import verify

    raw = MIXED.replace(b"\n", b"\r\n")
    signer = Signer("x.example", "s", ED25519)
    signed = signer.sign(raw, now=1_795_000_000) + raw
    around = (b"Content-Type: multipart/mixed; boundary=around\r\n\r\n--around\r\n"
              b"Content-Type: message/rfc822\r\n\r\n" + signed + b"\r\n--around--\r\n")
    inside = parse(around).root.children[0].message
    assert inside is not None
    assert bytes(inside) == signed
    table = {("s._domainkey.x.example", "TXT"): [BRISBANE]}
    assert offline(verify(bytes(inside), now=1_795_000_000), table)[0].result == "pass"


def test_messages_within_messages() -> None:
    raw = (b"Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: one\n\n1\n"
           b"--d\nContent-Type: message/rfc822\n\nSubject: two\n\n2\n--d--\n")
    first, second = parse(raw).root.children
    assert first.message is not None
    assert second.message is not None
    assert (first.message.subject, second.message.subject) == ("one", "two")
    assert second.message.text == "2"
    assert parse(raw).root.message is None
    assert [one.name for one in parse(raw).attachments] == ["one.eml", "two.eml"]


@pytest.mark.parametrize("kind", ["base64", "quoted-printable"])
def test_what_is_encoded_as_a_whole(kind: str) -> None:
    inner = b"Content-Type: text/plain\n\nhello\n"
    data = base64.encodebytes(inner) if kind == "base64" else inner
    encoding = b"\nContent-Transfer-Encoding: " + kind.encode() + b"\n\n"
    message = parse(b"Content-Type: message/rfc822" + encoding + data)
    assert types(message) == ["message/rfc822", "text/plain"]
    assert message.root.children[0].content == b"hello\n"
    assert "a message/rfc822 is encoded as a whole" in told(message.raw)
    inner = b"--x\n\nhello\n--x--\n"
    data = base64.encodebytes(inner) if kind == "base64" else inner
    message = parse(b"Content-Type: multipart/mixed; boundary=x" + encoding + data)
    assert [part.content for part in message.root.children] == [b"hello"]


def test_a_false_encoding_of_a_multipart_is_not_believed() -> None:
    raw = (b"Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n"
           b"--x\n\nhello\n--x--\n")
    assert [part.content for part in parse(raw).root.children] == [b"hello"]


def test_encoded_messages_are_opened_eight_deep() -> None:
    one = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n"
    assert len(types(parse(one * 50 + b"Subject: x\n\n"))) == 9


def leaf(kind: str, name: str = "", how: str = "") -> bytes:
    made = f"Content-Type: {kind}" + (f"; name={name}" if name else "")
    return (made + (f"\nContent-Disposition: {how}" if how else "") + "\n\n" + kind).encode()


def several(kind: str, *parts: bytes) -> bytes:
    mark = f"{kind}{len(b''.join(parts))}".encode()
    body = b"".join(b"\n--" + mark + b"\n" + part for part in parts)
    return (b"Content-Type: multipart/" + kind.encode() + b"; boundary=" + mark + b"\n" + body +
            b"\n--" + mark + b"--")


@pytest.mark.parametrize(("raw", "text", "html", "attached"), [
    (leaf("text/plain"), ["text/plain"], ["text/plain"], []),
    (leaf("text/html"), ["text/html"], ["text/html"], []),
    (leaf("application/pdf"), [], [], ["application/pdf"]),
    (several("alternative", leaf("text/plain"), leaf("text/html")),
     ["text/plain"], ["text/html"], []),
    (several("alternative", leaf("text/html")), ["text/html"], ["text/html"], []),
    (several("alternative", leaf("text/plain"), several("related", leaf("text/html"),
                                                        leaf("image/png"))),
     ["text/plain"], ["text/html"], ["image/png"]),
    (several("mixed", leaf("text/plain"), leaf("image/png"), leaf("text/plain")),
     ["text/plain", "image/png", "text/plain"], ["text/plain", "image/png", "text/plain"], []),
    (several("mixed", leaf("text/plain"), leaf("text/plain", "a.txt")),
     ["text/plain"], ["text/plain"], ["text/plain"]),
    (several("mixed", leaf("text/plain"), leaf("text/plain", "", "attachment")),
     ["text/plain"], ["text/plain"], ["text/plain"]),
    (several("mixed", several("alternative", leaf("text/plain"), leaf("text/html")),
             leaf("message/rfc822")), ["text/plain"], ["text/html"], ["message/rfc822"]),
], ids=range(10))
def test_what_is_text_and_what_is_attached(raw: bytes, text: list[str], html: list[str],
                                           attached: list[str]) -> None:
    found = sort_parts(parse(raw).root)
    assert [part.content_type for part in found.text] == text
    assert [part.content_type for part in found.html] == html
    assert [part.content_type for part in found.attachments] == attached


def test_what_can_be_given() -> None:
    assert parse(bytearray(b"Subject: x\n\n")).subject == "x"
    assert parse(memoryview(b"Subject: x\n\n")).subject == "x"
    assert repr(parse(b"Subject: x\n\n")) == "<Parsed 'x', 12 bytes>"
    assert repr(parse(MIXED).root.children[1]) == (
        "<Part application/pdf 'report.pdf', bytes 480 to 639>")
