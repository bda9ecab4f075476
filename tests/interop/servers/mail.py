"""The messages of the mailboxes: small, different, and each with something that has gone wrong."""

from __future__ import annotations

from pathlib import Path

__all__ = ["add_message", "messages"]

COUNT = 200
# Bodies, by turns. Between them: byte stuffing (RFC 1939 section 3), a line longer than the 998
# octets of RFC 5322, eight-bit text in two encodings, nothing at all.
BODIES = (
    b"A plain line.\r\nAnd another.\r\n",
    b".\r\n..\r\n.dot\r\nmid.dle\r\n.\r\n",
    b"long " + b"x" * 5_000 + b"\r\nshort\r\n",
    "Grüße, 日本語\r\n".encode(),
    "Gr\xfc\xdfe in Latin-1\r\n".encode("latin-1"),
    b"",
    b"\r\n\r\n\r\n",
    b"".join(b"line %d of many\r\n" % n for n in range(300)),
)
HEADER = (
    "From: Bob <bob@example.org>\r\n"
    "To: Alice <alice@example.org>\r\n"
    "Subject: message {number}\r\n"
    "Date: Tue, 02 Jan 2024 03:04:05 +0000\r\n"
    "Message-ID: <{number}@postel.example.org>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "\r\n"
)


def messages(count: int = COUNT) -> list[bytes]:
    """The messages as they travel (CRLF, dots not stuffed), in the order of the mailbox."""
    return [
        HEADER.format(number=number).encode() + BODIES[number % len(BODIES)]
        for number in range(1, count + 1)
    ]


def add_message(maildir: Path, number: int, message: bytes) -> Path:
    """Deliver one message; Maildir keeps LF. `number`, unique in the mailbox, gives the order."""
    path = maildir / "new" / f"{1_704_164_645 + number}.M{number}P1.postel"
    path.write_bytes(message.replace(b"\r\n", b"\n"))
    return path
