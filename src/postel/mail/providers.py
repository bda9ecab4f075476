"""Providers of mail that many people use: their domains, their servers, how one logs in. Grammar.

What is here needs no question to the network. A domain that a provider hosts for somebody else is
known by where its mail goes (MX). That is not proved, but leads nowhere but to a provider of the
table: nobody gains by forging it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from .provider_table import NOTES, TABLE

__all__ = ["Authority", "Provider", "authority_of", "provider_by_mx", "provider_named",
           "provider_of"]

Way = tuple[str, int, Literal["tls", "starttls"]]


@dataclass(frozen=True, slots=True)
class Authority:
    """Where a provider gives out tokens (OAuth 2, RFC 6749).

    Args:
        name: of the provider, as accounts name it.
        authorize: the page where a person says yes.
        token: where codes and refresh tokens become access tokens.
        device: where a device asks for a code to show (RFC 8628); "" where there is none for mail.
        scopes: what reading and sending mail needs.
        extra: parameters that the page wants besides.
        loopback: how the page has to be told where to come back to on this machine (RFC 8252 7.3).
    """

    name: str
    authorize: str
    token: str
    device: str = ""
    scopes: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    loopback: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    Args:
        name: short, as accounts name it.
        title: as people know it.
        domains: whose addresses are its own.
        mx: ends of the names of the servers that take mail for the domains it hosts.
        imap: host, port and way to TLS; None where it has none.
        pop3: as *imap*.
        smtp: as *imap*, where mail is handed in.
        auth: ``"password"``, ``"app-password"``, ``"oauth2"``: what it takes, the best first.
        local: whether the user name is what stands before the "@".
        note: what a person has to know or do first.
    """

    name: str
    title: str
    domains: tuple[str, ...]
    mx: tuple[str, ...] = ()
    imap: Way | None = None
    pop3: Way | None = None
    smtp: Way | None = None
    auth: tuple[str, ...] = ("password",)
    local: bool = False
    note: str = ""

    @property
    def authority(self) -> Authority | None:
        """Where it gives out tokens, if it does."""
        return authority_of(self.name)


_MICROSOFT = "https://login.microsoftonline.com/common/oauth2/v2.0"
_MICROSOFT_SCOPES = ("https://outlook.office.com/IMAP.AccessAsUser.All",
                     "https://outlook.office.com/POP.AccessAsUser.All",
                     "https://outlook.office.com/SMTP.Send", "offline_access")

_AUTHORITIES = {
    # Google's device flow gives no scope for mail: the loopback flow is the way.
    "google": Authority("google", "https://accounts.google.com/o/oauth2/v2/auth",
                        "https://oauth2.googleapis.com/token", "", ("https://mail.google.com/",),
                        (("access_type", "offline"), ("prompt", "consent"))),
    "microsoft": Authority("microsoft", f"{_MICROSOFT}/authorize", f"{_MICROSOFT}/token",
                           f"{_MICROSOFT}/devicecode", _MICROSOFT_SCOPES,
                           loopback="localhost"),  # the only one it lets have any port
    "yahoo": Authority("yahoo", "https://api.login.yahoo.com/oauth2/request_auth",
                       "https://api.login.yahoo.com/oauth2/get_token", "", ("mail-w",)),
    "aol": Authority("aol", "https://api.login.aol.com/oauth2/request_auth",
                     "https://api.login.aol.com/oauth2/get_token", "", ("mail-w",)),
    "yandex": Authority("yandex", "https://oauth.yandex.com/authorize",
                        "https://oauth.yandex.com/token", "https://oauth.yandex.com/device/code",
                        ("mail:imap_full", "mail:smtp")),
    "mailru": Authority("mailru", "https://oauth.mail.ru/login", "https://oauth.mail.ru/token",
                        "", ("mail.imap",)),
}
_BY_PROVIDER = {"gmail": "google", "outlook": "microsoft", "office365": "microsoft"}


def authority_of(name: str) -> Authority | None:
    """Where tokens come from: by a provider's name or the authority's own.

    Example:
        >>> authority_of("gmail").name, authority_of("posteo")
        ('google', None)
    """
    return _AUTHORITIES.get(_BY_PROVIDER.get(name, name))


@cache
def _providers() -> dict[str, Provider]:
    found = {}
    for name, title, domains, mx, imap, pop3, smtp, how in TABLE:
        words = how.split()
        auth = tuple(word for word in words if word != "local") or ("password",)
        found[name] = Provider(
            name, title, tuple(domains.split()), tuple(mx.split()), _way(imap, 993),
            _way(pop3, 995), _way(smtp, 465), auth, "local" in words, NOTES.get(name, ""))
    return found


def _way(text: str, port: int) -> Way | None:
    """What the table says of a server."""
    if not text:
        return None
    host, _, given = text.removesuffix("!").partition(":")
    return host, int(given or port), "starttls" if text.endswith("!") else "tls"


@cache
def _domains() -> dict[str, Provider]:
    return {domain: one for one in _providers().values() for domain in one.domains}


def provider_named(name: str) -> Provider | None:
    """The provider that accounts call *name*."""
    return _providers().get(name)


def provider_of(domain: str) -> Provider | None:
    """Whose own domain that is.

    Args:
        domain: lower case. ``yahoo.*`` in the table stands for every country's.

    Example:
        >>> provider_of("googlemail.com").title, provider_of("yahoo.co.uk").name
        ('Gmail', 'yahoo')
    """
    if (found := _domains().get(domain)) is not None:
        return found
    brand, dot, rest = domain.partition(".")
    if dot and (rest in _SECOND_LEVELS or (len(rest) == 2 and rest.isalpha())):
        return _domains().get(f"{brand}.*")
    return None


_SECOND_LEVELS = frozenset((
    "com", "net", "com.ar", "com.au", "com.br", "com.cn", "com.co", "com.hk", "com.mx", "com.my",
    "com.pe", "com.ph", "com.sg", "com.tr", "com.tw", "com.ve", "com.vn", "co.id", "co.il", "co.in",
    "co.jp", "co.kr", "co.nz", "co.th", "co.uk", "co.za"))


def provider_by_mx(host: str) -> Provider | None:
    """Who hosts the domain whose mail goes to *host*.

    Example:
        >>> provider_by_mx("example-org.mail.protection.outlook.com").name
        'office365'
        >>> provider_by_mx("mail.google.com.evil.example") is None
        True
    """
    host = host.lower().rstrip(".")
    best: tuple[int, Provider] | None = None
    for one in _providers().values():
        for end in one.mx:
            if (host == end or host.endswith(f".{end}")) and (best is None or len(end) > best[0]):
                best = len(end), one
    return None if best is None else best[1]
