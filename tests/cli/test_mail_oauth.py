"""An account that logs in by OAuth, from the provider's yes to a list of mail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from click.testing import Result

from postel import lab

HOME = "https://login.lab.test"
ACCOUNTS = f"""
[accounts.alice]
address = "alice@lab.test"
imap = "imaps://alice@imap.lab.test/"
smtp = "smtps://alice@submission.lab.test/"
[accounts.alice.oauth]
provider = "lab"
client_id = "postel-test"
authorize = "{HOME}/authorize"
token = "{HOME}/token"
device = "{HOME}/device"
"""
ANSWERS = {
    "/device": {"device_code": "dev", "user_code": "WDJB-\x1b[2J", "interval": 0,
                "verification_uri": f"{HOME}/enter", "expires_in": 60},
    # in the lab a user's token is the password
    "/token": {"access_token": "secret", "token_type": "Bearer", "refresh_token": "again",
               "expires_in": 3600},
}


def app(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(ANSWERS[environ["PATH_INFO"]]).encode()]


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("http", "imap", "submission") as started:
        started.also_known_as("login.lab.test", "http")
        started.http.mount(app, "/")
        started.imap.mailbox("alice").append("INBOX", b"Subject: by token\r\n\r\nx\r\n")
        yield started


@pytest.fixture
def mail(running: lab.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
         postel: Callable[..., Result]) -> Callable[..., str]:
    from postel.errors import NotSupported

    def no_keyring() -> None:
        raise NotSupported("the keyring: none in tests")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("POSTEL_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("POSTEL_PASSWORD", raising=False)
    monkeypatch.setenv("POSTEL_PASSPHRASE", "open sesame")
    monkeypatch.setattr("postel.mail.keys.Keyring", no_keyring)
    monkeypatch.setattr("postel.mail.keys._COST", 16)
    monkeypatch.setattr("postel.mail.oauth_sync.OAuth.__init__.__kwdefaults__",
                        {"tls": None, "timeout": 10.0, "least": 0.01}, raising=True)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "accounts.toml").write_text(ACCOUNTS)
    return lambda *words, **more: postel("mail", *words, **more).output


def test_a_code_for_another_device(mail: Callable[..., str], tmp_path: Path) -> None:
    assert "there is no token for it" in mail("list", "alice", code=4)
    out = mail("accounts", "login", "alice", "--device")
    assert f"Open {HOME}/enter on any device, and enter WDJB-\\x1b[2J" in out
    assert "imaps://alice@imap.lab.test/: logged in" in out
    assert "by token" in mail("list", "alice")
    assert "logged in" in mail("accounts", "test", "alice")
    assert "(oauth)" in mail("accounts", "list")
    assert b"secret" not in (tmp_path / "config" / "keys").read_bytes()
    assert "1 keys forgotten" in mail("accounts", "remove", "alice")


def test_a_server_that_takes_only_the_other_mechanism(
    mail: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "config" / "accounts.toml"
    file.write_text(f'{ACCOUNTS}mechanism = "OAUTHBEARER"\n')
    mail("accounts", "login", "alice", "--device")
    out = mail("list", "alice", "-v", "--trace", "said")
    assert "by token" in out
    assert "OAUTHBEARER ***" in Path("said").read_text()


def test_the_browser(mail: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    def browser(url: str) -> bool:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        back = f"{asked['redirect_uri']}?code=abc&state={asked['state']}"
        threading.Thread(target=lambda: urlopen(back, timeout=10).close()).start()
        return True

    monkeypatch.setattr("webbrowser.open", browser)
    out = mail("accounts", "login", "alice")
    assert f"Say yes in your browser:\n  {HOME}/authorize?response_type=code" in out
    assert "by token" in mail("list", "alice")
