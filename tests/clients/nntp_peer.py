"""A scripted news server: answers by command from a table, so that a test writes what is odd."""

from __future__ import annotations

from collections.abc import Mapping

from scripted_peer import Answer, Line, Peer

FORMAT = (b"215 fmt\r\nSubject:\r\nFrom:\r\nDate:\r\nMessage-ID:\r\nReferences:\r\n:bytes\r\n"
          b":lines\r\nXref:full\r\n.\r\n")
CAPABILITIES = b"101 here\r\nVERSION 2\r\nREADER\r\nLIST ACTIVE\r\nOVER\r\nHDR\r\nPOST\r\n.\r\n"
ARTICLE = b"Subject: Hi\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"


def row(number: int, subject: bytes = b"Hi") -> bytes:
    """An overview row."""
    return (b"%d\t%b\tAnn <a@b.example>\tSat, 21 Nov 2026 10:00:00 +0000\t<%d@x>\t<0@x>\t120\t3"
            b"\tXref: x g:%d" % (number, subject, number, number))


class NNTPPeer(Peer):
    """Answers NNTP commands by verb; *answers* changes what a plain server would say.

    An answer is looked up by the first two words of a command, then by the first.
    """

    DEFAULT: Mapping[bytes, Answer] = {
        b"CAPABILITIES": CAPABILITIES,
        b"MODE READER": b"200 reader\r\n",
        b"GROUP": b"211 3 1 3 g\r\n",
        b"LIST OVERVIEW.FMT": FORMAT,
        b"ARTICLE": lambda line, n: b"220 %b <%b@x>\r\n" % (n.encode(), n.encode()) + ARTICLE
        + b".\r\n",
        b"DATE": b"111 20261121100000\r\n",
        b"AUTHINFO USER": b"381 password\r\n",
        b"AUTHINFO PASS": b"281 in\r\n",
        b"QUIT": b"205 bye\r\n",
    }

    def __init__(self, answers: Mapping[str, Answer] | None = None, *,
                 greeting: bytes = b"200 ready\r\n", slice: int = 0) -> None:
        super().__init__(slice=slice)
        self.greeting = greeting
        self.answers: dict[bytes, Answer] = dict(self.DEFAULT)
        self.answers.update({verb.encode(): answer for verb, answer in (answers or {}).items()})

    def play(self, line: Line) -> None:
        line.say(self.greeting)
        while True:
            words = line.hear().split(b" ")
            two = b" ".join(words[:2]).upper()
            key = two if two in self.answers else words[0].upper()
            rest = b" ".join(words[2 if key == two and b" " in two else 1:])
            answer = self.answers.get(key, b"500 what?\r\n")
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            while callable(answer):
                answer = answer(line, rest.decode("utf-8", "surrogateescape"))
            if answer is not None:
                line.say(answer)
            if key == b"QUIT":
                return
