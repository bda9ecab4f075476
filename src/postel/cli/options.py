"""The options that all verbs share, and the settings they make."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import UsageError
from ..urls import URL
from ..urls import parse as parse_url
from .passwords import Passwords

__all__ = ["Settings", "client_options", "output_options", "parse_size", "transfer_options"]

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True)
class Settings:
    """What the shared options say."""

    user: str | None = None
    auth: str | None = None
    security: str = "auto"
    ca: str | None = None
    insecure: bool = False
    pin: str | None = None
    cert: str | None = None
    key: str | None = None
    proxy: str | None = None
    timeout: float = 60.0
    family: int = 0
    trace: str | None = None
    verbose: int = 0
    quiet: bool = False

    def client(self, url: URL) -> dict[str, Any]:
        """The keywords that make a client for *url*."""
        return {
            "user": self.user, "security": self.security, "tls": self._tls(),
            "timeout": self.timeout, "proxy": self.proxy, "family": self.family,
            "trace": self.trace, "auth": self.auth,
            "password": url.password or Passwords(url, self.user or url.user).find,
        }

    def _tls(self) -> Any:
        """The TLS options, or None where all is as usual: TLS is loaded only when it is needed."""
        if not (self.ca or self.insecure or self.pin or self.cert):
            return None
        from ..transport.tls import TLSOptions

        if self.insecure and not self.quiet:
            click.echo(click.style("postel: --insecure: whoever answers is believed", fg="red",
                                   bold=True), err=True)
        return TLSOptions(ca=self.ca, verify=not self.insecure, pin=self.pin,
                          certificate=self.cert, key=self.key)

    def say(self, text: str) -> None:
        """Tell a person something on the side."""
        if not self.quiet:
            click.echo(text, err=True)


_CLIENT = (
    click.option("--user", metavar="NAME", help="Log in as; the URL may say it too."),
    click.option("--auth", metavar="MECHANISM", help="Use this mechanism to log in."),
    click.option("--security", type=click.Choice(["auto", "tls", "starttls", "plain"]),
                 default="auto", show_default=True,
                 help="TLS from the first byte, by upgrade, or not at all."),
    click.option("--ca", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                 help="Trust the authorities in this PEM file."),
    click.option("--insecure", is_flag=True, help="Accept any certificate. Loud."),
    click.option("--pin", metavar="SHA256", help="Accept just the certificate with this digest."),
    click.option("--cert", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                 help="Prove yourself with this certificate (PEM)."),
    click.option("--key", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                 help="The certificate's key, if it is not in the same file."),
    click.option("--proxy", metavar="URL",
                 help="Go through socks5h://… or http://…; \"none\" goes direct."),
    click.option("--timeout", type=click.FloatRange(min=0.1), default=60.0, show_default=True,
                 metavar="SECONDS", help="For each step; a transfer that moves has no limit."),
    click.option("-4", "four", is_flag=True, help="IPv4 only."),
    click.option("-6", "six", is_flag=True, help="IPv6 only."),
    click.option("--trace", metavar="FILE", type=click.Path(dir_okay=False),
                 help="Append the dialogue, without secrets, to this file."),
    click.option("-v", "--verbose", count=True, help="Say more."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
)


def client_options(function: F) -> F:
    """Give a verb the options of every client; it is called with ``settings``."""

    @functools.wraps(function)
    def call(*args: Any, four: bool, six: bool, **kwargs: Any) -> Any:
        names = set(Settings.__dataclass_fields__) & set(kwargs)
        family = socket.AF_INET if four else socket.AF_INET6 if six else 0
        settings = Settings(family=family, **{name: kwargs.pop(name) for name in names})
        return function(*args, settings=settings, **kwargs)

    for option in reversed(_CLIENT):
        call = option(call)
    return call  # type: ignore[return-value]


def transfer_options(function: F) -> F:
    """Options of verbs that move files."""
    for option in reversed((
        click.option("--limit-rate", "limit_rate", metavar="BYTES", callback=_size,
                     help="At most so many bytes a second: 500K, 2M."),
        click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
                     metavar="N", help="Connections at once, for folders."),
        click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
    )):
        function = option(function)
    return function


def output_options(function: F) -> F:
    """Options of verbs that print."""
    return click.option("--json", "as_json", is_flag=True,
                        help="One JSON object a line, for programs.")(function)


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else parse_size(value)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


def parse_size(text: str) -> int:
    """Bytes from a text such as ``500K`` or ``2M``.

    Raises:
        UsageError: it is none.

    Example:
        >>> parse_size("2M")
        2097152
    """
    unit = text[-1:].upper() if text[-1:].isalpha() else ""
    digits = text[: len(text) - len(unit)]
    if unit not in _UNITS or not digits.replace(".", "", 1).isdigit():
        raise UsageError(f"{text!r} is no size", hint="a number, with K, M, G or T behind it")
    size = int(float(digits) * _UNITS[unit])
    if size < 1:
        raise UsageError(f"{text!r} is less than a byte")
    return size


def location(text: str) -> URL:
    """The URL that an argument is."""
    return parse_url(text)


def local_or_url(text: str) -> URL | Path:
    """A URL, or else a path of this machine."""
    return parse_url(text) if ":/" in text and not Path(text).exists() else Path(text)
