"""``postel mail send --direct``: to the recipients' own servers, signed if you wish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import UsageError
from ..urls import parse
from ..wire.text import display
from .options import Settings

if TYPE_CHECKING:
    from ..smtp.content import Outgoing
    from ..smtp.types import DSN, Sent

__all__ = ["direct_options", "send_direct", "sign"]

F = TypeVar("F", bound=Callable[..., Any])


def direct_options(function: F) -> F:
    """The options of direct delivery, and of signatures."""
    for option in reversed((
        click.option("--direct", is_flag=True,
                     help="Deliver to the recipients' own servers (MX), obeying MTA-STS and DANE."),
        click.option("--resolver", "resolvers", multiple=True, metavar="HOST[:PORT]",
                     help="With --direct: ask this one about them, instead of the system's."),
        click.option("--dkim-key", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
                     help="Sign with this private key (PEM, RSA or Ed25519)."),
        click.option("--dkim-selector", metavar="NAME", help="Under which it is published."),
        click.option("--dkim-domain", metavar="DOMAIN",
                     help="Who signs; the sender's domain if you do not say."),
    )):
        function = option(function)
    return function


def sign(message: bytes | Outgoing, sender: str, said: dict[str, Any]) -> bytes | Outgoing:
    """*message* with a DKIM signature, where one is asked for.

    Args:
        message: its bytes, or what a composer built.
        sender: of the envelope.
        said: the options.

    Raises:
        UsageError: the options do not fit together, or the key cannot be used.
    """
    if not said["dkim_key"]:
        if said["dkim_selector"] or said["dkim_domain"]:
            raise UsageError("--dkim-selector: there is nothing to sign with",
                             hint="--dkim-key FILE")
        return message
    domain = said["dkim_domain"] or sender.rpartition("@")[2]
    if not said["dkim_selector"] or not domain:
        raise UsageError("--dkim-key: who signs?",
                         hint="--dkim-selector NAME; without a sender --dkim-domain DOMAIN, too")
    from ..mail.signed import signed
    from ..messages.dkim_sign import Signer

    signer = Signer(domain, said["dkim_selector"], Path(said["dkim_key"]).read_bytes())
    return signed(message, signer, now=int(datetime.now(UTC).timestamp()))


def send_direct(
    letter: tuple[bytes | Outgoing, str, Any],
    settings: Settings,
    show: Callable[[Sent], None],
    said: dict[str, Any],
    dsn: DSN | None,
) -> None:
    """Deliver, and show what became of it for each recipient.

    Args:
        letter: the message, its sender, its recipients.
        settings: of the clients.
        show: shows the result.
        said: the options.
        dsn: of what the sender wants to be told.

    Raises:
        RecipientsRefused: some do not get it.
        UsageError: an option has no meaning here.
    """
    for name in ("later", "hold", "require_tls"):
        if said[name]:
            raise UsageError(f"--{name.replace('_', '-')}: not with --direct",
                             hint="a server that keeps your mail can do that: --via")
    from ..dns.client_sync import Client
    from ..mail.direct_sync import Direct
    from ..mail.outbox_sync import default_path
    from ..mail.policies import PolicyStore

    message, sender, recipients = letter
    given = settings.client(parse("smtp://localhost"))
    kept = default_path().with_name("mta-sts.json")
    kept.parent.mkdir(parents=True, exist_ok=True)
    options = {"trace": given["trace"]} if "trace" in given else {}
    with Direct(Client(said["resolvers"] or None), helo=said["helo"], tls=given.get("tls"),
                timeout=settings.timeout, family=settings.family, policies=PolicyStore(kept),
                **options) as direct:
        found = direct.send(message, sender=sender, recipients=recipients, dsn=dsn,
                            raise_on="never")
    if settings.verbose:
        for one in found.attempts:
            how = one.problem or f"sent, {one.secured}, DANE {one.dane}"
            click.echo(f"  {display(one.domain)}: {display(one.host)}: {display(how)}", err=True)
    show(found.sent)
    found.sent.raise_for_refused()
