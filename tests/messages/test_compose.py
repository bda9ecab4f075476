"""Composing: what is written is read back as it was meant, by our parser and by Python's own."""

from __future__ import annotations

import email
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage
from pathlib import PurePath
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import TransferError, UsageError
from postel.messages import Attachment, Built, Event, Message, Parsed, Source, parse
from postel.messages.calendar import invites_of, read_calendar
from postel.messages.encode_addresses import boxes, written
from postel.messages.encode_words import phrase, unstructured
from postel.messages.fold import field
from postel.messages.invite import answer_to
from postel.messages.source import Encoded
from postel.messages.words import decode_words, one_line

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=timezone(timedelta(hours=1)))
TOKEN = "4kJ8sPq2Xw7m"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 5


def built(**more: Any) -> Built:
    given_ = {"from_": "Ann <ann@example.org>", "to": "bob@example.org", **more}
    return Message(**given_).build(now=NOW, unique=TOKEN)


def stdlib(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def read(one: Built) -> tuple[Parsed, EmailMessage]:
    raw = bytes(one)
    assert len(raw) == one.size
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    found = parse(raw)
    assert found.defects == ()
    return found, stdlib(raw)


def test_a_plain_note() -> None:
    ours, theirs = read(built(subject="Hello", text="How are you?\nI am well."))
    assert ours.subject == theirs["subject"] == "Hello"
    assert ours.text == "How are you?\nI am well.\n"
    assert theirs.get_content().replace("\r", "") == "How are you?\nI am well.\n"
    assert str(ours.from_[0]) == "Ann <ann@example.org>"
    assert ours.date == NOW
    assert ours.message_id == f"{TOKEN}@example.org"
    assert theirs["mime-version"] == "1.0"


def test_the_same_draft_is_the_same_message() -> None:
    draft: dict[str, Any] = {"subject": "ü", "text": "ü", "html": "<p>ü</p>", "attach": [("a", b"b")]}
    assert bytes(built(**draft)) == bytes(built(**draft))


def test_envelope_and_bcc() -> None:
    one = built(to=["bob@example.org", ("Cy", "cy@example.org")], cc="dee@example.org",
                bcc="Eve <eve@example.org>, bob@example.org", text="x")
    assert one.sender == "ann@example.org"
    assert one.recipients == ("bob@example.org", "cy@example.org", "dee@example.org",
                              "eve@example.org")
    assert b"eve" not in bytes(one)
    assert b"bcc" not in bytes(one).lower()
    kept = parse(bytes(one.for_sent()))
    assert [box.address for box in kept.bcc.mailboxes] == ["eve@example.org", "bob@example.org"]
    assert bytes(one.for_sent()).endswith(bytes(one))


def test_only_bcc_says_so() -> None:
    ours, _ = read(built(to=None, bcc="eve@example.org", text="x"))
    assert ours.to.mailboxes == ()
    assert ours.headers.get("to") == "undisclosed-recipients:;"


def test_several_authors_have_a_sender() -> None:
    one = built(from_="ann@example.org, bob@example.org", text="x")
    assert one.sender == "ann@example.org"
    assert parse(bytes(one)).sender.mailboxes[0].address == "ann@example.org"
    other = built(from_="ann@example.org", sender="office@example.com", text="x")
    assert other.sender == "office@example.com"


def test_any_language() -> None:
    names = ["Zoë Müller", "山田太郎", "Лев Толстой", "محمد", "Ο Σωκράτης", "👩‍🚀 Ann", 'Lee, "Bo"',
             "a\\b", "O'Hara (home)", "=?utf-8?q?x?=", "Mr. X", "x" * 200, "é" * 200]
    one = built(to=[(name, f"a{index}@example.org") for index, name in enumerate(names)],
                subject="日本語の件名 and some English, " + "é" * 100, text="日本語\n")
    ours, theirs = read(one)
    assert [box.name for box in ours.to.mailboxes] == names
    # Python's parser unfolds long names wrongly
    assert [a.display_name for a in theirs["to"].addresses][:11] == names[:11]
    assert ours.subject == theirs["subject"] == "日本語の件名 and some English, " + "é" * 100
    assert bytes(one).isascii()
    assert ours.text == "日本語\n"
    assert not one.needs_utf8
    assert max(map(len, bytes(one).partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


def test_domains_beyond_ascii_are_a_labels() -> None:
    one = built(to="zoe@straße.example, b@例え.jp", text="x")
    assert one.recipients == ("zoe@xn--strae-oqa.example", "b@xn--r8jz45g.jp")
    assert not one.needs_utf8
    read(one)


def test_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    one = built(to="Zoë <zoë@bücher.example>", text="x")
    assert one.needs_utf8
    assert one.recipients == ("zoë@xn--bcher-kva.example",)
    assert parse(bytes(one)).to.mailboxes[0].address == "zoë@xn--bcher-kva.example"
    decomposed = built(to="zoe\u0308@example.org", text="x")
    assert decomposed.recipients == ("zoë@example.org",)


def test_headers_in_utf8() -> None:
    raw = bytes(Message(from_="Zoë <z@example.org>", to="b@example.org", subject="Grüße  an 你",
                        text="x", attach=[("grün.txt", b"x")]).build(
                            now=NOW, unique=TOKEN, utf8=True))
    assert "From: Zoë".encode() in raw or 'From: "Zoë"'.encode() in raw
    ours = parse(raw)
    assert (ours.from_[0].name, ours.subject) == ("Zoë", "Grüße  an 你")
    assert ours.attachments[0].filename == "grün.txt"


def test_text_and_html_with_pictures_and_files() -> None:
    one = built(
        text="Look: a logo.", html='<p>Look: <img src="cid:logo.png"> and <img src=\'cid:b c.gif\'>',
        inline=[("logo.png", PNG), Attachment(b"GIF89a...", name="b c.gif", cid="fixed@id")],
        attach=[("report.pdf", b"%PDF-1.7\n"), ("grün & blau.txt", "süß".encode())])
    ours, theirs = read(one)
    assert [part.content_type for part in ours.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "image/gif", "application/pdf", "text/plain"]
    assert f'"cid:1.{TOKEN}@example.org"' in (ours.html or "")
    assert [(a.filename, a.content_id) for a in ours.attachments if a.inline] == [
        ("logo.png", f"1.{TOKEN}@example.org"), ("b c.gif", "fixed@id")]
    assert [a.get_filename() for a in theirs.iter_attachments()] == ["report.pdf", "grün & blau.txt"]
    assert {a.filename: a.content for a in ours.attachments} == {
        "logo.png": PNG, "b c.gif": b"GIF89a...", "report.pdf": b"%PDF-1.7\n",
        "grün & blau.txt": "süß".encode()}
    body = theirs.get_body(("html",))
    assert body is not None
    assert "Look" in body.get_content()


@pytest.mark.parametrize("name", [
    "a.txt", "a b.txt", 'q"uote.txt', "semi;colon=.txt", "grün.txt", "日本語.txt", "x" * 150 + ".pdf",
    "ü" * 90 + ".pdf", "50%.txt", "it's.txt", "back\\slash", "=?utf-8?q?x?=.txt", "(c).txt", "*.*"])
def test_names_of_files(name: str) -> None:
    ours, theirs = read(built(text="x", attach=[(name, b"data")]))
    meant = name.replace("\\", "/").rpartition("/")[2]
    assert ours.attachments[0].filename == meant
    (part,) = theirs.iter_attachments()
    assert part.get_filename() == meant


@pytest.mark.parametrize(("name", "meant"), [
    ("../../etc/passwd", "passwd"), ("C:\\tmp\\a.txt", "a.txt"), ("a\r\nBcc: eve@x.y", "a__Bcc: eve@x.y"),
    ("..", "file"), ("/", "file"), ("a\0b", "a_b")])
def test_names_of_files_are_made_harmless(name: str, meant: str) -> None:
    ours, _ = read(built(text="x", attach=[(name, b"data")]))
    assert ours.attachments[0].filename == meant


def test_a_source_is_read_when_it_is_sent() -> None:
    data = bytes(range(256)) * 1000
    opened = []

    def open_() -> io.BytesIO:
        opened.append(1)
        return io.BytesIO(data)

    one = built(text="x", attach=[Source("big.bin", len(data), open_)])
    pieces = list(one.chunks())
    assert opened == []
    assert [isinstance(piece, bytes) for piece in pieces] == [True, False, True]
    streamed = cast("Encoded", pieces[1])
    with streamed.open() as file:
        text = file.read()
    assert len(text) == streamed.size
    ours, _ = read(one)
    assert ours.attachments[0].content == data


@pytest.mark.parametrize("size", [0, 4, 6, 100_000])
def test_a_source_that_changed_is_an_error(size: int) -> None:
    one = built(text="x", attach=[Source("a", 5, lambda: io.BytesIO(bytes(size)))])
    with pytest.raises(TransferError, match="was 5 bytes long, and is not any more"):
        bytes(one)


def test_paths_need_somebody_with_a_disk() -> None:
    draft = Message(from_="a@example.org", text="x", attach=["report.pdf", PurePath("/tmp/b.txt")])
    with pytest.raises(UsageError, match="opens no files"):
        draft.build(now=NOW, unique=TOKEN)
    asked: list[str] = []

    def files(path: str) -> Source:
        asked.append(path)
        return Source(path, 2, lambda: io.BytesIO(b"hi"))

    ours, _ = read(draft.build(now=NOW, unique=TOKEN, files=files))
    assert asked == ["report.pdf", str(PurePath("/tmp/b.txt"))]
    assert [a.filename for a in ours.attachments] == ["report.pdf", "b.txt"]
    assert [a.content_type for a in ours.attachments] == ["application/pdf", "text/plain"]


@pytest.mark.parametrize(("text", "encoding"), [
    ("plain", "7bit"), ("Grüße an alle", "quoted-printable"), ("日本語だけの文", "base64"),
    ("From now on", "quoted-printable"), ("x" * 2000, "quoted-printable"),
    ("bell \x07", "quoted-printable"), (".\n..\n", "7bit"), ("", "7bit"), ("-- \nAnn", "7bit")])
def test_the_encoding_of_a_text(text: str, encoding: str) -> None:
    ours, theirs = read(built(text=text))
    assert ours.headers.get("content-transfer-encoding") == encoding
    assert ours.text.removesuffix("\n") == text.removesuffix("\n")
    assert theirs.get_content().replace("\r\n", "\n").removesuffix("\n") == text.removesuffix("\n")


def test_eight_bits_where_the_server_takes_them_and_back() -> None:
    draft = Message(from_="a@example.org", text="Grüße", html="<p>ß", attach=[("a", b"x")])
    one = draft.build(now=NOW, unique=TOKEN, eight_bit=True)
    assert one.needs_8bit
    assert "Grüße".encode() in bytes(one)
    back = one.seven_bit()
    assert not back.needs_8bit
    assert bytes(back).isascii()
    assert bytes(back) == bytes(draft.build(now=NOW, unique=TOKEN))
    assert back.message_id == one.message_id


def test_messages_are_passed_on_as_they_are() -> None:
    inner = b"Subject: inner\r\nDKIM-Signature: v=1\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    one = built(text="see", attach=[Attachment(inner, "x.eml", "message/rfc822")])
    assert one.needs_8bit
    assert inner in bytes(one)
    ours = parse(bytes(one))
    assert [part.content_type for part in ours.walk()][2] == "message/rfc822"
    wrapped = parse(bytes(one.seven_bit()))
    assert bytes(one.seven_bit()).isascii()
    assert wrapped.attachments[0].content == inner
    assert wrapped.attachments[0].content_type == "application/octet-stream"


def test_a_boundary_never_stands_in_a_body() -> None:
    text = f"--=_{TOKEN}_1_\n--=_{TOKEN}_1_x--\n"
    inner = Attachment(b"Subject: x\r\n\r\n" + text.encode(), "a.eml", "message/rfc822")
    ours, theirs = read(built(text=text, attach=[inner, ("b", b"b")]))
    assert ours.text == text
    assert [part.get_content_type() for part in theirs.iter_parts()] == [
        "text/plain", "message/rfc822", "text/plain"]


EVIL = ["a\r\nBcc: eve@example.org", "a\nb", "a\rb", "a\0b", "a\x85b", "a\u2028b", "\ud800"]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("where", [
    "from_", "to", "cc", "bcc", "reply_to", "sender", "subject", "message_id", "in_reply_to",
    "references", "name", "header name", "header value", "type", "description", "cid"])
def test_nothing_starts_a_new_header(where: str, evil: str) -> None:
    def make() -> None:
        if where == "name":
            built(to=[(evil, "b@example.org")])
        elif where == "header name":
            built(headers={evil: "x"})
        elif where == "header value":
            built(headers={"X-A": evil})
        elif where == "cid":
            built(html="x", inline=[Attachment(b"", "a", cid=evil)])
        elif where in ("type", "description"):
            more: dict[str, Any] = {where: evil if where == "description" else f"text/{evil}"}
            built(attach=[Attachment(b"", "a", **more)])
        else:
            built(**{where: evil if where == "subject" else f"{evil}@example.org"})
    with pytest.raises(UsageError):
        make()


anything = st.text(max_size=60)
NAMES = {"date", "from", "to", "subject", "message-id", "mime-version", "content-type", "x-a",
         "content-transfer-encoding", "sender", "reply-to", "cc"}


@settings(max_examples=200)
@given(anything, anything, anything, anything, anything)
def test_no_argument_makes_more_fields_than_it_should(
        subject: str, name: str, value: str, file_name: str, text: str) -> None:
    try:
        one = built(subject=subject, to=[(name, "b@example.org")], headers={"X-A": value},
                    attach=[(file_name, b"x")], text=text)
    except UsageError:
        return
    raw = bytes(one)
    head = raw.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert line[:1] in b" \t" or line.partition(b":")[0].decode().lower() in NAMES
        assert len(line) <= 998
    ours, theirs = parse(raw), stdlib(raw)
    assert ours.subject == one_line(subject)  # a tab is read as a space
    assert ours.headers.get("x-a") == one_line(value)
    assert ours.to.mailboxes[0].address == "b@example.org"
    assert len(ours.attachments) == len(list(theirs.iter_attachments())) == 1
    assert len(theirs.keys()) == len(set(theirs.keys()))


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=120)


@settings(max_examples=300)
@given(words, st.integers(24, 75))
def test_texts_come_back_to_the_last_space(text: str, room: int) -> None:
    made = unstructured(text, room)
    assert all(word and word.isascii() and not word.isspace() for word in made)
    assert decode_words(" ".join(made)) == text
    line = field("Subject", made)
    assert parse(line + b"\r\n").subject == text


@settings(max_examples=200)
@given(words.filter(lambda text: bool(text) and text == text.strip()))
def test_names_come_back(text: str) -> None:
    raw = field("To", [*phrase(text), "<b@example.org>"])
    (box,) = parse(raw + b"\r\n").to.mailboxes
    assert box.address == "b@example.org"
    assert box.name == " ".join(text.split())


@pytest.mark.parametrize(("given_", "found"), [
    ("ann@example.org", ["ann@example.org"]),
    ("Ann Lee <ann@example.org>", ["Ann Lee <ann@example.org>"]),
    ('"Lee, Ann" <ann@example.org>, bob@example.org',
     ["Lee, Ann <ann@example.org>", "bob@example.org"]),
    ("<ann@example.org>", ["ann@example.org"]),
    ('"a b"@example.org', ['"a b"@example.org']),
    ('"ab"@example.org', ["ab@example.org"]),
    ("ann@[192.0.2.1]", ["ann@[192.0.2.1]"]),
    ("Team: a@x.org, b@x.org;, c@x.org", ["a@x.org", "b@x.org", "c@x.org"]),
    (("Ann", "ann@example.org"), ["Ann <ann@example.org>"]),
    (("a@x.org", "b@x.org", "c@x.org"), ["a@x.org", "b@x.org", "c@x.org"]),
    ([], []), (None, []), ("", []), (" , ", []),
])
def test_addresses(given_: object, found: list[str]) -> None:
    assert [str(box) for box in boxes(given_, "to")] == found
    if found:
        read_ = parse(field("To", written(boxes(given_, "to"))) + b"\r\n").to.mailboxes
        assert [one.address for one in read_] == [box.address for box in boxes(given_, "to")]


@pytest.mark.parametrize("wrong", [
    "ann", "ann@", "@example.org", "a b@example.org", "a@b@example.org", "ann@exa mple.org",
    "a@b>\r\nRCPT TO:<evil@x", "ann@example.org (comment)", "user@good.com(x)evil.com",
    "Lee, Ann <ann@example.org>", "Ann <ann@example.org> more", "Ann <ann@example.org", "a..b@x.org",
    ".a@x.org", "a@-x.org", "a@x..org", "a@" + "x" * 64 + ".org", "a" * 65 + "@x.org", "a@[1.2.3.4",
    "Ann [x] <a@x.org>", '"Ann <a@x.org>', '"' + '\\\"' * 30_000, "ann@bücher\u2024example", 42, b"ann@example.org", ["a@x.org", "b"],
    '"<evil@x.org>" <good@x.org> <c@x.org>', "a@x.org;b@y.org c",
    ("a@x.org", "b@x.org")])
def test_no_address(wrong: object) -> None:
    with pytest.raises(UsageError):
        boxes(wrong, "to")


def test_addresses_of_other_types() -> None:
    from email.headerregistry import Address as Theirs

    raw = b"To: =?utf-8?q?Zo=C3=AB?= <z@example.org>, Team: a@x.org, b@x.org;\r\n\r\n"
    assert [str(one) for one in boxes(parse(raw).to, "to")] == [
        "Zoë <z@example.org>", "a@x.org", "b@x.org"]
    assert str(boxes(Theirs("Zoë", "z", "example.org"), "to")[0]) == "Zoë <z@example.org>"


@pytest.mark.parametrize(("make", "says"), [
    (lambda: built(from_=None), "whose message is it"),
    (lambda: Message(from_="a@x.org").build(now=NOW, unique="short"), "12 to 60 letters"),
    (lambda: Message(from_="a@x.org").build(now=datetime(2026, 1, 1), unique=TOKEN), "time zone"),
    (lambda: built(date=datetime(2026, 1, 1)), "time zone"),
    (lambda: built(attach="report.pdf"), "a list is wanted"),
    (lambda: built(attach=[42]), "int cannot be attached"),
    (lambda: built(inline=[("a.png", PNG)]), "no HTML that shows it"),
    (lambda: built(headers={"Subject": "x"}), "argument of its own, subject"),
    (lambda: built(headers={"Content-Type": "x"}), "written by the message itself"),
    (lambda: built(headers={"Bad Name": "x"}), "no name of a field"),
    (lambda: built(message_id="no at"), "no message id"),
    (lambda: built(text="\ud83d"), "half a character"),
    (lambda: built(attach=[Attachment(b"", "a", type="nonsense")]), "looks like text/csv"),
    (lambda: built(attach=[Attachment(b"", "a", type="text/csv; x")]), "comes ; name=value"),
    (lambda: built(sender="a@x.org, b@x.org"), "that is one"),
    (lambda: field("X", ["y" * 1200]), "longer than 998"),
    (lambda: field("X", ["a\nb"]), "line end"),
    (lambda: built(protect=lambda entity: b"nonsense"), "no MIME entity"),
    (lambda: built(protect=lambda e: b"Content-Type: a/b\r\nBcc: x@y\r\n\r\n"), "no MIME entity"),
])
def test_what_cannot_be_sent(make: Callable[[], object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make()


def test_types_of_attachments_with_parameters() -> None:
    ours, theirs = read(built(text="x", attach=[
        Attachment(b"a;b", "t.csv", 'text/csv; charset=utf-8; header="pre;sent"')]))
    (part,) = theirs.iter_attachments()
    assert part.get_content_type() == "text/csv"
    assert dict(part["content-type"].params) == {
        "charset": "utf-8", "header": "pre;sent", "name": "t.csv"}
    assert ours.attachments[0].content == b"a;b"


def test_references_are_trimmed() -> None:
    ids = [f"<{n}@example.org>" for n in range(50)]
    ours, _ = read(built(text="x", references=ids, in_reply_to="49@example.org"))
    assert ours.references == ("0@example.org", *(f"{n}@example.org" for n in range(31, 50)))
    assert ours.in_reply_to == ("49@example.org",)


def test_long_headers_stay_what_they_are() -> None:
    url = "<https://example.org/unsubscribe?" + "x" * 300 + ">"
    ours, _ = read(built(text="x", headers=[("List-Unsubscribe", url), ("X-Two", "a"), ("X-Two", "b")]))
    assert ours.headers.get("list-unsubscribe") == url
    assert [one.value for one in ours.headers if one.name.lower() == "x-two"] == ["a", "b"]


def event(**more: Any) -> Event:
    return Event(**{"uid": "42@example.org", "stamp": NOW, "start": NOW, "end": NOW,
                    "summary": "Plan; 日本, and\nmore", "organizer": "Ann <ann@example.org>",
                    "attendees": [("Böb, the 'x'", "bob@example.org"), "cy@example.org"], **more})


def test_an_invitation() -> None:
    ours, theirs = read(built(text="Come", invite=event(rrule="FREQ=WEEKLY;COUNT=3", location="é" * 60)))
    assert [part.content_type for part in ours.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/calendar",
        "application/ics"]
    part = next(p for p in theirs.walk() if p.get_content_type() == "text/calendar")
    assert part["content-type"].params["method"] == "REQUEST"
    text = part.get_content()
    assert all(len(line.encode()) <= 75 for line in text.splitlines())
    unfolded = text.replace("\r\n", "\n").replace("\n ", "")
    assert "\nDTSTART:20261121T093000Z\n" in unfolded
    assert "\nSUMMARY:Plan\\; 日本\\, and\\nmore\n" in unfolded
    assert "\nATTENDEE;CN=\"Böb, the 'x'\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org\n" in unfolded
    assert "\nRRULE:FREQ=WEEKLY;COUNT=3\n" in unfolded
    assert "é" * 60 in unfolded


def test_answers_and_cancellations() -> None:
    reply = event().answered("Bob <bob@example.org>", "declined", stamp=NOW).ics()
    assert "METHOD:REPLY\r\n" in reply
    assert "ATTENDEE;CN=Bob;PARTSTAT=DECLINED:mailto:bob@example.org\r\n" in reply
    assert "STATUS:CANCELLED\r\n" in event(method="CANCEL").ics()
    assert "DTSTART;VALUE=DATE:20261121\r\n" in event(start=NOW.date(), end=None).ics()


def test_what_is_written_is_read() -> None:
    made = event(rrule="FREQ=WEEKLY;COUNT=3", location="é" * 60, description="a\\b;c", instance=NOW)
    found = read_calendar(made.ics())
    assert found.method == "request"
    (one,) = found.events
    assert (one.uid, one.summary, one.location, one.description) == (
        made.uid, made.summary, made.location, made.description)
    assert (one.start, one.end, one.instance, one.stamp) == (NOW, NOW, NOW, NOW)
    assert (one.rule, one.sequence) == (made.rrule, 0)
    assert one.organizer is not None
    assert one.organizer.address == "ann@example.org"
    assert [(who.name, who.address, who.state, who.asked) for who in one.attendees] == [
        ("Böb, the 'x'", "bob@example.org", "needs-action", True),
        ("", "cy@example.org", "needs-action", True)]
    mail = parse(bytes(built(text="Come", invite=made)))
    assert invites_of(mail) == [found]
    back = read_calendar(answer_to(one, "bob@example.org", "tentative", stamp=NOW).ics())
    assert (back.method, back.events[0].uid, back.events[0].instance) == ("reply", made.uid, NOW)
    assert [(who.address, who.state) for who in back.events[0].attendees] == [
        ("bob@example.org", "tentative")]
    with pytest.raises(UsageError, match="nobody has invited"):
        answer_to(replace(one, organizer=None), "bob@example.org", "accepted", stamp=NOW)


@pytest.mark.parametrize(("more", "says"), [
    ({"organizer": None}, "needs a uid and an organizer"), ({"rrule": "X\nY"}, "such as FREQ"),
    ({"method": "REPLY"}, "one attendee's"), ({"start": datetime(2026, 1, 1)}, "time zone"),
    ({"method": "NO"}, "REQUEST, CANCEL"), ({"uid": "a\r\nb"}, "line end")])
def test_no_event(more: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        event(**more)


@given(anything, anything)
def test_no_text_starts_a_line_of_a_calendar(summary: str, name: str) -> None:
    try:
        text = event(summary=summary, attendees=[(name, "b@example.org")]).ics()
    except (UsageError, UnicodeEncodeError):
        return
    known = {"BEGIN", "END", "PRODID", "VERSION", "METHOD", "UID", "DTSTAMP", "DTSTART", "DTEND",
             "SUMMARY", "ORGANIZER", "ATTENDEE", "SEQUENCE"}
    for line in text.replace("\r\n ", "").split("\r\n")[:-1]:
        assert line.replace(";", ":").partition(":")[0] in known


@pytest.mark.parametrize("make", [
    lambda n: {"to": ", ".join(f"Zoë {k} <z{k}@example.org>" for k in range(n))},
    lambda n: {"to": [("x", f"z{k}@example.org") for k in range(n)]},
    lambda n: {"subject": "é " * n}, lambda n: {"subject": " " * n}, lambda n: {"subject": "a" * n},
    lambda n: {"text": "é" * n * 10}, lambda n: {"text": "\r" * n * 10},
    lambda n: {"html": "cid:a " * n, "inline": [("a", b"x")]},
    lambda n: {"headers": [("X-A", "b")] * n}, lambda n: {"attach": [("é" * n, b"x")] * 3},
    lambda n: {"attach": [("a", b"x")] * (n // 10)},
    lambda n: {"references": [f"{k}@x.org" for k in range(n)]},
])
def test_time_is_linear(
        make: Callable[[int], dict[str, Any]], linear: Callable[..., None]) -> None:
    linear(lambda size: bytes(built(**make(size))), 500)


def test_what_is_signed_is_seven_bit_and_has_no_loose_spaces() -> None:
    draft = Message(from_="a@example.org", text="-- \nAnn", html="é",
                    attach=[Attachment("Subject: é\r\n\r\né".encode(), "a.eml", "message/rfc822")],
                    protect=lambda entity: entity)
    raw = bytes(draft.build(now=NOW, unique=TOKEN, eight_bit=True))
    assert raw.isascii()
    assert b"--=20\r\n" in raw


def test_now_is_what_the_reader_sees() -> None:
    one = Message(from_="a@example.org", date=datetime(2020, 2, 2, tzinfo=UTC)).build(
        now=NOW, unique=TOKEN)
    assert parse(bytes(one)).date == datetime(2020, 2, 2, tzinfo=UTC)
