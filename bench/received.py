"""What the parsing rows parse: messages as a server would hand them out."""

from __future__ import annotations

import base64

__all__ = ["DISTINCT", "EXPECTED", "messages"]

DISTINCT = 200
"""Messages of a row that differ; they are parsed again and again."""

EXPECTED = {"parse-lazy": 1, "parse-typed": 1, "parse-all": 1, "parse-html": 3, "parse-file": 3}
"""Parts of each message, the one around the others included."""

_HEAD = """\
Return-Path: <ann@example.org>\r
Received: from mx.example.org (mx.example.org [192.0.2.1])\r
\tby mail.example.net (Postfix) with ESMTPS id 4A1B2C3D\r
\tfor <bob@example.net>; Fri, 20 Nov 2026 10:11:12 +0000 (UTC)\r
Message-ID: <20261120101112.{number}@example.org>\r
Date: Fri, 20 Nov 2026 10:11:10 +0100\r
From: Ann Example <ann@example.org>\r
To: Bob <bob@example.net>, "Carol, C." <carol@example.com>\r
Cc: dave@example.com\r
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= number {number}\r
References: <a@example.org> <b@example.org>\r
MIME-Version: 1.0\r
"""
_TEXT = "The quick brown fox jumps over the lazy dog, said the text again.\r\n"
_TYPE = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"


def messages(action: str) -> list[bytes]:
    """The messages of a row."""
    count = DISTINCT if action != "parse-file" else 5
    return [(_HEAD.format(number=number) + _body(action)).encode() for number in range(count)]


def _body(action: str) -> str:
    if action == "parse-html":
        html = "<p>The quick brown fox =E2=80=93 and more of it</p>=\r\n" * 420
        kind, second = "alternative", ("Content-Type: text/html; charset=utf-8\r\n"
                                       "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + html)
        text = _TEXT * 160
    elif action == "parse-file":
        data = base64.encodebytes(bytes(range(256)) * 4_000).decode().replace("\n", "\r\n")
        kind, second = "mixed", ("Content-Type: application/pdf; name=\"report.pdf\"\r\n"
                                 "Content-Transfer-Encoding: base64\r\n\r\n" + data)
        text = _TEXT * 20
    else:
        return _TYPE + _TEXT * 55
    return (f"Content-Type: multipart/{kind}; boundary=\"=_a_boundary_of_some_length\"\r\n\r\n"
            f"--=_a_boundary_of_some_length\r\n{_TYPE}{text}\r\n"
            f"--=_a_boundary_of_some_length\r\n{second}\r\n"
            "--=_a_boundary_of_some_length--\r\n")
