"""Reports, lists, Authentication-Results, TNEF, calendars: what is read, what is odd, what is huge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.messages import (
    Delivery,
    Feedback,
    Reading,
    auth_results_of,
    invites_of,
    is_tnef,
    list_of,
    parse,
    read_calendar,
    read_tnef,
    report_of,
)
from postel.messages.auth_results import parse_auth_results
from postel.messages.lzfu import decompress
from postel.messages.mapi import properties


def mimekit(corpora: Callable[[str], Path], name: str) -> bytes:
    return corpora(f"mail/mimekit/{name}").read_bytes()


# reports


@pytest.mark.parametrize("name", [
    "delivery-status.txt", "delivery-status2.txt", "delivery-status-no-blank-line.txt",
    "delivery-status-multiple-blank-lines.txt", "bounce.txt"])
def test_deliveries(corpora: Callable[[str], Path], name: str) -> None:
    report = report_of(parse(mimekit(corpora, f"messages/{name}")))
    assert isinstance(report, Delivery)
    assert report.reporter
    assert report.recipients
    assert all("@" in one.recipient and one.failed for one in report.recipients)


def test_a_reading(corpora: Callable[[str], Path]) -> None:
    report = report_of(parse(mimekit(corpora, "messages/disposition-notification.txt")))
    assert isinstance(report, Reading)
    assert (report.disposition, report.automatic) == ("displayed", False)
    assert "@" in report.message_id


def test_feedback(corpora: Callable[[str], Path]) -> None:
    report = report_of(parse(mimekit(corpora, "messages/feedback-report.txt")))
    assert isinstance(report, Feedback)
    assert (report.feedback_type, report.source_ip, report.sender, report.recipients) == (
        "abuse", "192.0.2.2", "somespammer@example.net", ("user@example.com",))
    assert len(report.uris) == 2
    assert report.original is not None
    assert report.original.get("subject") == "Earn money"


def test_real_bounces(corpora: Callable[[str], Path]) -> None:
    """Every real bounce with a part for programs is read, with its recipients."""
    read = missed = 0
    for path in sorted(corpora("mail/sisimai-bounces").rglob("*.eml")):
        if "not-a-bounce" in str(path):
            continue
        raw = path.read_bytes()
        message = parse(raw)
        kinds = {part.content_type for part in message.walk()}
        if "message/delivery-status" in kinds or "message/feedback-report" in kinds:
            report = report_of(message)
            good = isinstance(report, Feedback) or (
                isinstance(report, Delivery) and any(one.recipient for one in report.recipients))
            read, missed = read + good, missed + (not good)
    assert read > 150
    assert missed <= 5, "those have a part without any recipient, or one within another message"


def test_a_report_within_a_message_is_not_the_message() -> None:
    inner = (b"Content-Type: multipart/report; boundary=y\n\n--y\n"
             b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;b@x\n--y--\n")
    outer = b"Content-Type: message/rfc822\n\n" + inner
    assert report_of(parse(outer)) is None
    assert report_of(parse(b"Subject: hi\n\nhello")) is None


# lists


def test_lists() -> None:
    signed = (b"DKIM-Signature: v=1; d=X.example; h=From : List-Unsubscribe :\n"
              b" List-Unsubscribe-Post; b=x\nDKIM-Signature: d=y.example; h=from; b=z\n")
    info = list_of(parse(signed + b"List-Id: \"The Plans\" <plans.x.example>\nList-Post: NO\n"
                         b"List-Unsubscribe: <mailto:u@x.example>, <https://x.example/u?\n id=1>,"
                         b" <javascript:alert(1)>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"
                         b"\nList-Archive: <http://x.example/a>\n\n"))
    assert info is not None
    assert (info.id, info.name, info.closed, info.post) == (
        "plans.x.example", "The Plans", True, ())
    assert info.unsubscribe == ("mailto:u@x.example", "https://x.example/u?id=1")
    assert info.request() == ("https://x.example/u?id=1", "application/x-www-form-urlencoded",
                              b"List-Unsubscribe=One-Click")
    assert info.signed_by == ("x.example",)
    assert list_of(parse(b"To: b\n\n")) is None


@pytest.mark.parametrize("fields", [
    b"List-Unsubscribe: <https://x.example/u>\n",
    b"List-Unsubscribe: <http://x.example/u>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
    b"List-Unsubscribe: <https://x.example/u>\nList-Unsubscribe-Post: Two-Click\n",
])
def test_no_click_where_none_is_offered(fields: bytes) -> None:
    info = list_of(parse(fields + b"\n"))
    assert info is not None
    with pytest.raises(UsageError, match="it offers no such link"):
        info.request()


# Authentication-Results


@pytest.mark.parametrize(("value", "server", "results"), [
    ("example.com 1; none", "example.com", []),
    ("example.com; spf=pass smtp.mailfrom=example.net", "example.com",
     [("spf", "pass", {"smtp.mailfrom": "example.net"})]),
    ("example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass x.y=z",
     "example.com", [("auth", "pass", {"smtp.auth": "sender@example.net"}),
                     ("spf", "pass", {"x.y": "z"})]),
    ('foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) '
     'fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn\'t '
     'expecting it) 1362471462', "foo.example.net", [("dkim", "fail", {})]),
    ('mx; dkim=fail reason="a; (b) \\"c\\"" header.b=oINE+/ad==; dmarc=pass', "mx",
     [("dkim", "fail", {"header.b": "oINE+/ad=="}), ("dmarc", "pass", {})]),
])
def test_auth_results(
    value: str, server: str, results: list[tuple[str, str, dict[str, str]]]
) -> None:
    found = parse_auth_results(value)
    assert found is not None
    assert found.server == server
    got = [(one.method, one.result, {k: v for k, v in one.properties.items() if "." in k})
           for one in found.results]
    assert got == results


def test_fields_by_strangers_do_not_count() -> None:
    message = parse(b"Authentication-Results: evil.example; dmarc=pass\n"
                    b"Authentication-Results: MX.example; dmarc=fail\n\n")
    assert [one.result("dmarc") for one in auth_results_of(message, {"mx.example"})] == ["fail"]
    assert parse_auth_results("") is None
    assert parse_auth_results("spf=pass") is None


# TNEF


@pytest.mark.parametrize(("name", "files"), [
    ("attachments", ["zappa_av1.jpg", "bookmark.htm"]), ("one-file", ["AUTHORS"]),
    ("two-files", ["AUTHORS", "README"]), ("unicode-mapi-attr", ["example.dat"]),
    ("panic", ["image001.jpg", "image002.jpg", "image003.png"]),
    ("multi-value-attribute", ["208225__5_seconds__Voice_Mail.mp3"]),
    ("missing-filenames",
     ["generpts.src", "TechlibDEC99.doc", "TechlibDEC99-JAN00.doc", "TechlibNOV99.doc"]),
    ("unicode-mapi-attr-name",
     ["spaconsole2.cfg", "image001.png", "image002.png", "image003.png"]),
])
def test_tnef_files(corpora: Callable[[str], Path], name: str, files: list[str]) -> None:
    raw = mimekit(corpora, f"tnef/{name}.tnef")
    assert is_tnef("application/octet-stream", raw)
    found = read_tnef(raw)
    assert [one.given for one in found.attachments] == files
    for one in found.attachments:
        path = corpora(f"mail/mimekit/tnef/{name}") / one.given
        if path.exists():
            assert ended(path.read_bytes()) == ended(one.content)


@pytest.mark.parametrize("name", ["attachments", "christmas", "data-before-name", "long-filename",
                                  "missing-filenames", "multi-value-attribute", "rtf", "triples",
                                  "winmail"])
def test_tnef_bodies(corpora: Callable[[str], Path], name: str) -> None:
    found = read_tnef(mimekit(corpora, f"tnef/{name}.tnef"))
    assert found.rtf is not None
    assert ended(found.rtf) == ended(mimekit(corpora, f"tnef/{name}/message.rtf"))


def test_tnef_html_and_damage(corpora: Callable[[str], Path]) -> None:
    raw = mimekit(corpora, "tnef/body.tnef")
    found = read_tnef(raw)
    assert found.subject == "Bill of Rights"
    assert ended((found.html or "").encode()) == ended(mimekit(corpora, "tnef/body/message.html"))
    assert found.defects == ()
    torn = read_tnef(raw[:-100])
    assert "it ends within an attribute" in torn.defects[0]
    broken = read_tnef(raw[:200] + bytes([raw[200] ^ 1]) + raw[201:])
    assert any("checksum" in text for text in broken.defects)


def ended(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 255))
def test_broken_tnef_never_raises(data: bytes, place: int, value: int) -> None:
    start = bytes.fromhex("789f3e220100")
    attribute = b"\x02" + (0x9005).to_bytes(4, "little") + len(data).to_bytes(4, "little") + data
    read_tnef(start + attribute + b"\0\0" + data)
    read_tnef(data)
    properties(data, "cp1252")
    properties(b"\x05\0\0\0" + data, "cp1252")
    packed = bytearray(bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a7") + data)
    packed[place % len(packed)] = value
    text, _ = decompress(bytes(packed))
    assert text is None or len(text) <= 64 << 20


def test_a_packed_body_cannot_explode() -> None:
    bomb = bytes.fromhex("00000000ffffff0f4c5a467500000000") + b"\xff" * 100_000
    text, defect = decompress(bomb)
    assert text is None
    assert "too large" in defect


# calendars


def test_invitations(corpora: Callable[[str], Path]) -> None:
    (found,) = invites_of(parse(corpora("mail/james/yahooInvitation.eml").read_bytes()))
    assert found.method == "request"
    (event,) = found.events
    assert event.organizer is not None
    assert "@" in event.organizer.address
    assert event.attendees
    assert isinstance(event.start, datetime)
    assert event.start.tzinfo is not None
    assert event.end is not None


TEXT = """BEGIN:VCALENDAR
METHOD:CANCEL
PRODID:-//x//y
BEGIN:VTIMEZONE
TZID:Here
BEGIN:STANDARD
DTSTART:20071104T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZNAME:EST
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20070311T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:1@x
SEQUENCE:3
SUMMARY;LANGUAGE=en:Tea\\, cake\\; and
  more
DTSTART;TZID=Here:20260701T150000
DTEND;TZID="Here":20261201T150000
ORGANIZER;CN="Doe, Jane":MAILTO:jane@x.example
ATTENDEE;PARTSTAT=ACCEPTED;RSVP=TRUE;CN=Bob:mailto:bob@x.example
STATUS:CANCELLED
RRULE:FREQ=WEEKLY
BEGIN:VALARM
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:2@x
DTSTART;VALUE=DATE:20261224
DURATION:P2D
END:VEVENT
BEGIN:VTODO
UID:3@x
DTSTART;TZID=Elsewhere:20260230T150000
DUE;TZID=Elsewhere:20260228T150000
END:VTODO
END:VCALENDAR
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_calendar(ends: str) -> None:
    found = read_calendar(TEXT.replace("\n", ends))
    assert (found.method, found.product, len(found.events)) == ("cancel", "-//x//y", 3)
    tea, feast, task = found.events
    assert (tea.summary, tea.sequence, tea.status, tea.rule, tea.zone) == (
        "Tea, cake; and more", 3, "cancelled", "FREQ=WEEKLY", "Here")
    assert isinstance(tea.start, datetime)
    assert isinstance(tea.end, datetime)
    assert tea.start.astimezone(UTC) == datetime(2026, 7, 1, 19, tzinfo=UTC)
    assert tea.end.astimezone(UTC) == datetime(2026, 12, 1, 20, tzinfo=UTC)
    assert tea.end.tzname() == "EST"
    assert tea.organizer is not None
    assert (tea.organizer.address, tea.organizer.name) == ("jane@x.example", "Doe, Jane")
    assert [(one.name, one.state, one.asked) for one in tea.attendees] == [
        ("Bob", "accepted", True)]
    assert (feast.start, feast.end) == (date(2026, 12, 24), date(2026, 12, 26))
    assert (task.kind, task.start, task.end) == ("todo", None, datetime(2026, 2, 28, 15))
    assert read_calendar("no calendar").events == ()


def test_zones_agree_with_the_system() -> None:
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        here = zoneinfo.ZoneInfo("America/New_York")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zones")
    (tea, *_) = read_calendar(TEXT).events
    assert isinstance(tea.start, datetime)
    zone = tea.start.tzinfo
    for day in range(0, 3650, 3):
        moment = datetime.fromordinal(datetime(2008, 1, 1).toordinal() + day).replace(hour=12)
        assert moment.replace(tzinfo=zone).utcoffset() == moment.replace(tzinfo=here).utcoffset()


@given(st.lists(st.sampled_from([
    "BEGIN:VCALENDAR\n", "BEGIN:VEVENT\n", "END:VEVENT\n", "DTSTART:99999999T999999\n", " x\n",
    "DTSTART;TZID=a:20260101T000000\n", "DURATION:P99999D\n", "BEGIN:VTIMEZONE\nTZID:a\n",
    "BEGIN:STANDARD\nDTSTART:00010101T000000\nTZOFFSETTO:+2359\n", "END:STANDARD\n",
    "RRULE:FREQ=YEARLY;BYMONTH=13;BYDAY=9SU\n", "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=-5SU\n",
    "END:VTIMEZONE\n", "DTSTART:99991231T235959\n", "DTEND;TZID=a:00010101T000000\n"]),
    max_size=14).map("".join))
def test_broken_calendars_never_raise(text: str) -> None:
    for event in read_calendar(text).events:
        for moment in (event.start, event.end):
            if isinstance(moment, datetime):
                moment.utcoffset()


@pytest.mark.parametrize("make", [
    lambda n: read_calendar("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + "BEGIN:X\n" * n),
    lambda n: read_calendar("BEGIN:VCALENDAR\nX" + ";A=\"" * n + ":\n"),
    lambda n: read_calendar("BEGIN:VCALENDAR\nX" + ";A=b" * n + "\n"),
    lambda n: read_calendar("BEGIN:VEVENT\n" + "ATTENDEE:mailto:a@b\n" * n),
    lambda n: parse_auth_results("mx; dkim=" + "(" * n),
    lambda n: parse_auth_results("mx; " + "a=b c.d=e/" * (n // 10)),
    lambda n: list_of(parse(b"List-Unsubscribe: " + b"<" * n + b"\n\n")),
    lambda n: report_of(parse(
        b"Content-Type: message/delivery-status\n\n" + b"Final-Recipient: rfc822;a\n" * (n // 20))),
    lambda n: report_of(parse(b"Content-Type: message/delivery-status\n\n" + b"\n \n" * n)),
], ids=["nesting", "quotes", "parameters", "attendees", "comments", "equals", "links", "recipients",
        "blanks"])
def test_time_is_linear(
        make: Callable[[int], object], linear: Callable[..., None]) -> None:
    linear(make, 4_000)
