"""``postel mail check``: what is wrong with a domain's mail, and what to publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..urls import parse
from ..wire.text import display
from .options import Settings, client_options, output_options
from .render import print_json

if TYPE_CHECKING:
    from ..mail.check_types import Finding, Report

__all__ = ["command"]

_SIGNS = {"good": ("ok  ", "green"), "note": ("note", "cyan"), "warning": ("WARN", "yellow"),
          "error": ("BAD ", "red")}
_INDENT = " " * 15
_PATIENCE = 20.0
"""Seconds for each server and each question: there are many of them."""


@click.command("check")
@click.argument("domain")
@click.option("--selector", "selectors", multiple=True, metavar="NAME",
              help="Of a DKIM key; may be repeated. Without, those that are usual are tried.")
@click.option("--resolver", "resolvers", multiple=True, metavar="HOST[:PORT]",
              help="Ask this one instead of the system's; may be repeated.")
@click.option("--no-connect", is_flag=True,
              help="Ask the DNS and the web only: many networks let nobody out at port 25.")
@output_options
@client_options
def command(
    domain: str,
    settings: Settings,
    selectors: tuple[str, ...],
    resolvers: tuple[str, ...],
    no_connect: bool,
    as_json: bool,
) -> int:
    """Look at a domain's mail: MX, TLS, SPF, DKIM, DMARC, MTA-STS, TLSRPT, DANE.

    Exits with 1 if anything stops mail, or lets others use the domain's name.
    """
    from ..dns.client_sync import Client
    from ..mail.check_sync import Check

    goal = parse(domain, default_scheme="smtp")
    given = settings.client(goal)
    patience = min(settings.timeout, _PATIENCE)
    with Client(resolvers or None, timeout=patience, trace=given.get("trace")) as names:
        report = Check(names, tls=given.get("tls"), timeout=patience, connect=not no_connect,
                       family=settings.family).check(goal.host, selectors=selectors)
    if as_json:
        _print_records(report)
    else:
        _print(report)
    return 1 if report.worst == "error" else 0


def _print_records(report: Report) -> None:
    for one in report.findings:
        print_json({"domain": report.domain, **_record(one)})


def _record(one: Finding) -> dict[str, Any]:
    return {"area": one.area, "level": one.level, "text": one.text, "hint": one.hint,
            "publish": [{"name": each.name, "type": each.kind, "text": each.text}
                        for each in one.publish]}


def _print(report: Report) -> None:
    area = ""
    for one in report.findings:
        sign, colour = _SIGNS[one.level]
        shown = one.area if one.area != area else ""
        area = one.area
        click.echo(f"{shown:9} {click.style(sign, fg=colour)}  {display(one.text)}")
        for line in one.hint.splitlines():
            click.echo(f"{_INDENT}{display(line)}")
        for record in one.publish:
            click.echo(f"{_INDENT}{click.style(display(str(record)), bold=True)}")
