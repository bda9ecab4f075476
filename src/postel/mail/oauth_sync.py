# GENERATED from oauth_async.py by tools/unasync.py: edit that file, not this one.
"""Three ways to tokens: a code shown for another device, a browser on this machine, a refresh.

The browser's way (RFC 8252) waits at a port of this machine for the answer. Whoever else knocks
there, a page in the browser that guesses ports or a program, is turned away: only an answer with
our own state counts, and a stolen code is worthless without the verifier (PKCE, RFC 7636). The
device's way (RFC 8628) needs no browser here.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import (
    AuthenticationError,
    NetworkError,
    NotSupported,
    PostelError,
    TimedOut,
)
from ..http.client_sync import Client as Web
from ..http.types import Response
from ..timing import Deadline
from ..transport.clock_sync import now, sleep, today
from ..transport.entropy import token
from ..transport.passive_sync import Listener
from ..transport.stream_sync import Stream
from ..transport.tls import TLSOptions
from .oauth import (
    LARGEST,
    App,
    DeviceCode,
    Tokens,
    authorization_url,
    challenge_of,
    parse_device,
    parse_redirect,
    parse_tokens,
    pending,
)

__all__ = ["OAuth"]

LONGEST_REQUEST = 16_384
"""Bytes of what a browser says."""

_MOST_CALLERS = 200
_PATIENCE = 1.0  # browsers open connections ahead and say nothing on them
_PAGE = ("<!doctype html><html lang=en><meta charset=utf-8><title>Postel</title>"
         "<p style='font:1.2em sans-serif;margin:3em'>{}</p></html>")


class OAuth:
    """Log-ins with one provider.

    Args:
        app: who asks, and whom.
        tls: whom to trust; None trusts whom the system trusts.
        timeout: seconds for each question.
        least: seconds between two questions about a device code, at least.

    Example:
        >>> from postel.mail.oauth import App
        >>> from postel.mail.providers import authority_of
        >>> oauth = OAuth(App(authority_of("google"), "1234.apps.example"))
        >>> oauth.app.scope
        'https://mail.google.com/'
    """

    def __init__(self, app: App, *, tls: TLSOptions | None = None, timeout: float = 30.0,
                 least: float = 1.0) -> None:
        self.app, self.tls, self.timeout, self.least = app, tls, timeout, least

    # -- a device ------------------------------------------------------------------------------

    def device(self, show: Callable[[DeviceCode], object]) -> Tokens:
        """Log in by another device (RFC 8628): the person types a code there.

        Args:
            show: told the code and the page.

        Raises:
            NotSupported: the provider has no such way for mail.
            AuthenticationError: somebody said no, or the code was not entered in time.
        """
        authority = self.app.authority
        if not authority.device:
            raise NotSupported(f"log in by a device code: {authority.name} has none for mail",
                               hint="log in by the browser of this machine")
        form = self.app.form(scope=self.app.scope)
        answer = self._post(authority.device, form)
        code = parse_device(answer.status, answer.content, now=today())
        show(code)
        interval = max(code.interval, self.least)
        form = self.app.form(grant_type="urn:ietf:params:oauth:grant-type:device_code",
                             device_code=code.code.reveal())
        while today() < code.expires:
            sleep(interval)
            try:
                answer = self._post(authority.token, form)
            except NetworkError:
                interval = min(interval * 2, 60.0)  # RFC 8628 section 3.5
                continue
            slower = pending(answer.status, answer.content)
            if slower is None:
                return self._tokens(answer)
            interval += slower
        raise AuthenticationError("log in by a device code: it was not entered in time",
                                  hint="begin again")

    # -- the browser of this machine -----------------------------------------------------------

    def loopback(self, visit: Callable[[str], object], *, address: str = "",
                       patience: float = 300.0) -> Tokens:
        """Log in by a browser (RFC 8252): it is sent back to a port of this machine.

        Args:
            visit: told the page to open.
            address: whose mail it is about.
            patience: seconds that the person may take.

        Raises:
            AuthenticationError: somebody said no.
            TimedOut: nobody said anything.
        """
        state, verifier = token() + token(), token() + token()
        listener = Listener("127.0.0.1", "log in by a browser", "127.0.0.1")
        try:
            redirect = f"http://{self.app.authority.loopback}:{listener.port}/"
            visit(authorization_url(self.app, redirect=redirect, state=state, address=address,
                                    challenge=challenge_of(verifier)))
            deadline = Deadline.after(patience, now=now())
            code = self._answer(listener, state, deadline)
        finally:
            listener.close()
        form = self.app.form(grant_type="authorization_code", code=code, redirect_uri=redirect,
                             code_verifier=verifier)
        return self._tokens(self._post(self.app.authority.token, form))

    def _answer(self, listener: Listener, state: str, deadline: Deadline) -> str:
        """The code that the browser brings; others are turned away."""
        for _ in range(_MOST_CALLERS):
            try:
                stream = listener.accept(deadline)
            except TimedOut:
                break
            with stream:
                stream.deadline = Deadline.after(_PATIENCE, now=now()).sooner(deadline)
                try:
                    code = self._serve(stream, state)
                except NetworkError:
                    continue  # opened ahead, or gone
            if code:
                return code
        raise TimedOut("log in by a browser: it did not come back in time",
                       hint="does the page show an error? On a machine without a browser, log in "
                            "by a device code")

    def _serve(self, stream: Stream, state: str) -> str:
        """One request; the code, or "" where it was not our answer."""
        request = b""
        while b"\r\n\r\n" not in request and len(request) < LONGEST_REQUEST:
            data = stream.receive()
            if not data:
                break
            request += data
        words = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        target = words[1] if len(words) == 3 and words[0] == "GET" else ""
        path, _, query = target.partition("?")
        code = None
        if path == "/" and query:
            try:
                code = parse_redirect(query, state)
            except AuthenticationError:
                _reply(stream, "200 OK", "The log-in was refused. You may close this page.")
                raise
        if code is None:
            _reply(stream, "404 Not Found", "There is nothing here.")
            return ""
        _reply(stream, "200 OK", "You are logged in. You may close this page.")
        return code.reveal()

    # -- refresh -------------------------------------------------------------------------------

    def refresh(self, tokens: Tokens) -> Tokens:
        """Fresh tokens for old ones; the old refresh token may be worth nothing afterwards.

        Args:
            tokens: what there was.

        Raises:
            AuthenticationError: the permission has ended: log in again.
        """
        if tokens.refresh is None:
            raise AuthenticationError("refresh the token: the provider gave nothing to do it with",
                                      hint="log in again: postel mail accounts login")
        form = self.app.form(grant_type="refresh_token", refresh_token=tokens.refresh.reveal())
        answer = self._post(self.app.authority.token, form)
        return self._tokens(answer, tokens)

    def _tokens(self, answer: Response, before: Tokens | None = None) -> Tokens:
        return parse_tokens(answer.status, answer.content, now=today(), app=self.app,
                            before=before)

    def _post(self, url: str, form: dict[str, str]) -> Response:
        """Ask the provider; nowhere else, whatever it says (no redirects), and by TLS alone."""
        with Web(tls=self.tls, security="tls", timeout=self.timeout, retries=0,
                            follow=False, largest=LARGEST, netrc=False) as web:
            try:
                return web.post(url, data=form, headers={"Accept": "application/json"})
            except PostelError as error:
                error.url = error.url or url
                raise


def _reply(stream: Stream, status: str, text: str) -> None:
    page = _PAGE.format(text).encode()
    stream.send(f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
                      f"Content-Length: {len(page)}\r\nCache-Control: no-store\r\n"
                      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                      "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n".encode() + page)
