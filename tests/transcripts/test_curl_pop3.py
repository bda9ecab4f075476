"""curl's POP3 cases that its options alone do not tell: each with a call of its own.

As test_curl_ftp.py: what test_curl.py leaves aside and this client can do all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import curlcase
import pytest
import test_curl
from curlcase import Case, Score
from curlserver import CurlServer

from postel import pop3
from postel.errors import NotSupported

Play = Callable[[Case, CurlServer], bytes | None]


def box(server: CurlServer, **options: Any) -> pop3.Client:
    """A client of the server, not yet connected."""
    settings = {"security": "plain", "timeout": 2.0, **options}
    return pop3.Client(f"pop3://127.0.0.1:{server.port}/", **settings)


def entered(server: CurlServer) -> pop3.Client:
    return box(server, user="user", password="secret")


def deleted(case: Case, server: CurlServer) -> None:
    with entered(server) as mailbox:
        mailbox.dele(int(case.number))
    assert f"DELE {case.number}" in server.heard
    assert server.heard[-1] == "QUIT"


def kept_alive(case: Case, server: CurlServer) -> None:
    with entered(server) as mailbox:
        mailbox.noop()
    assert "NOOP" in server.heard


def at_once(case: Case, server: CurlServer, mechanism: str, **options: Any) -> bytes:
    """The first response goes with AUTH (RFC 5034), byte for byte what curl sends after it.

    The script's "REPLY AUTH +" asks for that response; here it has come, so it is answered.
    """
    server.replies.pop("AUTH", None)
    with box(server, auth=mechanism, **options) as mailbox:
        got = mailbox.retr(int(case.number))
    after = case.asked.index(f"AUTH {mechanism}") if f"AUTH {mechanism}" in case.asked else -1
    response = (case.asked[after + 1] if after >= 0 else "=") or "="
    assert f"AUTH {mechanism} {response}" in server.heard
    return got


def with_token(case: Case, server: CurlServer) -> bytes:
    return at_once(case, server, "XOAUTH2", user="user", password="mF_9.B5f-4.1JqM")


def by_certificate(case: Case, server: CurlServer) -> bytes:
    """The URL names an empty user: with none at all, no log-in would be tried."""
    return at_once(case, server, "EXTERNAL", user="")


def upgraded(case: Case, server: CurlServer) -> None:
    """STLS is refused, with answers to what was not asked behind it: nothing of them counts."""
    try:
        with box(server, security="starttls", user="user", password="secret"):
            pass
    finally:
        assert not [line for line in server.heard if line.startswith(("USER", "PASS", "AUTH"))]


PLAYS: dict[str, Play] = {
    "test858": deleted, "test860": kept_alive, "test870": with_token,
    "test884": by_certificate, "test886": by_certificate, "test982": upgraded,
}

REASONS = {"test480": "a netrc that cannot be read is the command's own matter"}


def left_aside() -> list[Any]:
    """The cases that test_curl.py does not play."""
    paths = test_curl.cases("pop3")
    if not paths:
        return [pytest.param(None, marks=pytest.mark.skip(
            "corpus transcripts/curl/pop3 is absent (set POSTEL_CORPORA)"))]
    return [pytest.param(path, id=path.name) for path in paths
            if test_curl.absent(curlcase.read(path)) is not None]


@pytest.fixture(scope="module", autouse=True)
def _score(request: pytest.FixtureRequest) -> None:
    Score.announce(request.config)


@pytest.mark.parametrize("path", left_aside())
def test_pop3(path: Path) -> None:
    case = curlcase.read(path)
    if case.name not in PLAYS:
        reason = REASONS.get(case.name) or test_curl.absent(case)
        pytest.skip(f"no counterpart: {reason}")
    server = CurlServer(case)
    try:
        if case.name == "test982":
            with pytest.raises((NotSupported, *test_curl.ERRORS[8])):
                PLAYS[case.name](case, server)
            return
        got = PLAYS[case.name](case, server)
    finally:
        server.close()
    if got is not None:
        assert test_curl.same(case, got), (case.wanted, got)


def test_the_score() -> None:
    """What SCORES.md says; and that number never falls."""
    paths = test_curl.cases("pop3")
    if not paths:
        pytest.skip("corpus transcripts/curl/pop3 is absent (set POSTEL_CORPORA)")
    passing = test_curl.PASSING["pop3"] + len(PLAYS)
    scores = (Path(__file__).parent / "SCORES.md").read_text("utf-8")
    assert f"| POP3 | {len(paths)} | {passing} | 0 |" in scores
    assert not PLAYS.keys() - {path.name for path in paths}
