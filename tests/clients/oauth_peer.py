"""A small OAuth server that behaves, and a script of answers that do not."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs, urlsplit

from postel.mail.oauth import challenge_of
from postel.mail.providers import Authority

HOME = "https://oauth.lab.test"
AUTHORITY = Authority("lab", f"{HOME}/authorize", f"{HOME}/token", f"{HOME}/device",
                      ("https://mail.lab.test/",))


class OAuthPeer:
    """A WSGI application: gives tokens to those who do everything right, once for each code."""

    def __init__(self) -> None:
        self.script: deque[tuple[int, bytes]] = deque()
        self.forms: list[dict[str, str]] = []
        self.waits = 0
        self.number = 0
        self.refresh = ""
        self.challenges: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.forms.append(form)
        if self.script:
            status, data = self.script.popleft()
        else:
            status, record = self.answer(environ["PATH_INFO"], form)
            data = json.dumps(record).encode()
        start(f"{status} X", [("Content-Type", "application/json")])
        return [data]

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/device":
            return 200, {"device_code": "dev-secret", "user_code": "WDJB-MJHT", "interval": 0,
                         "verification_uri": f"{HOME}/enter", "expires_in": 60}
        grant = form.get("grant_type", "")
        if grant.endswith("device_code") and form.get("device_code") == "dev-secret":
            self.waits -= 1
            return (400, {"error": "authorization_pending"}) if self.waits >= 0 else self.give()
        if grant == "authorization_code":
            challenge = self.challenges.pop(form.get("code", ""), None)
            if challenge is not None and challenge == challenge_of(form["code_verifier"]):
                return self.give()
        if grant == "refresh_token" and self.refresh and form.get("refresh_token") == self.refresh:
            return self.give()
        return 400, {"error": "invalid_grant", "error_description": "no\x1b[2J such code"}

    def give(self) -> tuple[int, dict[str, Any]]:
        self.number += 1
        self.refresh = f"refresh-{self.number}"  # rotated: the one before is worth nothing
        return 200, {"access_token": f"access-{self.number}", "token_type": "Bearer",
                     "expires_in": 3600, "refresh_token": self.refresh,
                     "scope": "https://mail.lab.test/"}

    def code_for(self, url: str) -> str:
        """The code that a yes to the page at *url* makes."""
        query = parse_qs(urlsplit(url).query)
        assert query["code_challenge_method"] == ["S256"]
        code = f"code-{len(self.challenges) + 1}"
        self.challenges[code] = query["code_challenge"][0]
        return code


def browse(url: str, *requests: str, answers: list[bytes] | None = None) -> threading.Thread:
    """A browser that sends *requests*, each on a connection of its own, to where *url* says."""
    query = parse_qs(urlsplit(url).query)
    port = urlsplit(query["redirect_uri"][0]).port
    assert port is not None

    def run() -> None:
        with ExitStack() as silent:  # opened ahead, as browsers do, and never used
            for request in requests:
                sock = socket.create_connection(("127.0.0.1", port), timeout=10)
                silent.enter_context(sock)
                sock.sendall(request.format(state=query["state"][0]).encode())
                data = b""
                while request and (more := sock.recv(4096)):
                    data += more
                if answers is not None:
                    answers.append(data)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
