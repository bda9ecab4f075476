"""Texts and attachments: flowed paragraphs, HTML, files within texts, names to save under."""

from __future__ import annotations

import pytest

from postel.messages import html_to_text, parse
from postel.messages.attachments import file_name, unlike
from postel.messages.codecs import uuencode, yenc
from postel.messages.flowed import unflowed
from postel.wire.names import safe_name


@pytest.mark.parametrize(("flowed", "text"), [
    ("a \nb\nc", "a b\nc"), ("a\n\nb", "a\n\nb"), ("> a \n> b\nc", "> a b\nc"),
    ("> a \n>> b \n>> c", "> a \n>> b c"), (" > a\n From x", "> a\nFrom x"),
    ("a \n-- \nb \nc", "a \n-- \nb c"), ("a ", "a "), ("", ""), ("\n", "\n"),
    (">\n> a", ">\n> a"), ("-- \n> -- \nx", "-- \n> -- \nx"),
])
def test_flowed(flowed: str, text: str) -> None:
    assert unflowed(flowed) == text


def test_flowed_with_delsp() -> None:
    assert unflowed("日 \n本", delsp=True) == "日本"
    raw = b"Content-Type: text/plain; format=Flowed; DelSp=yes\n\na \r\nb \r\nc\r\n"
    assert parse(raw).text == "abc\n"
    assert parse(raw.replace(b"Flowed", b"fixed")).text == "a \nb \nc\n"


@pytest.mark.parametrize(("html", "text"), [
    ("<p>a<p>b", "a\n\nb"), ("a<br>b", "a\nb"), ("a<br><br><br><br>b", "a\n\nb"),
    ("<b>a</b> <i>b</i>", "a b"), (" a \n\n b ", "a b"), ("a &amp; b&nbsp;&lt;c&gt;", "a & b\xa0<c>"),
    ("<ul><li>a<li>b</ul>", "* a\n* b"), ("<ol><li>a</li><li>b</li></ol>c", "1. a\n2. b\n\nc"),
    ("<ul><li>a<ul><li>b</ul></ul>", "* a\n  * b"),
    ("<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc"),
    ("<table><tr><td>a<td>b<tr><td>c</table>", "a\tb\nc"),
    ("<pre>a\n  b</pre>", "a\n  b"), ("<h1>a</h1>b", "a\n\nb"), ("a<hr>b", f"a\n\n{'-' * 40}\n\nb"),
    ('<a href="https://x.example/">x</a>', "x <https://x.example/>"),
    ('<a href="https://x.example/">https://x.example/</a>', "https://x.example/"),
    ('<a href="mailto:a@x">a@x</a>', "a@x"), ('<a href="javascript:alert(1)">x</a>', "x"),
    ('<img alt="a cat" src="x">', "[a cat]"), ("<img alt=''>", ""),
    ("<style>p{}</style><script>a<b</script>c<title>t</title>", "c"),
    ("<!-- <p>a --><!DOCTYPE html><?xml x?>b", "b"), ("a < b and 3<4", "a < b and 3<4"),
    ("<p title='a>b'>c", "c"), ('<p title="a>b">c', "c"), ("<script>never closed", ""),
    ("<!-- never closed <b>a", "a"), ("<p", ""), ("", ""), ("<", "<"),
    ("a</p></div></table>b", "a\n\nb"), ("<DIV>a</DIV><DIV>b</DIV>", "a\nb"),
])
def test_html(html: str, text: str) -> None:
    assert html_to_text(html) == text


def test_html_without_links() -> None:
    assert html_to_text('<a href="https://x.example/">x</a>', links=False) == "x"


@pytest.mark.parametrize(("head", "body", "text"), [
    ("charset=iso-8859-1", b"caf\xe9", "café"),
    ("", b'<meta charset="koi8-r">' + "Привет".encode("koi8-r"), "Привет"),
    ("", b'<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">\x93\xfa', "日"),
    ("", b'<?xml version="1.0" encoding="iso-8859-2"?>\xb1', "ą"),
])
def test_charsets_of_html(head: str, body: bytes, text: str) -> None:
    raw = b"Content-Type: text/html; " + head.encode() + b"\n\n" + body
    assert parse(raw).text == text


def test_html_is_the_text_where_there_is_no_other() -> None:
    message = parse(b"Content-Type: text/html\n\n<p>Hello <b>you</b>")
    assert message.text == "Hello you"
    assert message.html == "<p>Hello <b>you</b>"


def test_files_within_a_text() -> None:
    body = (b"before\r\n" + uuencode.encode(b"one" * 99, "../a.txt") + b"between\r\n"
            + b"".join(yenc.encode(b"two" * 99, "b.bin")) + b"after\r\n")
    message = parse(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body)
    assert [(one.name, one.filename, one.content) for one in message.attachments] == [
        ("a.txt", "../a.txt", b"one" * 99), ("b.bin", "b.bin", b"two" * 99)]
    assert message.text == "before\nbetween\nafter\n"


def test_a_part_in_uuencode() -> None:
    message = parse(b"Content-Type: image/gif\nContent-Transfer-Encoding: x-uuencode\n\n"
                    + uuencode.encode(b"GIF89a", "x.gif"))
    assert message.root.content == b"GIF89a"


@pytest.mark.parametrize(("given", "name"), [
    ("a.txt", "a.txt"), ("/etc/passwd", "passwd"), ("..\\..\\x.exe", "x.exe"), ("C:\\x", "x"),
    ("..", "attachment-1.pdf"), ("../", "attachment-1.pdf"), ("", "attachment-1.pdf"),
    (None, "attachment-1.pdf"), ("con", "_con"), ("LPT1.txt", "_LPT1.txt"), ("a.txt. .", "a.txt"),
    (".bashrc", "_.bashrc"), ("a\0b\nc", "abc"), ("a\u202etxt.exe", "atxt.exe"), ("a:b|c?", "a_b_c_"),
    ("-rf", "-rf"), ("ü.txt", "ü.txt"), ("日本.pdf", "日本.pdf"), ("a/", "a"), ("\x1b[2J", "[2J"),
    ("x" * 300 + ".pdf", "x" * 196 + ".pdf"), ("é" * 300, "é" * 100), ("a\udc80b", "ab"),
    ("a." + "b" * 300, "a." + "b" * 198), (" a ", "a"), ("CON .txt", "CON .txt"),
])
def test_names_to_save_under(given: str | None, name: str) -> None:
    found = file_name(given, "application/pdf", 1)
    assert found == name
    assert safe_name(found, windows=True) == found


def test_names_are_unlike_each_other() -> None:
    part = b"\n--x\nContent-Disposition: attachment; filename="
    message = parse(b"Content-Type: multipart/mixed; boundary=x\n" + part + b"a.txt\n\n1"
                    + part + b"A.TXT\n\n2" + part + b"a.txt\n\n3" + part + b"b\n\n4" + part
                    + b"b\n\n5\n--x--\n")
    assert [one.name for one in message.attachments] == [
        "a.txt", "A (2).TXT", "a (3).txt", "b", "b (2)"]
    counts: dict[str, int] = {}
    assert unlike("a", {"a", "a (2)"}, counts) == "a (3)"
    assert unlike("a", {"a", "a (2)", "a (3)"}, counts) == "a (4)"
