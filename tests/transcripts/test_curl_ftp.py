"""curl's FTP cases that its options alone do not tell: each with a call of its own.

test_curl.py reads the command line; what it leaves aside is C programs, files written here,
quoted commands, FTPS, IPv6, proxies. Where this client has the same feature, the call is below,
on the same scripted server: what came, what was stored and the class of error must be curl's.
What is left has no counterpart, for the reason that SCORES.md counts.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import curlcase
import pytest
import test_curl
import trustme
from curlcase import Case, Score
from curlserver import ConnectProxy, CurlServer

from postel import ftp
from postel.errors import (
    AuthenticationError,
    ConnectionLost,
    NotFound,
    NotSupported,
    ProtocolError,
    ReplyError,
    UsageError,
)
from postel.transport.tls import TLSOptions
from postel.urls import ftp_path, parse

pytestmark = pytest.mark.slow

Play = Callable[["Stage"], bytes | None]


class Stage:
    """A case with its server, and a folder for files."""

    def __init__(self, case: Case, server: CurlServer, folder: Path) -> None:
        self.case, self.server, self.folder = case, server, folder

    @property
    def path(self) -> str:
        """The path that the command line's last FTP URL names."""
        urls = [word for word in self.case.arguments if word.startswith(("ftp:", "ftps:"))]
        return ftp_path(parse(re.sub(r"://[^/]*", "://ftp.example.org", urls[-1])))[0]

    @property
    def uploaded(self) -> bytes:
        """The file that the case would have sent."""
        return next(iter(self.case.files.values()))

    def site(self, **options: Any) -> ftp.Client:
        """A client of the server, not yet connected."""
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        scheme = "ftps" if self.server.tls else "ftp"
        settings = {"security": "tls" if self.server.tls else "plain", "timeout": 2.0,
                    "tls": TLSOptions(verify=False) if self.server.tls else None, **options}
        site = ftp.Client(f"{scheme}://{host}:{self.server.port}/", **settings)
        site.learned.level = 0
        return site

    def verbs(self) -> list[str]:
        """What the server heard, verbs alone."""
        return [line.partition(" ")[0] for line in self.server.heard]


def read(site: ftp.Client, path: str, **options: Any) -> bytes:
    with site.retr(path, **options) as file:
        return b"".join(file)


def rows(site: ftp.Client, path: str = "") -> bytes:
    return b"".join(f"{entry.raw}\n".encode("latin-1") for entry in site.list(path))


# -- reading -------------------------------------------------------------------------------


def fetched(stage: Stage) -> bytes:
    """A file written here, under its name."""
    with stage.site() as site:
        site.download(stage.path, stage.folder / "got")
    got = (stage.folder / "got").read_bytes()
    assert got == stage.case.data
    return got


def dated(stage: Stage) -> bytes:
    """The same, and its time is the server's."""
    got = fetched(stage)
    stamp = (stage.case.mdtm or "").split()[-1]
    when = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    assert (stage.folder / "got").stat().st_mtime == when.timestamp()
    return got


def described(stage: Stage) -> None:
    """The size, and the time where there is one, without the file."""
    with stage.site() as site:
        entry = site.stat(stage.path)
    assert entry.size == int(stage.case.size or len(stage.case.data or b""))
    if stage.case.mdtm:
        assert entry.modified == datetime(2008, 7, 26, 10, 26, 59, tzinfo=UTC)
    assert "RETR" not in stage.verbs()


def entered(stage: Stage) -> None:
    """A folder that is only gone to."""
    with stage.site() as site:
        site.cwd(stage.path)
    assert {"LIST", "NLST", "MLSD"}.isdisjoint(stage.verbs())


def listed(stage: Stage) -> bytes:
    with stage.site() as site:
        return rows(site)


def listed_active(stage: Stage) -> bytes:
    site = stage.site()
    site.active = True
    with site:
        return rows(site)


def listed_from(stage: Stage) -> bytes:
    """From an address of this machine, chosen."""
    with stage.site(source_address="::1") as site:
        return rows(site)


def by_line(stage: Stage) -> bytes:
    """As the command line says, after all."""
    return test_curl.play_ftp(stage.case, stage.server, stage.folder)


def four_bytes(stage: Stage) -> None:
    """Bytes 3 to 6: begun there, left early. This server heeds REST; curl's sends all."""
    with stage.site() as site, site.retr(stage.path, offset=3) as file:
        got = b""
        for chunk in file:
            got += chunk
            if len(got) >= 4:
                break
    assert got[:4] == (stage.case.data or b"")[3:7]
    assert "REST 3" in stage.server.heard


def four_times(stage: Stage) -> bytes:
    with stage.site() as site:
        got = b"".join(read(site, stage.path) for _ in range(4))
    assert stage.verbs().count("USER") == 1
    return got


def after_a_miss(stage: Stage) -> bytes:
    """The connection lives on after a file that is not there."""
    with stage.site() as site:
        with pytest.raises(NotFound):
            read(site, stage.path)
        got = read(site, stage.path)
    assert stage.verbs().count("USER") == 1
    assert got == stage.case.data
    return got


def missed(stage: Stage) -> None:
    with stage.site() as site, pytest.raises(NotFound):
        read(site, stage.path)


def names_then_file(stage: Stage) -> bytes:
    with stage.site() as site:
        names = "".join(f"{name}\n" for name in site.nlst(stage.path)).encode("latin-1")
        got = read(site, stage.path)
    assert names == got == stage.case.data
    return got


def with_time(stage: Stage) -> bytes:
    with stage.site() as site:
        assert site.mdtm(stage.path) == datetime(2003, 4, 5, 6, 7, 8, tzinfo=UTC)
        return read(site, stage.path)


def by_port(stage: Stage) -> bytes:
    """A port beside the URL's beats it."""
    site = ftp.Client(f"ftp://127.0.0.1:23456/{stage.path}", port=stage.server.port,
                      security="plain", timeout=2.0)
    with site:
        return read(site, stage.path, text=True)


# -- writing, and commands -----------------------------------------------------------------


def stored_active(stage: Stage) -> None:
    site = stage.site()
    site.active = True
    with site, site.stor(stage.path) as sink:
        sink.send(stage.uploaded)


def upload_needs_a_name(stage: Stage) -> None:
    with stage.site() as site:
        site.upload(BytesIO(b""), "path/to/")


def quoted(stage: Stage) -> bytes:
    """Commands before and after a listing; one may fail."""
    with stage.site() as site:
        site.quote("NOOP 1")
        assert site.quote("FAIL").code == 500
        site.cwd("path")
        got = rows(site)
        site.quote("NOOP 3")
    said = [line for line in stage.server.heard if line.startswith(("NOOP ", "FAIL"))]
    assert said == ["NOOP 1", "FAIL", "NOOP 3"]
    return got


def deleted_after(stage: Stage) -> bytes:
    with stage.site() as site:
        got = read(site, stage.path)
        site.dele("file")
    assert "DELE file" in stage.server.heard
    return got


# -- refusals ------------------------------------------------------------------------------


def gone_to(stage: Stage) -> None:
    folder = stage.path.rpartition("/")[0]
    with stage.site(timeout=0.4) as site:
        site.cwd(folder)


def asked_where(stage: Stage) -> None:
    with stage.site() as site:
        site.pwd()


def asked_what(stage: Stage) -> None:
    with stage.site() as site:
        site.stat(stage.path)


def logged_in(stage: Stage) -> None:
    with stage.site():
        pass


def logged_in_twice(stage: Stage) -> None:
    with pytest.raises(AuthenticationError):
        logged_in(stage)
    logged_in(stage)


def secured(stage: Stage) -> None:
    """TLS is demanded, and the server has none: no name is sent."""
    try:
        with stage.site(security="starttls", user="user", password="secret"):
            pass
    finally:
        assert {"USER", "PASS"}.isdisjoint(stage.verbs())


def name_of_two_lines(stage: Stage) -> None:
    try:
        with stage.site(user="anonymous\r\nSTOR: /2114", password="x"):
            pass
    finally:
        assert stage.server.heard == []


def bad_authority(stage: Stage) -> None:
    path = stage.folder / "authority"
    path.write_bytes(stage.uploaded)
    with stage.site(tls=TLSOptions(ca=path)):
        pass


# -- by way of a proxy ---------------------------------------------------------------------


def proxied(kind: str, host: str, then: Callable[[ftp.Client, str], bytes]) -> Play:
    def play(stage: Stage) -> None:
        """What comes is compared here: curl's own output has the proxy's answer in it."""
        with ConnectProxy(stage.server.port, host) as proxy:
            site = ftp.Client(f"ftp://{host}:{stage.server.port}/", security="plain",
                              timeout=2.0, proxy=f"{kind}://127.0.0.1:{proxy.port}")
            with site:
                got = then(site, stage.path)
        assert len(proxy.asked) == 2  # the dialogue, and the data
        assert test_curl.same(replace(stage.case, wanted=stage.case.data), got)

    return play


def _rows(site: ftp.Client, path: str) -> bytes:
    return rows(site)


PLAYS: dict[str, Play] = {
    **{f"test{number}": fetched for number in (
        1350, 1352, 1354, 1358, 1360, 1362, 1380, 1382, 1384, 1388, 1390, 1392, 1684)},
    "test1444": dated,
    "test104": described, "test542": described, "test1044": described, "test1000": entered,
    "test120": deleted_after, "test754": quoted, "test336": four_bytes,
    "test252": listed, "test254": listed, "test1048": listed_from, "test1050": listed_active,
    "test400": listed, "test406": listed_active, "test408": stored_active,
    "test404": bad_authority, "test402": secured, "test986": secured,
    "test1224": by_line, "test1226": by_line,
    "test520": with_time, "test524": upload_needs_a_name, "test526": four_times,
    "test532": four_times, "test534": missed, "test538": logged_in, "test546": after_a_miss,
    "test562": by_port, "test588": stored_active, "test592": stored_active,
    "test594": stored_active, "test1570": names_then_file, "test1914": asked_what,
    "test148": gone_to, "test190": gone_to, "test1120": gone_to, "test196": logged_in_twice,
    "test1152": asked_where, "test3218": asked_where, "test2114": name_of_two_lines,
    "test712": proxied("socks5", "127.0.0.1", read),
    # curl's names for these two end in a number, which the URL parser here refuses
    "test714": proxied("http", "ftp.example.org", read),
    "test1316": proxied("http", "ftp.example.org", _rows),
}

ERRORS: dict[str, tuple[type[BaseException], ...]] = {
    "test404": (UsageError,),  # 77, 60: the file of authorities is no such thing
    "test402": (NotSupported,), "test986": (NotSupported,),  # 64: TLS was demanded
    "test1120": (ConnectionLost,),  # 28: 421 to a command
    "test538": (AuthenticationError,),  # 41 is the C program's own number
    "test1152": (ProtocolError,), "test3218": (ProtocolError,),  # 8: no path in the answer
    "test592": (ReplyError, ConnectionLost),  # 10: it says that it cannot reach us
    "test2114": (UsageError,),  # 43
}

KNOWN: dict[str, str] = {}
"""Cases that fail today, each with the reason."""

# Why the others have no counterpart, where test_curl.py's own reason is too coarse.
REASONS = {
    "test130": "logins from a netrc are the command's; it takes passwords alone from there",
    "test586": "hooks on the opening and closing of sockets",
    "test766": "hooks on the opening and closing of sockets",
    "test596": "a report of the addresses in use",
    "test564": "SOCKS4 is not spoken", "test706": "SOCKS4 is not spoken",
    "test574": "wildcards in URLs", "test576": "wildcards in URLs",
    "test1114": "wildcards in URLs", "test1162": "wildcards in URLs",
    "test390": "one call for several protocols", "test1028": "redirects from HTTP",
    "test2000": "one call for several protocols", "test2002": "one call for several protocols",
    "test1112": "a limit for a whole transfer", "test1632": "a connection reused behind a proxy",
    "test2116": "a vendor's way to log in",
    **dict.fromkeys(("test132", "test134", "test380", "test494", "test792"),
                    "logins from a netrc are the command's; it takes passwords alone from there"),
}


def left_aside() -> list[Any]:
    """The cases that test_curl.py does not play."""
    paths = test_curl.cases("ftp")
    if not paths:
        return [pytest.param(None, marks=pytest.mark.skip(
            "corpus transcripts/curl/ftp is absent (set POSTEL_CORPORA)"))]
    return [pytest.param(path, id=path.name, marks=[pytest.mark.xfail(
        reason=KNOWN[path.name], strict=True)] if path.name in KNOWN else [])
        for path in paths if test_curl.absent(curlcase.read(path)) is not None]


@pytest.fixture(scope="module")
def authority() -> ssl.SSLContext:
    """A server's context, with a certificate of nobody's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module", autouse=True)
def _score(request: pytest.FixtureRequest) -> None:
    Score.announce(request.config)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("path", left_aside())
def test_ftp(path: Path, tmp_path: Path, authority: ssl.SSLContext) -> None:
    case = curlcase.read(path)
    if case.name not in PLAYS:
        reason = REASONS.get(case.name) or test_curl.absent(case)
        pytest.skip(f"no counterpart: {reason}")
    six = case.servers == ["ftp-ipv6"]
    if six and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    server = CurlServer(case, host="::1" if six else "127.0.0.1",
                        tls=authority if "ftps" in case.servers else None)
    for verb in server.delays:
        server.delays[verb] = 1.0  # longer than the client waits
    try:
        judge(Stage(case, server, tmp_path), PLAYS[case.name])
    finally:
        server.close()


def judge(stage: Stage, play: Play) -> None:
    """Play; compare the error's class, what was stored, what came."""
    case = stage.case
    if case.error:
        with pytest.raises(ERRORS.get(case.name) or test_curl.ERRORS[case.error]):
            play(stage)
        return
    got = play(stage)
    if case.upload is not None:
        assert case.upload in list(stage.server.stored.values())
    elif got is not None:
        assert test_curl.same(case, got), (case.wanted, got)


def test_the_score() -> None:
    """What SCORES.md says; and that number never falls."""
    paths = test_curl.cases("ftp")
    if not paths:
        pytest.skip("corpus transcripts/curl/ftp is absent (set POSTEL_CORPORA)")
    passing = test_curl.PASSING["ftp"] + len(PLAYS) - len(KNOWN)
    scores = (Path(__file__).parent / "SCORES.md").read_text("utf-8")
    row = f"| FTP | {len(paths)} | {passing} | {len(KNOWN)} |"
    assert row in scores
    assert not PLAYS.keys() - {path.name for path in paths}
