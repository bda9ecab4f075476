"""curl's SMTP cases: the command line as calls, against a server that answers by the script."""

from __future__ import annotations

import base64
import os
import re
import sys
from pathlib import Path
from typing import Any

import curlcase
import pytest
from curlcase import Case

sys.path.insert(0, str(Path(__file__).parents[1] / "clients"))

from smtp_peer import SMTPPeer

from postel import smtp
from postel.errors import AuthenticationError, PostelError, ProtocolError, ReplyError, UsageError
from postel.smtp.content import with_crlf

pytestmark = pytest.mark.slow

BASE = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                           / "corpora")) / "transcripts" / "curl" / "smtp"
ERRORS: dict[int, tuple[type[PostelError], ...]] = {
    8: (ReplyError, ProtocolError), 43: (UsageError,), 55: (ReplyError, UsageError),
    67: (AuthenticationError, ProtocolError)}
REASONS = {
    "test646": "a C program of curl's own library interface",
    "test648": "a C program of curl's own library interface",
    "test652": "a C program of curl's own library interface",
    "test906": "NTLM", "test936": "NTLM",
    "test920": "LOGIN has no first response here: it is the server that asks first",
    "test938": "curl names the user twice in PLAIN",
    "test900": "a bare LF at the end becomes CRLF here, curl adds one behind it",
    "test934": "DIGEST-MD5, which RFC 6331 has retired",
    "test940": "curl sends without the log-in it was asked for; here that is an error",
    "test950": "the verb in lower case",
    "test954": "another name to act as has no argument",
    "test960": "curl without IDN support fails here; this client sends A-labels",
    "test1320": "a proxy of curl's suite",
}


class Script(SMTPPeer):
    """Answers as the case says; addresses without a dot or an "@" are invalid, as for curl."""

    def __init__(self, case: Case) -> None:
        lines, replies = [], {}
        for line in case.commands:
            word, _, rest = line.partition(" ")
            if word == "CAPA":
                lines += rest.upper().split()
            elif word == "AUTH":
                lines.append(f"AUTH {rest}")
            elif word == "REPLY":
                found = re.match(r'"([^"]*)" (.*)|(\S+) (.*)', rest)
                assert found
                replies[found[1] or found[3]] = (found[2] or found[4]).replace("\\r\\n", "\r\n")
        ehlo = "".join(f"250-{line}\r\n" for line in ["peer", *lines])
        super().__init__({b"EHLO": (ehlo + "250 HELP\r\n").encode(), b"HELP": b"214 help\r\n",
                          b"VRFY": (case.data or b"252 maybe\r\n"), b"AUTH": self.auth,
                          b"RCPT": self.rcpt})
        self.scripted = replies
        for verb, text in replies.items():
            if verb.encode() in self.answers and verb != "AUTH":
                self.answers[verb.encode()] = text.encode() + b"\r\n"

    def rcpt(self, line: Any, argument: bytes) -> bytes:
        return b"250 ok\r\n" if b"@" in argument else b"501 invalid address\r\n"

    def auth(self, line: Any, argument: bytes) -> bytes:
        """A first response that has come already is answered at once."""
        mechanism, _, first = argument.decode().partition(" ")
        said = self.scripted.get(first) or self.scripted.get(
            f"AUTH {mechanism}", self.scripted["AUTH"])
        if first and said.startswith("334") and said.endswith("supported"):
            return b"535 no such response is in the script\r\n"
        while said.startswith("334"):
            line.say(said.encode() + b"\r\n")
            answer = line.hear().decode()
            said = self.scripted.get(answer, "535 not in the script")
        return said.encode() + b"\r\n"


def cases() -> list[Any]:
    if not BASE.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(
            "corpus transcripts/curl/smtp is absent (set POSTEL_CORPORA)"))]
    return [pytest.param(path, id=path.name) for path in sorted(BASE.iterdir())]


def options_of(case: Case) -> tuple[dict[str, str], list[str]]:
    """Options by name, and the recipients."""
    options, recipients, words = {}, [], list(case.arguments)
    takes = ("--mail-from", "--mail-rcpt", "-u", "-T", "-X", "--request", "--oauth2-bearer",
             "--login-options", "-K", "-x")
    while words:
        word = words.pop(0)
        value = words.pop(0) if word in takes else ""
        if word == "--mail-rcpt":
            recipients.append(value.encode("latin-1").decode("utf-8"))
        else:
            options[word] = value.encode("latin-1").decode("utf-8")
    return options, recipients


def keywords(case: Case, options: dict[str, str], peer: Script) -> dict[str, Any]:
    found: dict[str, Any] = {"timeout": 3.0,
                             "security": "starttls" if "--ssl" in options else "plain"}
    name, _, password = options.get("-u", "").partition(":")
    if name:
        found |= {"user": name, "password": password or options.get("--oauth2-bearer", "")}
    if "--oauth2-bearer" in options:
        offered = peer.answers[b"EHLO"].decode()
        found["auth"] = "XOAUTH2" if "XOAUTH2" in offered else "OAUTHBEARER"
    if "AUTH=EXTERNAL" in " ".join(case.arguments):
        found |= {"user": "user", "auth": "EXTERNAL"}
    return found


def play(case: Case, peer: Script, text: bytes) -> None:
    options, recipients = options_of(case)
    if "OAUTHBEARER" in str(peer.answers[b"EHLO"]):
        for key in list(peer.scripted):  # the port is this server's
            peer.scripted[_again(key, peer.port)] = peer.scripted[key]
    sender = options.get("--mail-from", "")
    if case.number in ("1520", "2110"):
        recipients = ["recipient@example.com"]
        sender = "sender@example.com" + "\r\nDATA" * (case.number == "2110")
    with smtp.Client(f"smtp://127.0.0.1:{peer.port}",
                     **keywords(case, options, peer)) as server:
        if sender:
            some = "--mail-rcpt-allowfails" in options
            server.send(text, sender=sender, recipients=recipients,
                        raise_on="all" if some else "any")
        elif recipients:
            server.vrfy(recipients[0])
        elif options.get("-X") == "RSET":
            server.rset()
        else:
            assert server.help() == "help"


def _again(key: str, port: int) -> str:
    try:
        plain = base64.b64decode(key, validate=True)
    except ValueError:
        return key
    return base64.b64encode(plain.replace(b"%SMTPPORT", b"%d" % port)).decode()


def asked(lines: list[str]) -> list[str]:
    """What counts of what was sent: not the name, not how the log-in came over."""
    found = [line.strip() for line in lines]
    return [re.sub(r" SIZE=\d+", "", line) for line in found
            if re.match(r"MAIL|RCPT|VRFY|RSET|HELP|DATA|STARTTLS", line)]


@pytest.mark.parametrize("path", cases())
def test_smtp(path: Path) -> None:
    case = curlcase.read(path)
    if reason := REASONS.get(case.name):
        pytest.skip(f"no counterpart: {reason}")
    client = path.read_text("latin-1").partition("<client>")[2]
    given = curlcase.section(client, "stdin")
    text = curlcase.body(*given, case.number) if given else next(iter(case.files.values()), b"")
    text = text.replace(b"%CR\r\n", b"\r\n").replace(b"%CR\n", b"\r\n")
    with Script(case) as peer:
        if case.error:
            with pytest.raises(ERRORS[case.error]):
                play(case, peer, text)
        elif case.number == "924":  # curl shows a 553 with possibilities as a result
            with pytest.raises(ReplyError, match="Joe Smith"):
                play(case, peer, text)
        else:
            play(case, peer, text)
    sent = [line.decode("utf-8") for line in peer.commands]
    wanted = [line.encode("latin-1").decode("utf-8") for line in case.asked]
    if not case.error:
        assert asked(sent) == asked(wanted)
    if case.upload is not None and not case.error:
        wanted_text = case.upload.replace(b"%CR\n", b"\r\n")
        assert peer.messages[0] == with_crlf(wanted_text)  # curl passes a bare LF on
    if case.error == 43:
        assert "DATA" not in peer.verbs


def test_the_score() -> None:
    """What SCORES.md says."""
    if not BASE.is_dir():
        pytest.skip("corpus transcripts/curl/smtp is absent (set POSTEL_CORPORA)")
    count = len(list(BASE.iterdir()))
    scores = (Path(__file__).parent / "SCORES.md").read_text("utf-8")
    assert f"| SMTP | {count} | {count - len(REASONS)} | 0 | {len(REASONS)}" in scores
