"""Messages that are meant to hurt: nothing raises, nothing is quadratic, nothing is too deep."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from postel.messages import html_to_text, parse, parse_addresses, parse_ids, parse_parameters
from postel.messages.dates import parse_date
from postel.messages.flowed import unflowed
from postel.messages.words import decode_words


def asked(thing: object, names: str) -> None:
    for name in names.split():
        getattr(thing, name)
    repr(thing)


def read(raw: bytes) -> None:
    """Everything that can be asked of a message."""
    message = parse(raw)
    assert bytes(message) == raw
    for part in message.walk():
        asked(part, "text filename disposition preamble")
        if not part.children:  # the content of what is around it is all of it, each time
            asked(part, "content")
    asked(message, "text html attachments defects subject from_ to cc date references")


def head(kind: str, value: bytes) -> Callable[[], None]:
    return lambda: read(kind.encode() + b": " + value + b"\n\nx\n")


def mixed(body: bytes) -> Callable[[], None]:
    return lambda: read(b"Content-Type: multipart/mixed; boundary=x\n\n" + body)


def text(body: bytes, more: bytes = b"") -> Callable[[], None]:
    return lambda: read(b"Content-Type: text/plain" + more + b"\n\n" + body)


def deep(n: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i)
                    for i in range(n)) + b"\nend\n"


GROWING: dict[str, Callable[[int], Callable[[], object]]] = {
    "recipients": lambda n: head("To", b"Ann Lee <ann@x.example>, " * n),
    "odd recipients": lambda n: head("To", b"a(b)@x, <c@d;" * n),
    "quoted recipients": lambda n: head("To", b'"a" ' * n),
    "open quotes": lambda n: head("To", b'"' * n),
    "backslashes": lambda n: head("To", b"\\" * n),
    "open comments": lambda n: head("To", b"(" * n),
    "nested comments": lambda n: head("To", b"(" * n + b"x" + b")" * n),
    "open angles": lambda n: head("To", b"<" * n),
    "open brackets": lambda n: head("To", b"a@[" * n),
    "groups": lambda n: head("To", b"a:" * n),
    "commas": lambda n: head("To", b"," * n),
    "words without commas": lambda n: head("To", b"a@b " * n),
    "spaces in addresses": lambda n: head("To", b"a" + b" " * n + b"b@c"),
    "parameters": lambda n: head("Content-Type", b"text/plain" + b"; a=b" * n),
    "semicolons": lambda n: head("Content-Type", b"text/plain" + b";" * n),
    "pieces of a parameter": lambda n: head("Content-Type", b"a/b" + b"".join(
        b"; name*%d=x" % i for i in range(n))),
    "percents": lambda n: head("Content-Type", b"a/b; name*=utf-8''" + b"%" * n),
    "parameters without semicolons": lambda n: head("Content-Type", b"a/b; x=y" + b" a=b" * n),
    "spaces in parameters": lambda n: head("Content-Type", b"a/b;" + b" " * n + b"x"),
    "quotes in parameters": lambda n: head("Content-Type", b"a/b; x=" + b'"' * n),
    "comments in parameters": lambda n: head("Content-Type", b"a/b; (" * n),
    "encoded words": lambda n: head("Subject", b"=?utf-8?q?a?= " * n),
    "beginnings of words": lambda n: head("Subject", b"=?a?q?" * n),
    "beginnings and one end": lambda n: head("Subject", b"=?a?q?" * n + b"?="),
    "question marks": lambda n: head("Subject", b"=?" * n),
    "long charsets": lambda n: head("Subject", b"=?" + b"a" * n),
    "identifiers": lambda n: head("References", b"<a@b> " * n),
    "open identifiers": lambda n: head("References", b"<" + b" " * n),
    "prose in identifiers": lambda n: head("References", b"a" * n + b" @"),
    "dates": lambda n: head("Date", b"(" * n + b"1 Jan" + b" " * n),
    "fields": lambda n: lambda: read(b"A: b\n" * n + b"\nx"),
    "same fields": lambda n: lambda: read(b"To: a@b\n" * n + b"\nx"),
    "folds": lambda n: lambda: read(b"Subject: x\n" + b" y\n" * n + b"\nx"),
    "lines that are no fields": lambda n: lambda: read(b"A: b\nno\n" * n + b"\nx"),
    "one long line": lambda n: lambda: read(b"x" * n),
    "a long name": lambda n: lambda: read(b"x" * n + b": y\n\n"),
    "spaces behind a name": lambda n: lambda: read(b"x" + b" " * n + b"\n\n"),
    "bare CRs": lambda n: lambda: read(b"A: b\r" * n),
    "mixed line ends": lambda n: lambda: read(b"A: b\r\r\n\n\r" * n),
    "parts": lambda n: mixed(b"--x\n\na\n" * n),
    "empty parts": lambda n: mixed(b"--x\n" * n),
    "parts without an empty line": lambda n: mixed(b"--x\nA: b\n" * n),
    "lines like boundaries": lambda n: mixed(b"--y\n" * n),
    "hyphens": lambda n: mixed(b"--" * n),
    "closed and open": lambda n: mixed(b"--x--\n--x\n" * n),
    "digests": lambda n: lambda: read(b"Content-Type: multipart/digest; boundary=x\n\n"
                                      + b"--x\n\nA: b\n\nc\n" * n),
    "multiparts": lambda n: lambda: read(deep(n // 10)),
    "the same multipart": lambda n: lambda: read(
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * (n // 10)),
    "closed multiparts": lambda n: lambda: read(deep(n // 10) + b"".join(
        b"--b%d--\n" % i for i in range(n // 10, -1, -1))),
    "messages": lambda n: lambda: read(b"Content-Type: message/rfc822\n\n" * (n // 10)),
    "messages without an empty line": lambda n: lambda: read(
        b"Content-Type: message/rfc822\nno\n" * (n // 10)),
    "messages in quoted-printable": lambda n: lambda: read(
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n" * (n // 10)),
    "alternatives": lambda n: lambda: read(deep(n // 10).replace(b"mixed", b"alternative")),
    "a digest of digests": lambda n: lambda: read(
        b"Content-Type: multipart/digest; boundary=x\n\n--x\n\n" * (n // 10)),
    "flowed": lambda n: text(b"a \n" * n, b"; format=flowed"),
    "flowed quotes": lambda n: text(b">" * n + b" a \n" * 9, b"; format=flowed"),
    "flowed changes": lambda n: text(b"> a \n>> b \n" * n, b"; format=flowed"),
    "uuencode": lambda n: text(b"begin 644 a\n#8V%T\n`\nend\n" * n),
    "uuencode begun": lambda n: text(b"begin 644 a\n#8V%T\n" * n),
    "yEnc begun": lambda n: text(b"=ybegin line=128 size=3 name=a\nabc\n" * n),
    "pictures": lambda n: mixed(b"--x\nContent-Type: image/png\n\nb\n" * (n // 4)),
    "keywords": lambda n: lambda: parse(b"Keywords:" + b"a," * n).headers.listed("keywords"),
    "names alike": lambda n: mixed(
        b"--x\nContent-Type: a/b; name=a\n\nb\n" * (n // 10)),
    "tags": lambda n: lambda: html_to_text("<b>a</b>" * n),
    "open tags": lambda n: lambda: html_to_text("<div>" * n),
    "unfinished tags": lambda n: lambda: html_to_text("<a " * n),
    "unfinished attributes": lambda n: lambda: html_to_text("<a href='" * n),
    "quotes in tags": lambda n: lambda: html_to_text("<a b=\"'" * n),
    "less-than signs": lambda n: lambda: html_to_text("<" * n),
    "comments of HTML": lambda n: lambda: html_to_text("<!--" * n),
    "declarations": lambda n: lambda: html_to_text("<!" * n),
    "styles": lambda n: lambda: html_to_text("<style>" * n),
    "titles": lambda n: lambda: html_to_text("<title>" * n),
    "links": lambda n: lambda: html_to_text("<a href=x>" * n + "y" + "</a>" * n),
    "blockquotes": lambda n: lambda: html_to_text("<blockquote>" * n + "a"),
    "lists": lambda n: lambda: html_to_text("<ul><li>" * n),
    "ampersands": lambda n: lambda: html_to_text("&" * n),
    "white space": lambda n: lambda: html_to_text(" \n" * n + "x"),
    "base64": lambda n: text(b"A" * n, b"\nContent-Transfer-Encoding: base64"),
    "equals signs": lambda n: text(b"=" * n, b"\nContent-Transfer-Encoding: quoted-printable"),
    "utf-7": lambda n: text(b"+" * n, b"; charset=utf-7"),
    "bad utf-8": lambda n: text(b"\xff\x41" * n, b"; charset=utf-8"),
    "meta": lambda n: lambda: read(b"Content-Type: text/html\n\n\xe4" + b"<meta " * n),
}


@pytest.mark.parametrize("name", GROWING)
def test_quick_whatever_it_is(name: str, linear: Callable[..., None]) -> None:
    linear(lambda size: GROWING[name](size)(), 250)


@pytest.mark.slow
@pytest.mark.parametrize("name", GROWING)
def test_eight_times_the_size_takes_eight_times_the_time(
        name: str, linear: Callable[..., None]) -> None:
    linear(lambda size: GROWING[name](size)(), 2_500)


@pytest.mark.parametrize("raw", [
    deep(20_000),
    pytest.param(deep(20_000).replace(b"mixed", b"alternative"), marks=pytest.mark.slow),
    pytest.param(b"Content-Type: message/rfc822\n\n" * 20_000, marks=pytest.mark.slow),
    pytest.param(b"Content-Type: multipart/digest; boundary=x\n\n--x\n\n" * 20_000,
                 marks=pytest.mark.slow),
    pytest.param(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 20_000,
                 marks=pytest.mark.slow),
], ids=["multiparts", "alternatives", "messages", "digests", "the same boundary"])
def test_twenty_thousand_levels(raw: bytes) -> None:
    message = parse(raw)
    assert sum(1 for _ in message.walk()) >= 20_000
    asked(message, "text attachments")


def test_memory_grows_with_the_message() -> None:
    import tracemalloc

    raw = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 2_000
    tracemalloc.start()
    try:
        parts = list(parse(raw).walk())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(parts) == 2_001
    assert peak < 2_500 * len(parts)


def test_a_large_body_is_not_copied_before_it_is_asked_for() -> None:
    import tracemalloc

    raw = b"Subject: x\r\n\r\n" + base64.encodebytes(bytes(3_000_000))
    tracemalloc.start()
    try:
        message = parse(raw)
        assert message.subject == "x"
        assert message.root.content_type == "text/plain"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200_000


def test_deep_fields_do_not_recurse() -> None:
    for hostile in ("(" * 20_000, "<" * 20_000, "a:" * 10_000, '"' * 20_001, "\\" * 19_999):
        parse_addresses(hostile)
        parse_parameters(hostile)
        parse_ids(hostile)
        parse_date(hostile)
        decode_words(hostile)
        unflowed(hostile)


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "..\\..\\x", "/abs", "C:\\x", "con", "aux.txt", "a\0.txt", "x\u202egpj.exe",
    "..", ".", "", "x" * 5_000, "a/../../b", "~/.ssh/x", "\\\\host\\share\\x", "a\r\nb",
])
def test_no_name_leaves_the_folder(name: str) -> None:
    from urllib.parse import quote

    from postel.wire.names import safe_name

    raw = (f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}\n"
           "Content-Type: a/b\n\nx").encode()
    (one,) = parse(raw).attachments
    assert safe_name(one.name, windows=True) == one.name
    assert not one.name.startswith(".")
