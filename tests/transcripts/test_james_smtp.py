"""Apache James' SMTP dialogues, played against the lab's server: each reply's code is theirs.

A reply's text is the server's own affair, and so is which extensions it lists. One dialogue differs
on purpose: James takes AUTH before EHLO, which RFC 4954 section 4 does not.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.serving.server import Users

NAMES = ["authplain", "data_starts_with_starttls", "data_with_starttls", "helo",
         "rcpt_with_starttls", "starttls", "starttls_session_fixation", "starttls_with_injection"]
OURS = {
    # We answer AUTH with "say EHLO first", and its lines are unknown commands then.
    "authplain": ["220", "503", "500", "500"],
    # Both refuse what would carry a clear-text log-in through TLS; James with 501.
    "starttls_session_fixation": ["220", "250", "334", "334", "235", "250", "250", "503"],
    # Both refuse what came behind STARTTLS; James with 451, and we hang up.
    "starttls_with_injection": ["220", "250", "501"],
}


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("smtp") as started:
        started.smtp.clear.users = Users({"bob@mydomain.tld": "secret"})
        yield started


def script(text: str) -> tuple[bytes, list[str]]:
    """What the client says, and the codes of the replies."""
    said, codes = [], []
    for line in text.splitlines():
        if line.startswith("C:"):
            said.append(line[2:].removeprefix(" ").replace("\\r\\n", "\r\n").removesuffix("\r\n"))
        elif found := re.match(r"S: (\d{3})([ .]|\Z)", line):
            if line[6:8] != ".*" or "501" in line:  # "250.*" is the first line of several
                codes.append(found[1])
    return "".join(f"{line}\r\n" for line in said).encode(), codes


@pytest.mark.parametrize("name", NAMES)
def test_dialogue(name: str, here: lab.Lab, corpora: Callable[[str], Path]) -> None:
    said, codes = script(corpora(f"transcripts/james-mpt/smtp/{name}.test").read_text("utf-8"))
    with socket.create_connection(here.address("smtp"), timeout=10) as sock:
        sock.settimeout(10)
        file = sock.makefile("rb")
        answers = [reply(file)]
        for line in said.splitlines(keepends=True) if b"starttls\r\nmail" not in said else [
                said[: said.index(b"starttls")], said[said.index(b"starttls"):]]:
            sock.sendall(line)
            if not in_message(answers, line):
                answers.append(reply(file))
        file.close()
    assert answers == OURS.get(name, codes)


def in_message(answers: list[str], line: bytes) -> bool:
    """Whether *line* is part of a message, and has no answer of its own."""
    return answers[-1] == "354" and line != b".\r\n"


def reply(file: object) -> str:
    while line := file.readline():  # type: ignore[attr-defined]
        if line[3:4] == b" ":
            return str(line[:3].decode())
    return ""
