# GENERATED from credentials_async.py by tools/unasync.py: edit that file, not this one.
"""From an account to the keywords of a client: user, password or token, whom to trust, the way.

A password comes from the account's command, or from the keys, where it is kept by the server's
host. Tokens are kept by who gave them, with the hosts that they were given for: no change of the
account file takes them elsewhere. They are refreshed when they are about to end, and written down
before they are used, since providers take the old ones back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..errors import AuthenticationError, ProtocolError, UsageError
from ..secrets import Secret
from ..transport import disk_sync as disk
from ..transport.clock_sync import today
from ..transport.tls import TLSOptions
from ..urls import URL
from .accounts import Account
from .commands import told_by
from .keys import Keys
from .oauth import DeviceCode, Tokens
from .oauth_sync import OAuth

__all__ = ["Credentials"]


class Credentials:
    """What one account logs in with.

    Args:
        account: whose.
        keys: makes the place of the keys; it is asked when it is needed.
        ask: asked for a password that is nowhere, with the server's URL; None: nobody is.
        tls: whom to trust, instead of the account's own choice.
        timeout: seconds for each question about tokens.

    Example:
        >>> from postel.mail.accounts import parse_accounts
        >>> accounts = parse_accounts('''[accounts.ann]
        ... address = "ann@example.org"
        ... imap = "imaps://mail.example.org/"
        ... password_command = ["printf", "hunter2"]
        ... ''')
        >>> ann = Credentials(accounts["ann"])
        >>> (ann.settings(accounts["ann"].imap))["password"]
        Secret(***)
    """

    def __init__(
        self, account: Account, keys: Callable[[], Keys] | None = None, *,
        ask: Callable[[URL], Secret] | None = None, tls: TLSOptions | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.account, self._ask, self._timeout = account, ask, timeout
        self._make_keys = keys
        self._keys: Keys | None = None
        self.tls = tls or (TLSOptions(ca=account.ca) if account.ca else None)
        self._known: dict[str, Secret] = {}

    @property
    def keys(self) -> Keys:
        """Where they are kept.

        Raises:
            UsageError: there is no such place.
        """
        if self._keys is None:
            if self._make_keys is None:
                raise UsageError("the keys: this program was not told where they are",
                                 hint="keys=open_keys")
            self._keys = self._make_keys()
        return self._keys

    def settings(self, url: URL) -> dict[str, Any]:
        """The keywords of a client for *url*, with what it logs in with.

        Raises:
            AuthenticationError: there is no password to be had, or the permission has ended.
        """
        found: dict[str, Any] = {"password": self.secret(url)}
        if self.account.oauth is not None:
            found["auth"] = self.account.oauth.mechanism
        if self.tls is not None:
            found["tls"] = self.tls
        if self.account.proxy:
            found["proxy"] = self.account.proxy
        if self.account.timeout is not None:
            found["timeout"] = self.account.timeout
        return found

    def secret(self, url: URL) -> Secret:
        """The password, or the access token, for one of the account's servers."""
        if self.account.oauth is not None:
            return (self.tokens(url)).access
        if url.host not in self._known:
            self._known[url.host] = self._password(url)
        return self._known[url.host]

    def _password(self, url: URL) -> Secret:
        if self.account.password_command is not None:
            return disk.call(told_by, self.account.password_command)
        if self._make_keys is not None:
            found = disk.call(self._kept, url)
            if found is not None:
                return found
        if self._ask is not None:
            return self._ask(url)
        raise AuthenticationError(
            f"log in to {url.host} as {url.user}: there is no password for it",
            hint=f"keep it: postel mail accounts login {self.account.name}")

    def _kept(self, url: URL) -> Secret | None:
        return self.keys.get(url.host, url.user or self.account.address)

    def keep(self, url: URL, password: Secret) -> None:
        """Keep a password for one of the account's servers."""
        disk.call(lambda: self.keys.put(url.host, url.user or self.account.address, password))
        self._known[url.host] = password

    def assume(self, url: URL, password: Secret) -> None:
        """Use this password for one of the account's servers, whatever is kept."""
        self._known[url.host] = password

    def forget(self) -> int:
        """Forget the account's passwords and tokens; how many there were."""
        return disk.call(self._forget)

    def _forget(self) -> int:
        account, count = self.account, 0
        for url in (account.imap, account.pop3, account.smtp):
            if url is not None:
                count += self.keys.remove(url.host, url.user or account.address)
        if account.oauth is not None:
            count += self.keys.remove(f"oauth:{account.oauth.provider}", account.address)
        return count

    # -- tokens --------------------------------------------------------------------------------

    def log_in(self, *, visit: Callable[[str], object] | None = None,
                     show: Callable[[DeviceCode], object] | None = None,
                     patience: float = 300.0) -> Tokens:
        """Let the person log in with the provider, and keep the tokens.

        Args:
            visit: told the page to open in the browser of this machine.
            show: told the code for another device; one of the two.
            patience: seconds that the person may take with the browser.
        """
        oauth = self._oauth()
        if show is not None:
            tokens = oauth.device(show)
        elif visit is not None:
            tokens = oauth.loopback(visit, address=self.account.address, patience=patience)
        else:
            raise UsageError("log in by OAuth: neither a browser nor a device",
                             hint="visit=, or show=")
        self._keep_tokens(tokens)
        return tokens

    def tokens(self, url: URL) -> Tokens:
        """Tokens that are good for a minute more, for one of the account's servers.

        Raises:
            AuthenticationError: there are none for that host, or the permission has ended.
        """
        tokens = disk.call(self._kept_tokens, url.host)
        if tokens.fresh(now=today()):
            return tokens
        oauth = self._oauth()
        try:
            fresh = oauth.refresh(tokens)
        except AuthenticationError:
            again = disk.call(self._kept_tokens, url.host)
            if again.access == tokens.access or not again.fresh(now=today()):
                raise
            return again  # another program was faster, and its token replaced ours
        self._keep_tokens(fresh)
        return fresh

    def _oauth(self) -> OAuth:
        chosen = self.account.oauth
        if chosen is None:
            raise UsageError(f"account {self.account.name}: it has no oauth table")
        secret = None
        if chosen.client_secret_command is not None:
            secret = disk.call(told_by, chosen.client_secret_command)
        return OAuth(chosen.app(secret), tls=self.tls, timeout=self._timeout)

    def _place(self) -> str:
        oauth = self.account.oauth
        return f"oauth:{oauth.provider if oauth else ''}"

    def _keep_tokens(self, tokens: Tokens) -> None:
        account = self.account
        hosts = [url.host for url in (account.imap, account.pop3, account.smtp) if url]
        record = json.dumps({"hosts": hosts, **tokens.to_json()})
        disk.call(lambda: self.keys.put(self._place(), account.address, Secret(record)))

    def _kept_tokens(self, host: str) -> Tokens:
        account = self.account
        found = self.keys.get(self._place(), account.address)
        again = f"log in: postel mail accounts login {account.name}"
        if found is None:
            raise AuthenticationError(f"log in to {host} as {account.address}: there is no token "
                                      "for it", hint=again)
        try:
            record = json.loads(found.reveal())
            hosts = record["hosts"]
        except (ValueError, KeyError, TypeError):
            raise ProtocolError("the tokens that were kept make no sense", hint=again) from None
        if host not in hosts:
            raise AuthenticationError(
                f"log in to {host}: the token was given for {', '.join(map(str, hosts))}",
                hint=again)
        return Tokens.from_json(record)
