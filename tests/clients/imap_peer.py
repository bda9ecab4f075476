"""A scripted IMAP server: answers by verb from a table, byte for byte; counts turns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scripted_peer import Gone, Line, Peer

__all__ = ["IMAPPeer", "ok"]

CAPABILITIES = ("IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE ID IDLE NAMESPACE UIDPLUS MOVE UNSELECT "
                "LITERAL+ ESEARCH CONDSTORE")
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}$")


def ok(data: bytes = b"", code: bytes = b"") -> bytes:
    """Data, then the tagged OK; the tag is put in where ``%T`` stands."""
    return data + b"%T OK " + (b"[" + code + b"] " if code else b"") + b"done\r\n"


class IMAPPeer(Peer):
    """Answers IMAP commands by verb, ``UID`` and its verb together.

    An answer is bytes with ``%T`` for the tag, None for nothing, a list to be used up (the last
    one stays), or a function of the `Line`, the tag and the command, that returns one of these.
    `turns` counts how often a client's bytes were waited for after all was answered.
    """

    DEFAULT: Mapping[str, Any] = {
        "NOOP": ok(), "LOGOUT": b"* BYE bye\r\n" + ok(), "ID": ok(b'* ID ("name" "peer")\r\n'),
        "AUTHENTICATE": ok(), "LOGIN": ok(),
        "SELECT": ok(b"* 3 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] ok\r\n"
                     b"* OK [UIDNEXT 10] ok\r\n", b"READ-WRITE"),
    }

    def __init__(self, answers: Mapping[str, Any] | None = None, *, offers: str = CAPABILITIES,
                 greeting: bytes | None = None, slice: int = 0) -> None:
        super().__init__(slice=slice)
        self.offers = offers.encode()
        self.greeting = b"* OK [CAPABILITY " + self.offers + b"] ready\r\n" if greeting is None else greeting
        self.answers: dict[str, Any] = {
            **self.DEFAULT, "CAPABILITY": ok(b"* CAPABILITY " + self.offers + b"\r\n"),
            "AUTHENTICATE": ok(b"", b"CAPABILITY " + self.offers),
            "LOGIN": ok(b"", b"CAPABILITY " + self.offers), **(answers or {})}
        self.turns = 0
        self.words: list[bytes] = []
        """What was asked, without tags, literals put in."""

    @property
    def asked(self) -> list[str]:
        """The verbs in order."""
        return [_verb(word) for word in self.words]

    def play(self, line: Line) -> None:
        if self.greeting:
            line.say(self.greeting)
        while True:
            tag, command = self.command(line)
            verb = _verb(command)
            self.words.append(command)
            answer = self.answers.get(verb, b"%T BAD unknown command\r\n")
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            while callable(answer):
                answer = answer(line, tag, command)
            if answer is not None:
                line.say(answer.replace(b"%T", tag))
            if verb == "LOGOUT":
                return

    def command(self, line: Line) -> tuple[bytes, bytes]:
        """A whole command, with its literals."""
        waited = not line.held
        text = line.hear()
        self.turns += waited
        tag, _, command = text.partition(b" ")
        whole = b""
        while match := _LITERAL.search(command):
            if not match[2]:
                if refusal := self.answers.get("literal"):
                    line.say(refusal.replace(b"%T", tag))
                    return self.command(line)
                line.say(b"+ go on\r\n")
                self.turns += not line.held
            whole += command[: match.start()] + self.take(line, int(match[1]))
            command = line.hear()
        return tag, whole + command

    @staticmethod
    def take(line: Line, size: int) -> bytes:
        """So many bytes, whatever they are."""
        while len(line.held) < size:
            data = line.sock.recv(65_536)
            if not data:
                raise Gone
            line.held += data
        found, line.held = line.held[:size], line.held[size:]
        return found


def _verb(command: bytes) -> str:
    words = command.upper().decode("latin-1").split(" ")
    return " ".join(words[:2]) if words[0] == "UID" else words[0]
