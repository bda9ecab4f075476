"""A scripted mail server: answers by command from a table, keeps what it was given."""

from __future__ import annotations

import itertools
from typing import Any

from scripted_peer import Answer, Line, Peer

EHLO = (b"250-peer.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
        b"250-DSN\r\n250-SIZE 1000000\r\n250 ENHANCEDSTATUSCODES\r\n")
ANSWERS: dict[bytes, Answer] = {
    b"EHLO": EHLO, b"LHLO": EHLO, b"HELO": b"250 peer\r\n", b"MAIL": b"250 2.1.0 ok\r\n",
    b"RCPT": b"250 2.1.5 ok\r\n", b"DATA": b"354 go\r\n", b".": b"250 2.0.0 taken\r\n",
    b"BDAT": b"250 2.0.0 chunk\r\n", b"BDAT LAST": b"250 2.0.0 taken\r\n",
    b"RSET": b"250 2.0.0 ok\r\n", b"NOOP": b"250 2.0.0 ok\r\n", b"QUIT": b"221 2.0.0 bye\r\n",
}


class SMTPPeer(Peer):
    """Speaks as much SMTP as its table says.

    A value may be bytes, None (hang up), a list (one after the other, the last one stays), or a
    function of the line and the argument. `messages` holds what came, dots and all.
    """

    def __init__(self, answers: dict[bytes, Answer] | None = None, *, slice: int = 0,
                 without: tuple[str, ...] = (), greeting: bytes = b"220 peer ESMTP\r\n") -> None:
        super().__init__(slice=slice)
        self.answers = {**ANSWERS, **(answers or {})}
        if without:
            lines = [line for line in EHLO.splitlines(keepends=True)
                     if line[4:].split()[0].decode() not in without]
            lines[-1] = b"250 " + lines[-1][4:]
            self.answers[b"EHLO"] = self.answers[b"LHLO"] = b"".join(lines)
        self.greeting = greeting
        self.messages: list[bytes] = []
        self.connections = 0

    def play(self, line: Line) -> None:
        self.connections += 1
        line.say(self.greeting)
        chunks = b""
        while True:
            command = line.hear()
            verb, _, argument = command.partition(b" ")
            verb = verb.upper()
            if verb == b"BDAT":
                chunks += self._counted(line, int(argument.split()[0]))
                if argument.upper().endswith(b"LAST"):
                    verb = b"BDAT LAST"
                    self.messages.append(chunks)
                    chunks = b""
            said = self._answer(line, verb, argument)
            if said is None:
                return
            if verb == b"DATA" and said.startswith(b"354"):
                self.messages.append(self._dotted(line))
                if (said := self._answer(line, b".", b"")) is None:
                    return
                line.say(said)
            if verb == b"QUIT":
                return

    def _answer(self, line: Line, verb: bytes, argument: bytes) -> bytes | None:
        found: Any = self.answers.get(verb, b"500 5.5.2 what?\r\n")
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if callable(found):
            found = found(line, argument)
        if found is not None and verb != b".":
            line.say(found)
        return found  # type: ignore[no-any-return]

    def _dotted(self, line: Line) -> bytes:
        said = line.held
        while not (b"\r\n" + said).endswith(b"\r\n.\r\n") and b"\r\n.\r\n" not in b"\r\n" + said:
            said += self._more(line)
        end = (b"\r\n" + said).index(b"\r\n.\r\n") + 3
        line.held = said[end:]
        return said[:end]

    def _counted(self, line: Line, size: int) -> bytes:
        said = line.held
        while len(said) < size:
            said += self._more(line)
        line.held = said[size:]
        return said[:size]

    def _more(self, line: Line) -> bytes:
        from scripted_peer import Gone

        data = line.sock.recv(65536)
        if not data:
            raise Gone
        self.heard += data
        return data


def turns(trace: str) -> int:
    """How often the client had to wait for an answer to what it had sent."""
    kinds = [line[:2] for line in trace.splitlines() if line[:2] in ("C:", "S:")]
    return sum(1 for before, after in itertools.pairwise(kinds)
               if (before, after) == ("C:", "S:"))
