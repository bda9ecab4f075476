"""curl's test data for FTP and POP3, replayed: bytes delivered, bytes stored, class of error.

The commands need not be curl's (this client asks for more, sends ahead, and uploads under
temporary names); what comes of them must be. Cases without a counterpart are listed with the
reason; the score is in SCORES.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import curlcase
import pytest
from curlcase import Case
from curlserver import CurlServer

from postel import ftp, pop3
from postel.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLost,
    Forbidden,
    Incomplete,
    LimitReached,
    NetworkError,
    NotFound,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    ResolveError,
    TimedOut,
    UsageError,
)
from postel.urls import ftp_path, parse

pytestmark = pytest.mark.slow

BASE = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                           / "corpora")) / "transcripts" / "curl"

ERRORS: dict[int, tuple[type[BaseException], ...]] = {
    3: (UsageError,), 6: (ResolveError,), 7: (ConnectError,),
    8: (ProtocolError, ReplyError, ConnectionLost), 9: (Forbidden, NotFound),
    10: (PostelError,), 13: (ProtocolError, ReplyError, NetworkError),
    17: (ReplyError,), 18: (Incomplete,), 19: (NotFound, ReplyError, Incomplete),
    25: (ReplyError,), 26: (OSError,), 28: (TimedOut, Incomplete, NetworkError),
    30: (ReplyError, NetworkError), 56: (NetworkError, ProtocolError), 64: (PostelError,),
    63: (LimitReached,), 67: (AuthenticationError, ProtocolError), 70: (ReplyError,),
    78: (NotFound, Incomplete, ReplyError), 84: (NotSupported,),
}

# What curl's command line can and this client has no counterpart of, each with its reason.
ABSENT = {
    "TOOL": "a C program of curl's own library interface",
    "server": "a server of another protocol, a proxy or a TLS set-up of curl's suite",
    "-z": "time conditions belong to the transfer engine",
    "-i": "headers made up for files", "-I": "headers made up for files",
    "--head": "headers made up for files", "-D": "headers made up for files",
    "-J": "local names and curl's own files",
    "-g": "URL globbing", "-K": "curl's configuration files", "-w": "curl's own output",
    "-x": "proxies have tests of their own", "-p": "proxies have tests of their own",
    "--proxy": "proxies have tests of their own", "--socks4": "SOCKS4 is not spoken",
    "--netrc": "the command's own tests", "--netrc-file": "the command's own tests",
    "--netrc-optional": "the command's own tests", "--ftp-pret": "PRET is for one server kind",
    "--ftp-alternative-to-user": "a vendor's way to log in", "--crlf": "line ends are not changed",
    "--max-filesize": "a limit of the transfer engine", "--range": "ranges belong to the engine",
    "--retry": "retries belong to the engine", "--parallel": "the engine's affair",
    "--interface": "an interface by its name", "--remote-time": "times are always kept",
    "--ssl-reqd": "the suite's own TLS server", "--ftp-ssl-reqd": "the suite's own TLS server",
    "--ftp-ssl-control": "the suite's own TLS server", "--ssl": "the suite's own TLS server",
    "--insecure": "the suite's own TLS server", "--cacert": "the suite's own TLS server",
    "-L": "redirects are HTTP's", "--connect-to": "HTTP's",
    "--sasl-authzid": "another user's name to act as is not an argument of the client",
    "--ignore-content-length": "sizes are never ignored", "-m": "", "--max-time": "",
    "-Q": "quoted commands around a transfer are the caller's own calls",
    "-X": "",
}
SKIPPED = {
    "test1455": "HAProxy's protocol in front of FTP",
    "test1224": "the number of CWD commands, which this client does not send",
    "test1225": "the number of CWD commands, which this client does not send",
    "test1226": "the number of CWD commands, which this client does not send",
    "test148": "folders are made for a download; here a missing file is just missing",
    "test190": "an answer to CWD, which this client does not send",
    "test1120": "an answer to CWD, which this client does not send",
    "test1152": "an answer to PWD, which this client does not ask for",
    "test3218": "an answer to PWD, which this client does not ask for",
    "test2108": "a NUL in a text that nobody reads: curl refuses it, here it is passed over",
    "test1086": "a limit for a whole transfer",
    "test872": "AUTH LOGIN with a user's name at once, which no RFC has",
    "test870": "AUTH without the initial response that RFC 5034 allows",
    "test878": "DIGEST-MD5 is not spoken: RFC 6331 made it historic",
    "test884": "URLs with ;AUTH=: the argument auth= says it",
    "test886": "URLs with ;AUTH=: the argument auth= says it",
}


def cases(family: str) -> list[Path]:
    return sorted((BASE / family).glob("test*"), key=lambda p: int(p.name[4:]))


def absent(case: Case) -> str | None:
    """Why there is no counterpart, or None."""
    if case.name in SKIPPED:
        return SKIPPED[case.name]
    if case.tool:
        return ABSENT["TOOL"]
    if case.servers not in (["ftp"], ["pop3"], ["ftp-ipv6"]) or case.servers == ["ftp-ipv6"]:
        return ABSENT["server"]
    for word in case.arguments:
        name = word if not word.startswith("-u") else "-u"
        if reason := ABSENT.get(name):
            return reason
    return None


class Call:
    """The options of a curl command line that have a counterpart."""

    def __init__(self, case: Case, port: int) -> None:
        ports = dict.fromkeys(curlcase.PORTS, str(port))
        words = [curlcase.fill(word, case.number, ports) for word in case.arguments]
        self.urls, self.options = [], {}
        wants = {"-u", "-T", "-C", "--continue-at", "-X", "-m", "--max-time", "--ftp-method",
                 "--ftp-account", "--oauth2-bearer", "--login-options", "-o", "--output-dir", "-P"}
        while words:
            word = words.pop(0)
            if word in wants:
                self.options[word] = words.pop(0)
            elif word.startswith("-u") and len(word) > 2:
                self.options["-u"] = word[2:]
            elif word.startswith("-"):
                self.options[word] = ""
            else:
                self.urls.append(word)

    def login(self) -> dict[str, Any]:
        user, _, password = self.options.get("-u", "").partition(":")
        return {"user": user, "password": password} if user else {}


def play_ftp(case: Case, server: CurlServer, folder: Path) -> bytes:
    """Do what the command line asks for; return the bytes that came."""
    call = Call(case, server.port)
    got = b""
    for text in call.urls:
        url = parse(text)
        path, kind = ftp_path(url)
        site = ftp.Client(url.with_(path="/"), security="plain", timeout=2.0, **call.login())
        site.account = call.options.get("--ftp-account")
        site.learned.level = 0
        site.active = "-P" in call.options
        with site:
            got += one_file(site, case, call, path, kind, folder)
    return got


def one_file(site: ftp.Client, case: Case, call: Call, path: str, kind: str | None,
             folder: Path) -> bytes:
    offset = call.options.get("-C", call.options.get("--continue-at"))
    if "-T" in call.options:
        name = call.options["-T"]
        data = case.files.get(name, b"")
        if path.endswith("/") or not path:
            path += Path(name).name
        if "--ftp-create-dirs" in call.options and "/" in path:
            site.makedirs(path.rpartition("/")[0])
        if offset is not None:
            start = stored(site, path) if offset == "-" else int(offset)
            with site.appe(path) as sink:
                sink.send(data[start:])
        elif "-a" in call.options:
            with site.appe(path) as sink:
                sink.send(data)
        else:
            source = folder / "source"
            source.write_bytes(data)
            site.upload(source, path)
        return b""
    if "-l" in call.options or kind == "d":
        return "".join(f"{name}\n" for name in site.nlst(path)).encode("latin-1")
    if path.endswith("/") or not path:
        return b"".join(f"{entry.raw}\n".encode("latin-1", "surrogateescape")
                        for entry in site.list(path))
    start = int(offset) if offset and offset != "-" else 0
    size = site.files.stat(path).size if start else None
    if size is not None and start > size:
        raise Incomplete(f"{path}: it has {size} bytes, and {start} were to be skipped")
    with site.retr(path, offset=start, text=kind == "a") as file:
        return b"".join(file)


def stored(site: ftp.Client, path: str) -> int:
    """How much of an upload the server has."""
    try:
        return site.size(path)
    except ReplyError:
        return 0


def play_pop3(case: Case, server: CurlServer, folder: Path) -> bytes:
    call = Call(case, server.port)
    got = b""
    for text in call.urls:
        url = parse(text.replace(";AUTH=", "%3BAUTH="))
        number = url.path.strip("/")
        login = call.login()
        auth = None
        if "--oauth2-bearer" in call.options:
            login["password"] = call.options["--oauth2-bearer"]
            auth = "OAUTHBEARER" if "OAUTHBEARER" in server.flags.get("AUTH", "") else "XOAUTH2"
        box = pop3.Client(url.with_(path="/"), security="plain", timeout=2.0, auth=auth, **login)
        if "APOP" in server.flags.get("CAPA", "") and not auth:
            box.auth = "APOP"
        with box:
            got += one_message(box, call, number)
    return got


def one_message(box: pop3.Client, call: Call, number: str) -> bytes:
    word, _, rest = call.options.get("-X", "").partition(" ")
    if word == "STAT":
        box.stat()
    elif word == "NOOP":
        box.noop()
    elif word == "DELE":
        box.dele(int(number))
    elif word == "TOP":
        message, lines = rest.split()
        return box.top(int(message), int(lines))
    elif word == "UIDL":
        return b"".join(b"%d %s\r\n" % (item.number, item.uidl.encode()) for item in box.uidl())
    elif word:
        pytest.skip(f"{word} is no command of this client")
    elif number:
        if "-l" in call.options:
            box.list()
            return b""
        return box.retr(int(number))
    else:
        return b"".join(b"%d %d\r\n" % (item.number, item.size) for item in box.list())
    return b""


def same(case: Case, got: bytes) -> bool:
    """Whether what came is what must come; listings are compared by what they name."""
    wanted = case.wanted or b""
    if got == wanted or got == re.sub(rb"(?<!\r)\n", b"\r\n", wanted):
        return True
    rows = {line.strip() for line in wanted.splitlines()}
    mine = {line.strip() for line in got.splitlines()}
    leftover = {row for row in rows - mine
                if not row.startswith(b"total") and row.split()[-1:] not in ([b"."], [b".."])}
    return bool(mine) and not leftover and mine <= rows


def check(path: Path, play: Callable[[Case, CurlServer, Path], bytes], folder: Path) -> None:
    case = curlcase.read(path)
    if reason := absent(case):
        pytest.skip(f"no counterpart: {reason}")
    server = CurlServer(case)
    ftp.Client(f"127.0.0.1:{server.port}").learned.level = 0
    try:
        if case.error:
            kinds = ERRORS.get(case.error, (PostelError,))
            with pytest.raises(kinds):
                play(case, server, folder)
            return
        got = play(case, server, folder)
    finally:
        server.close()
    if case.upload is not None:
        sent = server.sent_up + list(server.stored.values())
        assert case.upload in sent, (case.upload[:80], [data[:80] for data in sent])
    elif "-T" not in case.arguments:
        assert same(case, got), (case.wanted, got)


KNOWN: dict[str, str] = {}
"""Cases that fail today, each with the reason."""

PASSING = {"ftp": 54, "pop3": 15}
"""How many cases have a counterpart, and pass; SCORES.md says what became of the others."""


def marked(family: str) -> list[Any]:
    found = cases(family)
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(
            f"corpus transcripts/curl/{family} is absent (set POSTEL_CORPORA)"))]
    return [pytest.param(path, id=path.name, marks=[pytest.mark.xfail(
        reason=KNOWN[path.name], strict=True)] if path.name in KNOWN else [])
        for path in found]


@pytest.mark.parametrize("path", marked("ftp"))
def test_ftp(path: Path, tmp_path: Path) -> None:
    check(path, play_ftp, tmp_path)


@pytest.mark.parametrize("path", marked("pop3"))
def test_pop3(path: Path, tmp_path: Path) -> None:
    check(path, play_pop3, tmp_path)


@pytest.mark.parametrize("family", ["ftp", "pop3"])
def test_the_score(family: str) -> None:
    """As many cases have a counterpart as the score says; those tests pass or fail above."""
    found = cases(family)
    if not found:
        pytest.skip(f"corpus transcripts/curl/{family} is absent (set POSTEL_CORPORA)")
    played = [path for path in found if absent(curlcase.read(path)) is None]
    scores = (Path(__file__).parent / "SCORES.md").read_text("utf-8")
    assert len(played) - sum(path.name in KNOWN for path in played) == PASSING[family]
    assert f"| {family} | {len(found)} | {PASSING[family]} | 0 |" in scores
