"""The options that all verbs share, and the settings they make."""

from __future__ import annotations

import functools
import os
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import ConnectError, PostelError, UsageError
from ..secrets import Secret
from ..transfer.rates import parse_size
from ..urls import URL
from ..urls import parse as parse_url
from ..wire.text import display
from .main import report
from .passwords import Passwords
from .render import cut

if TYPE_CHECKING:
    from ..transfer.pace_sync import Throttle
    from ..transfer.rates import Rates
    from ..transport.trace import Trace

__all__ = [
    "LocalPath",
    "Settings",
    "client_options",
    "each",
    "output_options",
    "parse_size",
    "rate_option",
    "ssh_options",
    "throttle",
    "together",
    "transfer_options",
]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_ANONYMOUS = ("anonymous", "ftp")
"""Names that anyone may use (RFC 1635): their password is a courtesy, sent in the clear."""
_TAIL = 12
"""Records of the dialogue that -v shows of a failure."""
_LONGEST = 200
"""Columns of each of them: a list of features is long."""
_BY_SSH = ("sftp", "scp", "ssh")
"""Schemes whose server proves itself by a host key, not by a certificate."""
_TIMEOUT = 60.0
"""Seconds that every client waits unless it is told otherwise."""


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
    timeout: float = _TIMEOUT
    family: int = 0
    trace: str | None = None
    verbose: int = 0
    quiet: bool = False
    identity: tuple[str, ...] = ()
    known_hosts: str | None = None
    accept_new_host_key: bool = False
    jump: str | None = None
    logs: list[Trace] = field(default_factory=list, repr=False)
    known: dict[tuple[str, str], Secret] = field(default_factory=dict, repr=False)

    def client(self, url: URL) -> dict[str, Any]:
        """The keywords that make a client for *url*; what is as usual is left out.

        So a scheme that has no use for an option says so only where it was given.
        """
        given = {
            "user": self.user, "security": None if self.security == "auto" else self.security,
            "tls": None if url.scheme in _BY_SSH else self._tls(), "ssh": self._ssh(url),
            "timeout": None if self.timeout == _TIMEOUT else self.timeout,
            "proxy": self.proxy, "family": self.family or None,
            "trace": self._trace(), "auth": self.auth,
            "password": url.password or self._password(url),
        }
        return {name: value for name, value in given.items() if value is not None}

    def _password(self, url: URL) -> str | Callable[[], Secret] | None:
        """How to find the password of a user; what is secret is not for those who have no name."""
        user = self.user or url.user
        if user is None:
            return None
        if user.lower() in _ANONYMOUS:
            return "guest@"
        return Passwords(url, user, self.known).find

    def _ssh(self, url: URL) -> Any:
        """The SSH options, where the URL goes by SSH and anything is given."""
        given = self.identity or self.known_hosts or self.accept_new_host_key or self.jump
        if url.scheme not in _BY_SSH or not (given or self.pin):
            return None
        from ..ssh.types import SSHOptions

        return SSHOptions(identities=self.identity, known_hosts=self.known_hosts, jump=self.jump,
                          tofu=self.accept_new_host_key, fingerprint=self.pin)

    def _trace(self) -> Trace | str | None:
        """Where the dialogue goes: with -v it is also remembered, with -vv also shown."""
        if self.trace:
            Path(self.trace).open("a").close()  # one that cannot be written is told before we go
        if not self.verbose:
            return self.trace
        from ..transport.trace import Trace

        shown = sys.stderr if self.verbose > 1 else None
        self.logs.append(Trace(Path(self.trace) if self.trace else shown))
        return self.logs[-1]

    def _tls(self) -> Any:
        """The TLS options, or None where all is as usual: TLS is loaded only when it is needed."""
        if self.key and not self.cert:
            raise UsageError("--key is the key of a certificate", hint="name it by --cert")
        if not (self.ca or self.insecure or self.pin or self.cert):
            return None
        from ..transport.tls import TLSOptions

        if self.insecure:
            click.echo(click.style("postel: --insecure: whoever answers is believed", fg="red",
                                   bold=True), err=True)
        return TLSOptions(ca=self.ca, verify=not self.insecure, pin=self.pin,
                          certificate=self.cert, key=self.key)

    def say(self, text: str) -> None:
        """Tell a person something on the side."""
        if not self.quiet:
            click.echo(text, err=True)

    def fail(self, error: PostelError, *, as_json: bool) -> None:
        """Tell what went wrong; with -v also each address that was tried, and the last words."""
        report(error, as_json=as_json)
        if self.verbose and isinstance(error, ConnectError):
            for attempt in error.attempts:
                click.echo(f"  tried {display(str(attempt))} ({attempt.seconds:.2f} s)", err=True)
        if self.verbose == 1 and self.logs and (last := self.logs[-1].records[-_TAIL:]):
            click.echo("  the last that was said:", err=True)
            for record in last:
                click.echo(f"    {cut(str(record), _LONGEST)}", err=True)

    def tell_peers(self) -> None:
        """With -v: who was talked to, and under which cipher."""
        notes = [one for log in self.logs for one in log.records if one.who == "*"]
        for note in notes if self.verbose == 1 else ():
            click.echo(str(note), err=True)


_CLIENT = (
    click.option("--user", metavar="NAME", help="Log in as; the URL may say it too."),
    click.option("--auth", metavar="MECHANISM", help="Use this mechanism to log in."),
    click.option("--security", type=click.Choice(["auto", "tls", "starttls", "plain"]),
                 default="auto", show_default=True,
                 help="TLS from the first byte, by upgrade, or not at all."),
    click.option("--ca", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                 help="Trust the authorities in this PEM file."),
    click.option("--insecure", is_flag=True, help="Accept any certificate. Loud."),
    click.option("--pin", metavar="SHA256",
                 help="Accept just the certificate with this digest; of SSH, just this host key."),
    click.option("--cert", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                 help="Prove yourself with this certificate (PEM)."),
    click.option("--key", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                 help="The certificate's key, if it is not in the same file."),
    click.option("--proxy", metavar="URL",
                 help="Go through socks5h://…, http://… or https://… (whose certificate the system "
                      "must trust, whatever --ca says); \"none\" goes direct."),
    click.option("--timeout", type=click.FloatRange(min=0.1), default=_TIMEOUT, show_default=True,
                 metavar="SECONDS", help="For each step; a transfer that moves has no limit."),
    click.option("-4", "four", is_flag=True, help="IPv4 only."),
    click.option("-6", "six", is_flag=True, help="IPv6 only."),
    click.option("--trace", metavar="FILE", type=click.Path(dir_okay=False),
                 help="Append the dialogue, without secrets, to this file."),
    click.option("-v", "--verbose", count=True,
                 help="Say who was reached, and of a failure all that is known; -vv: all that is "
                      "said."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
)


def client_options(function: F) -> F:
    """Give a verb the options of every client; it is called with ``settings``."""

    @functools.wraps(function)
    def call(*args: Any, four: bool, six: bool, **kwargs: Any) -> Any:
        names = set(Settings.__dataclass_fields__) & set(kwargs)
        if four and six:
            raise UsageError("-4 and -6 leave no address", hint="leave both out for any")
        family = socket.AF_INET if four else socket.AF_INET6 if six else 0
        settings = Settings(family=family, **{name: kwargs.pop(name) for name in names})
        try:
            code = function(*args, settings=settings, **kwargs)
        except PostelError as error:
            if os.environ.get("POSTEL_DEBUG"):
                raise
            settings.fail(error, as_json=bool(kwargs.get("as_json")))
            raise click.exceptions.Exit(error.exit_code) from error
        settings.tell_peers()
        return code

    for option in reversed(_CLIENT):
        call = option(call)
    return call  # type: ignore[return-value]


_SSH = (
    click.option("--identity", metavar="FILE", multiple=True,
                 type=click.Path(exists=True, dir_okay=False),
                 help="SSH: offer this private key, and no others; may be given again."),
    click.option("--known-hosts", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                 help="SSH: trust the host keys in this file, instead of the usual ones."),
    click.option("--accept-new-host-key", is_flag=True,
                 help="SSH: put the key of a new host on record; a changed one is refused."),
    click.option("--jump", metavar="HOST", help="SSH: go by way of this host, [user@]host[:port]."),
)


def ssh_options(function: F) -> F:
    """The options of verbs whose URLs may go by SSH."""
    for option in reversed(_SSH):
        function = option(function)
    return function


def rate_option(function: F) -> F:
    """The option of verbs that move bytes."""
    return click.option(
        "--limit-rate", "limit_rate", metavar="RATE", callback=_rates, multiple=True,
        help="At most so many bytes a second: 500K, 2M; up:500K one way, HOST=1M to and from one "
             "host; \"08:00,512K 19:00,off\" by the time of day. May be repeated.")(function)


def transfer_options(function: F) -> F:
    """Options of verbs that move files."""
    for option in reversed((
        rate_option,
        click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
                     metavar="N", help="Connections at once, for folders and several files."),
        click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
    )):
        function = option(function)
    return function


def output_options(function: F) -> F:
    """Options of verbs that print."""
    return click.option("--json", "as_json", is_flag=True,
                        help="One JSON object a line, for programs.")(function)


def _rates(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Rates | None:
    from ..transfer.rates import Rates

    try:
        return Rates.parse(*values) if values else None
    except UsageError as error:
        raise click.BadParameter(f"{error}; {error.hint}") from None


def throttle(rates: Rates | None) -> Throttle | None:
    """What all transfers of one command share; None where they go as fast as they can."""
    from ..transfer.pace_sync import Throttle

    return None if rates is None else Throttle(rates)


def location(text: str) -> URL:
    """The URL that an argument is; what begins with "/", "./" or "../" is a path here."""
    if text.startswith(("/", "./", "../")) or text in (".", ".."):
        from ..transfer.places import place_of

        return place_of(text)
    return parse_url(text)


def each(
    texts: Sequence[str],
    work: Callable[[URL], int | None],
    settings: Settings,
    *,
    as_json: bool = False,
    parallel: int = 1,
    read: Callable[[str], URL] | None = None,
) -> int:
    """Do *work* for each URL, *parallel* of them at once; return the exit code.

    Of several, one that fails is told, the others go on, and the code is 1; the failure of the
    only one is raised. A text that is no URL is refused before anything is done.
    """
    def one(url: URL) -> int:
        try:
            return work(url) or 0
        except PostelError as error:
            if len(texts) == 1 or os.environ.get("POSTEL_DEBUG"):
                raise
            settings.fail(error, as_json=as_json)
            return 1

    urls = [(read or location)(text) for text in texts]
    if parallel > 1 and len(urls) > 1:
        return max(together(urls, one, parallel), default=0)
    return max([one(url) for url in urls], default=0)


def together(things: Sequence[T], work: Callable[[T], int], parallel: int) -> list[int]:
    """Call *work* for each thing, *parallel* of them at once; what it returned, in no order."""
    from ..transport.crew_sync import Crew

    waiting, codes = deque(things), []

    def some() -> None:
        while waiting:
            try:
                thing = waiting.popleft()
            except IndexError:
                return  # another was faster
            codes.append(work(thing))

    with Crew() as crew:
        for _ in range(min(parallel, len(things))):
            crew.start(some)
    return codes


class LocalPath(click.Path):
    """A path of this machine, which may be written as a file: URL."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """The path; the URL's, where it is one."""
        if isinstance(value, str) and value[:6].lower() == "file:/":
            from ..transfer.sites_sync import here

            value = str(here(value))
        return super().convert(value, param, ctx)
