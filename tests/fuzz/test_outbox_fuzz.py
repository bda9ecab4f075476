"""What the outbox reads from others: reports of any shape, messages of any kind."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.mail.outbox_letter import posted
from postel.mail.outbox_report import reports

LINES = st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([
    b"Content-Type: multipart/report; boundary=b", b"", b"--b", b"--b--",
    b"Content-Type: message/delivery-status", b"Content-Type: message/rfc822",
    b"Content-Type: text/rfc822-headers", b"Original-Envelope-Id: e", b"Final-Recipient: rfc822; a@b",
    b"Action: failed", b"Status: 5.1.1", b"Message-ID: <1@x>", b"Diagnostic-Code: smtp; 550 no\x1b[31m",
    b"Content-Transfer-Encoding: base64", b"Action: delivered", b"From: a@b", b"Bcc: c@d",
    b"To: \xff@x, b@c"])), max_size=30).map(b"\r\n".join)


@given(LINES)
def test_reports(raw: bytes) -> None:
    for one in reports(raw):
        assert one.address
        assert one.reply.isprintable() or not one.reply
        assert one.state in ("bounced", "delivered", None)


@given(LINES, st.none() | st.just("a@b"), st.none() | st.just(["c@d"]))
def test_messages(raw: bytes, sender: str | None, recipients: list[str] | None) -> None:
    with contextlib.suppress(UsageError):
        found = posted(raw, sender, recipients, ("failure",))
        assert found.recipients
        assert found.data.count(b"\r") == found.data.count(b"\n") == found.data.count(b"\r\n") or (
            b"binary" in raw.lower())
