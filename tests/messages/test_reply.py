"""Answers, messages passed on, drafts of what was read, Python's own messages, containers."""

from __future__ import annotations

import email
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.messages import (
    Attachment,
    Message,
    Parsed,
    draft_of,
    forward,
    from_email,
    parse,
    reply,
    to_email,
)
from postel.messages.answers import quoted
from postel.messages.protect import encrypted, enveloped, signed

CORPORA = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
MAIL = CORPORA / "mail"
needs_corpora = pytest.mark.skipif(not MAIL.is_dir(), reason=f"no corpora at {CORPORA}")
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
TOKEN = "4kJ8sPq2Xw7m"

GOT = parse(
    b"From: Bob Lee <bob@example.org>\r\nTo: Ann <ann@example.org>, Cy <cy@example.org>\r\n"
    b"Cc: dee@example.org, ANN@example.org\r\nDate: Fri, 20 Nov 2026 09:00:00 +0100\r\n"
    b"Subject: RE: Lunch\r\nMessage-ID: <3@example.org>\r\nReferences: <1@example.org>\r\n"
    b" <2@example.org>\r\n\r\nAt noon?\r\n> or later\r\n")


def sent(draft: Message) -> Parsed:
    found = parse(bytes(draft.build(now=NOW, unique=TOKEN)))
    assert found.defects == ()
    return found


def to_of(draft: Message) -> list[str]:
    return [box.address for box in draft.to]


def test_an_answer() -> None:
    found = sent(reply(GOT, from_="ann@example.org", text="Yes."))
    assert found.subject == "Re: Lunch"
    assert [box.address for box in found.to.mailboxes] == ["bob@example.org"]
    assert found.in_reply_to == ("3@example.org",)
    assert found.references == ("1@example.org", "2@example.org", "3@example.org")
    assert found.text == ("Yes.\n\nOn Fri, 20 Nov 2026 09:00:00 +0100, Bob Lee wrote:\n"
                          "> At noon?\n>> or later\n")


def test_an_answer_to_everyone_leaves_me_out() -> None:
    draft = reply(GOT, from_="Ann <ann@example.org>", everyone=True, text="Yes.", quote=False)
    assert to_of(draft) == ["bob@example.org"]
    assert [box.address for box in draft.cc] == ["cy@example.org", "dee@example.org"]
    assert draft.text == "Yes."
    other = reply(GOT, from_="office@example.org", me="ann@example.org", everyone=True)
    assert [box.address for box in other.cc] == ["cy@example.org", "dee@example.org"]


def test_an_answer_to_myself_goes_where_it_went() -> None:
    draft = reply(GOT, from_="bob@example.org", text="More:")
    assert to_of(draft) == ["ann@example.org", "cy@example.org"]


def test_reply_to_counts() -> None:
    raw = b"From: list@example.org\r\nReply-To: bob@example.org\r\nSubject: x\r\n\r\n"
    assert to_of(reply(parse(raw), from_="ann@example.org")) == ["bob@example.org"]


def test_an_answer_in_html() -> None:
    got = parse(b"From: b@example.org\r\nContent-Type: text/html\r\n\r\n<b>Noon?</b>\r\n")
    draft = reply(got, from_="a@example.org", html="<p>Yes</p>")
    assert (draft.html or "").replace("\r", "") == ("<p>Yes</p><p>b@example.org wrote:</p><blockquote type=\"cite\">"
                          "<b>Noon?</b>\n</blockquote>")
    assert draft.text is None
    plain = parse(b"From: b@example.org\r\n\r\n1 < 2\r\n")
    assert "<pre>1 &lt; 2" in (reply(plain, from_="a@example.org", html="x").html or "")


@pytest.mark.parametrize(("subject", "answer", "passed"), [
    ("Lunch", "Re: Lunch", "Fwd: Lunch"), ("re: Lunch", "Re: Lunch", "Fwd: re: Lunch"),
    ("AW: Re[2]: Lunch", "Re: Lunch", "Fwd: AW: Re[2]: Lunch"),
    ("Fwd: Lunch", "Re: Fwd: Lunch", "Fwd: Lunch"), ("Regards", "Re: Regards", "Fwd: Regards"),
    ("=?utf-8?q?a=0D=0ABcc:_eve@example.org?=", "Re: a Bcc: eve@example.org",
     "Fwd: a Bcc: eve@example.org")])
def test_subjects(subject: str, answer: str, passed: str) -> None:
    got = parse(f"From: b@example.org\r\nSubject: {subject}\r\n\r\n".encode())
    assert sent(reply(got, from_="a@example.org")).subject.split() == answer.split()
    on = forward(got, from_="a@example.org", to="c@example.org")
    assert sent(on).subject.split() == passed.split()
    assert sent(on).bcc.mailboxes == ()


def test_an_address_that_cannot_be_written_is_named() -> None:
    got = parse(b"From: nobody at all\r\n\r\n")
    with pytest.raises(UsageError, match="reply: the sender's address"):
        reply(got, from_="a@example.org")
    assert to_of(reply(got, from_="a@example.org", to="b@example.org")) == ["b@example.org"]


def test_a_name_that_looks_like_an_address_gets_no_mail() -> None:
    got = parse(b'From: "eve@evil.example" <bob@example.org>\r\nTo: "x@evil.example" <ann@x.org>\r\n'
                b"Sender: a@x.org, b@x.org\r\n\r\n")
    assert to_of(reply(got, from_="ann@example.org")) == ["bob@example.org"]
    again = draft_of(got).build(now=NOW, unique=TOKEN)
    assert again.recipients == ("ann@x.org",)
    assert parse(bytes(again)).to.mailboxes[0].name == "x@evil.example"


def rich() -> Parsed:
    return parse(bytes(Message(
        from_="Zoë <z@example.org>", to="a@example.org", subject="Bilder", text="see",
        html='<img src="cid:l.png">', inline=[("l.png", b"\x89PNG\r\n\x1a\n")],
        attach=[("grün.txt", "ü".encode())], headers={"X-Tag": "Grüße"}).build(
            now=NOW, unique=TOKEN)))


def test_passed_on_within() -> None:
    found = sent(forward(rich(), from_="a@example.org", to="c@example.org", text="FYI"))
    assert found.text.startswith("FYI\n\n---------- Forwarded message ----------\nFrom: Zoë <z@")
    assert found.text.rstrip().endswith("see")
    assert f'src="cid:1.{TOKEN}@example.org"' in (found.html or "")
    assert sorted((a.filename or "", a.content) for a in found.attachments) == [
        ("grün.txt", "ü".encode()), ("l.png", b"\x89PNG\r\n\x1a\n")]


def test_passed_on_whole_keeps_every_byte() -> None:
    found = sent(forward(GOT, from_="a@example.org", to="c@example.org", attached=True, text="FYI"))
    assert found.attachments[0].filename == "RE_ Lunch.eml"
    assert found.attachments[0].content == GOT.raw
    assert found.text == "FYI\n"


def test_a_draft_of_what_was_read() -> None:
    draft = draft_of(rich())
    again = sent(draft)
    assert again.message_id == f"{TOKEN}@example.org"
    assert again.headers.get("x-tag") == "Grüße"
    assert (again.subject, again.text, again.html) == (rich().subject, rich().text, rich().html)
    assert [a.content for a in again.attachments] == [a.content for a in rich().attachments]
    with pytest.raises(UsageError, match="cannot be taken apart"):
        draft_of(parse(b"Content-Type: multipart/signed; boundary=x\r\n\r\n--x--\r\n"))


def test_traces_stay_behind() -> None:
    raw = (b"Received: by x\r\nDKIM-Signature: v=1\r\nARC-Seal: i=1\r\nReturn-Path: <x@y>\r\n"
           b"From: a@example.org\r\nList-Id: <x.example.org>\r\n\r\n")
    assert draft_of(parse(raw)).headers == (("List-Id", "<x.example.org>"),)


def test_quoting() -> None:
    assert quoted("") == ">\n"
    assert quoted("a\r\n\r\n>b\r\n") == "> a\n>\n>>b\n"


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_anything_that_was_read_can_be_answered_or_says_why(raw: bytes) -> None:
    got = parse(b"From: Bob <b@example.org>\r\n" + raw)
    makers: list[Callable[[], Message]] = [
        lambda: reply(got, from_="a@example.org", everyone=True),
        lambda: forward(got, from_="a@example.org", to="c@example.org"), lambda: draft_of(got)]
    for make in makers:
        try:
            draft = make()
        except UsageError:
            continue
        if draft.from_:
            parse(bytes(draft.build(now=NOW, unique=TOKEN)))


def theirs() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"] = "Zoë <z@example.org>", "Bob <bob@example.org>, c@example.org"
    made["Subject"], made["Bcc"], made["X-Tag"] = "Grüße an alle", "eve@example.org", "x"
    made["Message-ID"] = "<77@example.org>"
    made.set_content("Hello ü\n")
    made.add_alternative('<p><img src="cid:pic">', subtype="html")
    several: Any = made
    html: Any = list(several.iter_parts())[1]
    html.add_related(b"GIF89a", "image", "gif", cid="<pic>", filename="p.gif")
    made.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="ü.pdf")
    return made


def test_from_pythons_message() -> None:
    draft = from_email(theirs())
    assert [str(box) for box in (*draft.from_, *draft.to, *draft.bcc)] == [
        "Zoë <z@example.org>", "Bob <bob@example.org>", "c@example.org", "eve@example.org"]
    assert (draft.subject, draft.text) == ("Grüße an alle", "Hello ü\n")
    found = sent(draft)
    assert found.message_id == "77@example.org"
    assert [(a.filename, a.content, a.content_id) for a in found.attachments] == [
        ("p.gif", b"GIF89a", "pic"), ("ü.pdf", b"%PDF-", "")]
    assert found.headers.get("bcc") is None


def test_from_a_message_of_the_older_kind() -> None:
    old = MIMEText("Grüße", _charset="iso-8859-1")
    old["From"], old["To"], old["Subject"] = "a@example.org", "b@example.org", "x"
    assert from_email(old).text == "Grüße"


def test_to_pythons_message_and_back() -> None:
    made = to_email(from_email(theirs()).build(now=NOW, unique=TOKEN))
    assert made["subject"] == "Grüße an alle"
    assert [part.get_content_type() for part in made.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/gif", "application/pdf"]
    again = from_email(made)
    assert (again.subject, again.text, again.html) == (
        "Grüße an alle", "Hello ü\n", from_email(theirs()).html)
    international = Message(from_="zoë@example.org", to="b@example.org").build(
        now=NOW, unique=TOKEN)
    assert to_email(international)["from"].addresses[0].username == "zoë"


def test_a_signature_covers_what_travels() -> None:
    seen: list[bytes] = []

    def protect(entity: bytes) -> bytes:
        seen.append(entity)
        return signed(entity, b"-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n",
                      protocol="application/pgp-signature", micalg="pgp-sha256", unique=TOKEN)

    built = Message(from_="a@example.org", text="Grüße", attach=[("a.bin", b"\0")],
                    protect=protect).build(now=NOW, unique=TOKEN)
    raw = bytes(built)
    found = parse(raw)
    assert found.defects == ()
    assert found.root.content_type == "multipart/signed"
    assert found.root.children[0].content_type == "multipart/mixed"
    assert seen[0] in raw
    begin = raw.index(seen[0])
    boundary = f"\r\n--{found.root.parameters['boundary']}".encode()
    assert raw[:begin].endswith(boundary + b"\r\n")
    assert raw[begin + len(seen[0]) :].startswith(boundary)
    other = email.message_from_bytes(raw, policy=policy.default)
    assert other.get_param("micalg") == "pgp-sha256"


def test_encryption_hides_the_body() -> None:
    armour = b"-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n"
    for protect in (lambda entity: encrypted(armour, unique=TOKEN),
                    lambda entity: enveloped(b"DER" * 40)):
        raw = bytes(Message(from_="a@example.org", text="secret", protect=protect).build(
            now=NOW, unique=TOKEN))
        assert b"secret" not in raw
        assert parse(raw).defects == ()
    smime = signed(b"Content-Type: text/plain\r\n\r\nx", b"\x30\x80",
                   protocol="application/pkcs7-signature", micalg="sha-256", unique=TOKEN)
    assert b"name=smime.p7s" in smime
    with pytest.raises(UsageError, match="letters, digits"):
        enveloped(b"", kind="x\r\ny")


def messages() -> Iterator[Path]:
    for folder in ("stalwart", "mime4j-testmsgs", "cpython", "james", "mimekit/messages"):
        for path in sorted((MAIL / folder).rglob("*")):
            if path.is_file() and path.suffix in (".eml", ".msg", ".txt", ""):
                yield path


@needs_corpora
@pytest.mark.slow
def test_other_peoples_messages_are_answered_and_passed_on() -> None:
    made = refused = 0
    for path in messages():
        got = parse(path.read_bytes())
        for make in (reply, forward):
            more: dict[str, Any] = {"to": "c@example.org"} if make is forward else {}
            try:
                draft = make(got, from_="a@example.org", **more)
            except UsageError:
                refused += 1
                continue
            built = draft.build(now=NOW, unique=TOKEN)
            again = parse(bytes(built))
            if not any(one.content_type.startswith("message/") for one in got.attachments):
                assert again.defects == (), path  # theirs, within, stay theirs
            assert again.subject == draft.subject, path
            if make is forward:
                wanted = [a.content for a in (*draft.inline, *draft.attach)
                          if isinstance(a, Attachment) and not a.type.startswith("message/")]
                found = [a.content for a in again.attachments]
                assert all(one in found for one in wanted), path
            made += 1
    assert made > 400
    assert refused < made / 20
