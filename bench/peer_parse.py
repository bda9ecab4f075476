"""The others in the rows of parsing: email with both policies, mail-parser, fast-mail-parser."""

from __future__ import annotations

import email
from email import policy
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from bench.child import NOT_HERE, main
from bench.job import Job
from bench.received import EXPECTED, messages

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    read = {"old": _old, "new": _new, "mail-parser": _mail_parser, "fast": _fast}[job.mode]
    raws = messages(job.action)
    expected = EXPECTED[job.action]
    for number in range(job.count):
        if read(raws[number % len(raws)], job.action) != expected:
            raise SystemExit("it was read wrongly")
    return job.count, job.count * 1024


def _walked(message: Any, action: str) -> int:
    count = 0
    for part in message.walk():
        count += 1
        if action not in ("parse-lazy", "parse-typed") and not part.is_multipart():
            part.get_payload(decode=True)
    return count


def _old(raw: bytes, action: str) -> int:
    message = email.message_from_bytes(raw)
    if action != "parse-lazy":
        str(make_header(decode_header(message["Subject"])))
        for name in ("From", "To", "Cc"):
            getaddresses(message.get_all(name, []))
        parsedate_to_datetime(message["Date"])
    _ = message["Subject"], message["Message-ID"]
    return _walked(message, action)


def _new(raw: bytes, action: str) -> int:
    message = email.message_from_bytes(raw, policy=policy.default)
    if action != "parse-lazy":
        for name in ("From", "To", "Cc"):
            _ = message[name].addresses
        _ = message["Date"].datetime, message["Message-ID"]
    _ = message["Subject"]
    return _walked(message, action)


def _mail_parser(raw: bytes, action: str) -> int:
    try:
        import mailparser
    except ImportError:
        raise SystemExit(NOT_HERE) from None
    message = mailparser.parse_from_bytes(raw)
    _ = message.subject
    if action != "parse-lazy":
        _ = message.from_, message.to, message.cc, message.date, message.message_id
    if action not in ("parse-lazy", "parse-typed"):
        _ = message.text_plain, message.text_html, message.attachments
    return sum(1 for _ in message.message.walk())


def _fast(raw: bytes, action: str) -> int:
    try:
        import fast_mail_parser
    except ImportError:
        raise SystemExit(NOT_HERE) from None
    mode = "lazy" if action in ("parse-lazy", "parse-typed") else "full"
    root = fast_mail_parser.parse_email_tree(raw, mode=mode)
    _ = root.headers
    if action != "parse-lazy":
        message = fast_mail_parser.parse_email(raw, mode=mode)
        _ = message.subject, message.date, message.headers
    if mode == "full":
        for part in root.children or [root]:
            _ = part.content
    return 1 + len(root.children)



if __name__ == "__main__":
    main(work)
