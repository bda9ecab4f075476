"""Body structures: numbers of parts, texts and attachments, and what servers get wrong."""

from __future__ import annotations

import pickle

import pytest

from postel.imap import roles, tokens
from postel.imap.structure import DEEPEST_PART, Structure


def read(text: bytes) -> Structure:
    [values] = tokens.parse([text])
    return Structure.read(values)


PLAIN = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 12 1 NIL NIL NIL NIL)'
HTML = b'("TEXT" "HTML" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" 40 2 NIL NIL NIL NIL)'
LOGO = b'("IMAGE" "PNG" ("NAME" "logo.png") "<logo@x>" NIL "BASE64" 400 NIL ("INLINE" ("FILENAME" "l.png")))'
PDF = (b'("APPLICATION" "PDF" ("NAME*0*" "utf-8\'\'a%20" "NAME*1" "b.pdf") NIL "=?utf-8?q?Gr=C3=BC=C3=9Fe?=" '
       b'"BASE64" 9000 "md5" ("ATTACHMENT" ("FILENAME" "=?utf-8?q?=C3=BC.pdf?=")) ("en" "de") "http://x/")')
ENVELOPE = b'(NIL "inner" NIL NIL NIL NIL NIL NIL NIL "<i@x>")'


def message(body: bytes) -> bytes:
    return b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 900 ' + ENVELOPE + b" " + body + b" 30 NIL NIL NIL)"


def test_one_part() -> None:
    one = read(PLAIN)
    assert (one.content_type, one.section, one.charset, one.size, one.lines, one.encoding) == (
        "text/plain", "1", "utf-8", 12, 1, "7bit")
    assert one.text is one
    assert one.html is None
    assert one.attachments == ()
    assert repr(one) == "<1 text/plain 12 bytes>"
    assert pickle.loads(pickle.dumps(one)) == one


def test_a_letter_with_everything() -> None:
    related = b"(" + HTML + LOGO + b' "RELATED" ("BOUNDARY" "r") NIL NIL)'
    alternative = b"(" + PLAIN + related + b' "ALTERNATIVE" ("BOUNDARY" "a") NIL NIL)'
    inner = b"(" + PLAIN + PDF + b' "MIXED")'
    whole = read(b"(" + alternative + PDF + message(inner) + message(PLAIN)
                 + b' "MIXED" ("BOUNDARY" "m") ("INLINE" NIL) "en" NIL)')
    assert [(part.section, part.content_type) for part in whole.walk()] == [
        ("TEXT", "multipart/mixed"), ("1", "multipart/alternative"), ("1.1", "text/plain"),
        ("1.2", "multipart/related"), ("1.2.1", "text/html"), ("1.2.2", "image/png"),
        ("2", "application/pdf"), ("3", "message/rfc822"), ("3.TEXT", "multipart/mixed"),
        ("3.1", "text/plain"), ("3.2", "application/pdf"), ("4", "message/rfc822"),
        ("4.1", "text/plain")]
    assert whole.text is whole.find("1.1")
    assert whole.html is whole.find("1.2.1")
    assert [part.section for part in whole.attachments] == ["2", "3", "4"]
    assert whole.disposition == "inline"
    assert whole.languages == ("en",)
    pdf = whole.find("2")
    assert pdf is not None
    assert (pdf.filename, pdf.parameters["name"], pdf.description) == ("ü.pdf", "a b.pdf", "Grüße")
    assert (pdf.md5, pdf.disposition, pdf.languages, pdf.location) == (
        "md5", "attachment", ("en", "de"), "http://x/")
    within = whole.find("3")
    assert within is not None
    assert within.envelope is not None
    assert (within.envelope.subject, within.lines) == ("inner", 30)
    assert [whole.mime_section, pdf.mime_section, within.parts[0].mime_section] == [
        "HEADER", "2.MIME", "3.HEADER"]
    assert len(list(whole.walk(into_messages=False))) == 9
    assert whole.find("9") is None


@pytest.mark.parametrize(("text", "content_type", "sections"), [
    (b'("ALTERNATIVE")', "multipart/alternative", []),  # Gmail
    (b'("ALTERNATIVE" ("BOUNDARY" "x") NIL NIL)', "multipart/alternative", []),
    (b'("MIXED" NIL NIL NIL)', "multipart/mixed", []),
    (b"(NIL NIL NIL NIL NIL NIL NIL)", "application/octet-stream", []),
    (b'("TEXT" NIL NIL NIL NIL "7BIT" 5 1)', "text/plain", []),
    (b"()", "text/plain", []),
    (b"NIL", "text/plain", []),
    (b"((" + PLAIN + b"))", "text/plain", []),
    (b"(NIL" + PLAIN + b' "MIXED")', "multipart/mixed", ["2"]),
    (b"(()" + PLAIN + b' "MIXED")', "multipart/mixed", ["2"]),
    (b"(" + PLAIN + PLAIN + b")", "multipart/mixed", ["1", "2"]),
    (b'("MESSAGE" "RFC822" NIL NIL NIL "BASE64" 900 NIL ("ATTACHMENT" NIL) NIL NIL)', "message/rfc822", []),
    (b'("MESSAGE" "DELIVERY-STATUS" NIL NIL NIL "7BIT" 900 NIL NIL NIL NIL)', "message/delivery-status", []),
])
def test_odd_structures(text: bytes, content_type: str, sections: list[str]) -> None:
    one = read(text)
    assert one.content_type == content_type
    assert [part.section for part in one.parts] == sections


@pytest.mark.parametrize(("end", "disposition", "languages"), [
    (b'NIL ("ATTACHMENT" ("FILENAME" "a")) NIL', "attachment", ()),
    (b'NIL "attachment" NIL NIL', "attachment", ()),  # a word for the list
    (b'NIL ("en") ("attachment" ("FILENAME" "a"))', "attachment", ("en",)),  # changed places
    (b'NIL NIL "en" "loc"', "", ("en",)),
    (b"NIL () NIL NIL", "", ()),
    (b"NIL (NIL NIL)", "", ()),
    (b'NIL ("x-own" NIL)', "x-own", ()),
    (b"", "", ()),
])
def test_dispositions(end: bytes, disposition: str, languages: tuple[str, ...]) -> None:
    one = read(b'("APPLICATION" "X" NIL NIL NIL "BASE64" 5 ' + end + b")")
    assert (one.disposition, one.languages) == (disposition, languages)


def test_odd_numbers_and_words() -> None:
    assert read(b'("TEXT" "PLAIN" NIL NIL NIL NIL -1 -1)').size == 0
    assert read(b'("TEXT" "PLAIN" NIL NIL NIL NIL NIL NIL)').encoding == "7bit"
    assert read(b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 4294967295 NIL NIL NIL NIL NIL)').lines is None
    # Exchange: a description string too many
    moved = read(b'("IMAGE" "GIF" NIL NIL "a picture" "again" "BASE64" 77 NIL)')
    assert (moved.encoding, moved.size) == ("base64", 77)
    pairs = read(b'("TEXT" "PLAIN" (("CHARSET" "x")("NAME" "y")) NIL NIL "7BIT" 1 1)')
    assert pairs.parameters == {"charset": "x", "name": "y"}
    odd = read(b'("TEXT" "PLAIN" ("CHARSET") NIL NIL "7BIT" 1 1)')
    assert odd.parameters == {}
    assert read(b'("TEXT" "PLAIN" ("NAME" "..\\\\..\\\\x") NIL NIL "7BIT" 1 1)').filename == "..\\..\\x"


def test_depth_and_number_are_limited() -> None:
    deep = PLAIN
    for _ in range(300):
        deep = b"(" + deep + PLAIN + b' "MIXED")'
    assert max(part.section.count(".") for part in read(deep).walk()) == DEEPEST_PART - 1
    wide = read(b"(" + b'("A" "B")' * 30_000 + b' "MIXED")')
    assert len(wide.parts) < 10_001


# -- roles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "role"), [
    ("Sent", "sent"), ("Gesendete Objekte", "sent"), ("Éléments envoyés", "sent"),
    ("E\u0301le\u0301ments envoye\u0301s", "sent"), ("[Gmail]/Корзина", "trash"),
    ("[Google Mail]/Alle Nachrichten", "all"), ("INBOX.Junk", ""), ("Junk-E-Mail", "junk"),
    ("Bulk_Mail", "junk"), ("下書き", "drafts"), ("휴지통", "trash"), ("المسودات", "drafts"),
    ("Arkiv", "archive"), ("ПОМЕЧЕННЫЕ", "flagged"), ("İtem", ""), ("Work", ""), ("", ""),
    ("Projects/Sent", ""),
])
def test_roles_by_name(name: str, role: str) -> None:
    assert roles.by_name(name) == role


def test_roles_of_a_whole_account() -> None:
    none = frozenset[str]()
    found = roles.roles_of([
        ("INBOX", ".", none), ("INBOX.Drafts", ".", none), ("INBOX.Trash", ".", none),
        ("INBOX.Spam", ".", none), ("INBOX.Spam.Old", ".", none), ("Trash", ".", none),
        ("Sent", ".", frozenset({"\\Noselect"})), ("Gesendet", ".", none),
        ("Ablage", ".", frozenset({"\\Archive"})), ("Archive", ".", none)])
    assert found == {"INBOX": "inbox", "Ablage": "archive", "INBOX.Drafts": "drafts",
                     "INBOX.Trash": "trash", "INBOX.Spam": "junk", "Gesendet": "sent"}
    assert roles.by_attributes({"\\AllMail"}) == "all"
    assert roles.by_attributes({"\\HasChildren"}) == ""
    assert set(roles.ROLES) >= set(found.values())
