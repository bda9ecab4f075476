"""``postel http``: one request, as a person writes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..urls import URL
from .http_ask import Ask, build
from .options import LocalPath, Settings, client_options, output_options
from .passwords import Passwords
from .render import Bar, print_json, size

if TYPE_CHECKING:
    from ..http.client_sync import Client
    from ..http.responses_sync import StreamResponse

__all__ = ["command"]

_REQUEST = (
    click.argument("words", nargs=-1, required=True, metavar="[METHOD] URL [ITEM]..."),
    click.option("-X", "--method", metavar="METHOD", help="The method; it may also stand first."),
    click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'",
                 help="Send this header; 'Name:' leaves a usual one out, 'Name;' sends it empty."),
    click.option("-d", "--data", multiple=True, metavar="TEXT",
                 help="The body: text, or @FILE, or @- for the standard input. Of several texts "
                      "a form is made."),
    click.option("-j", "--json-body", "as_json_body", is_flag=True,
                 help="The body is JSON: what -d gives, or an object of the items (the default)."),
    click.option("-f", "--form", is_flag=True, help="The items are the fields of a form."),
    click.option("-F", "--file", "files", multiple=True, metavar="NAME=@FILE",
                 help="Send a form with files; ;type=image/png and ;filename=x.png may follow."),
    click.option("-b", "--cookies", type=LocalPath(dir_okay=False), metavar="FILE",
                 help="Take cookies from this file, and keep there what servers set."),
    click.option("--cookie", "cookie", multiple=True, metavar="NAME=VALUE",
                 help="Send this cookie to the host of the URL."),
    click.option("--cache", type=LocalPath(dir_okay=False), metavar="FILE",
                 help="Keep answers in this file, and ask again only when they are stale."),
    click.option("--hsts", type=LocalPath(dir_okay=False), metavar="FILE",
                 help="Remember in this file which hosts want https alone (curl's has its form)."),
    click.option("--netrc", is_flag=True, help="Log in as ~/.netrc says for the host."),
    click.option("-L/-N", "--follow/--no-follow", "follow", default=True,
                 help="Follow redirects (the default), or show the first answer."),
    click.option("--max-redirects", type=click.IntRange(min=0), default=20, show_default=True,
                 metavar="N", help="Follow so many in a row."),
    click.option("--http1.1", "http1", is_flag=True, help="Do not offer HTTP/2."),
    click.option("--http2", "http2", is_flag=True,
                 help="Offer HTTP/2, and say so if it is not taken."),
    click.option("--compressed/--identity", "compressed", default=True,
                 help="Take compressed bodies (the default), or ask for plain ones."),
    click.option("--retry", "retries", type=click.IntRange(min=0), default=0, show_default=True,
                 metavar="N", help="Ask again so often where the server says it is busy."),
)
_OUTPUT = (
    click.option("-i", "--include", is_flag=True, help="Show the header of the answer, too."),
    click.option("-I", "--head", is_flag=True, help="Ask for the header alone (HEAD)."),
    click.option("-o", "--output", type=LocalPath(dir_okay=False), metavar="FILE",
                 help="Write the body to this file, when it has come whole."),
    click.option("--raw", is_flag=True, help="Leave the body's Content-Encoding on."),
    click.option("--fail", is_flag=True,
                 help="Make an error of a status of 400 or more, with its exit code."),
    click.option("--timings", is_flag=True, help="Tell where the time went."),
    click.option("--pretty/--plain", "layout", default=None,
                 help="Lay JSON out, or do not; by default on a terminal alone."),
    click.option("--secrets", is_flag=True,
                 help="Show what is secret in headers, too: cookies and tokens."),
)


def _options(function: Any) -> Any:
    for option in reversed((*_REQUEST, *_OUTPUT)):
        function = option(function)
    return function


@click.command("http")
@_options
@output_options
@client_options
def command(words: tuple[str, ...], settings: Settings, as_json: bool, **given: Any) -> int:
    """Send one request, and show the answer.

    Items behind the URL make the body: name=text, name:=json, and @ with a file behind either;
    name==text goes to the query. A URL without a scheme is https, on this machine http, and
    :8000/path is this machine. The method is GET, or POST where there is a body.
    """
    if as_json and (given["output"] or given["include"] or given["layout"] is not None):
        raise UsageError("--json shows everything, as one object",
                         hint="leave -o, -i and --pretty out")
    if given["http1"] and given["http2"]:
        raise UsageError("--http1.1 and --http2: which of them?")
    ask = build(words, method=given["method"], headers=given["headers"], data=given["data"],
                files=given["files"], form=given["form"], as_json_body=given["as_json_body"],
                head=given["head"], cookies=given["cookie"])
    try:
        with _client(ask, settings, given) as client:
            if as_json:
                return _tell(client, ask, given)
            return _show(client, ask, settings, given)
    finally:
        ask.close()


def _client(ask: Ask, settings: Settings, given: dict[str, Any]) -> Client:
    from ..http.asking import base_of
    from ..http.client_sync import Client

    base = base_of(ask.url, port=None, security=settings.security)
    if base is None:
        raise UsageError("no URL")
    told = settings.client(base)
    if settings.auth == "bearer" and "password" not in told:
        told["password"] = Passwords(base, settings.user, settings.known).find
    if not given["compressed"]:
        ask.default("Accept-Encoding", "identity")
    http2 = True if given["http2"] else False if given["http1"] else None
    ask.url = str(base.with_(user=None, password=None))
    return Client(base, http2=http2, cookies=given["cookies"], netrc=given["netrc"],
                  cache=given["cache"], hsts=given["hsts"] or True,
                  follow=given["follow"], max_redirects=given["max_redirects"],
                  retries=given["retries"], **_for_base(told, base))


def _for_base(told: dict[str, Any], base: URL) -> dict[str, Any]:
    """The keywords for a client; a password in the URL is its own already."""
    if base.password is not None:
        told.pop("password", None)
    return told


def _tell(client: Client, ask: Ask, given: dict[str, Any]) -> int:
    """The whole exchange as one JSON object."""
    from .http_show import record

    answer = client.request(ask.method, ask.url, headers=ask.fields(), **ask.options)
    if given["fail"] and answer.status >= 400:
        answer.raise_for_status()
    print_json(record(answer, secrets=given["secrets"]))
    return 0


def _show(client: Client, ask: Ask, settings: Settings, given: dict[str, Any]) -> int:
    """The answer as a person wants it."""
    from .http_show import head_lines, timings_line

    bar = Bar(False if settings.quiet or not (_is_long(ask) or given["output"]) else None)
    to_file = given["output"] not in (None, "-")
    try:
        with client.stream(ask.method, ask.url, headers=ask.fields(), uploaded=bar,
                           progress=bar if to_file else None, **ask.options) as answer:
            bar.done()
            if given["fail"] and answer.status >= 400:
                answer.raise_for_status()
            if given["include"] or ask.method == "HEAD":
                for line in head_lines(answer, secrets=given["secrets"]):
                    click.echo(line)
                click.echo("")
            if to_file:
                count = answer.save(given["output"], decode=not given["raw"])
            else:
                _print(answer, given)
    finally:
        bar.done()
    if to_file:
        settings.say(f"{given['output']}: {size(count)}")
    if given["http2"] and answer.http_version != "HTTP/2":
        settings.say(f"the server chose {answer.http_version}")
    if given["timings"]:
        settings.say(timings_line(answer.timings))
    return 0


def _is_long(ask: Ask) -> bool:
    """Whether the body is a file: what was typed goes too fast to watch."""
    return "files" in ask.options or hasattr(ask.options.get("content"), "read")


def _print(answer: StreamResponse, given: dict[str, Any]) -> None:
    from .http_show import show_body

    sys.stdout.flush()
    terminal = sys.stdout.isatty() and given["output"] is None
    layout = terminal if given["layout"] is None else given["layout"]
    if given["raw"]:
        show_body(answer, answer.iter_raw(), terminal=terminal, layout=False)
    else:
        show_body(answer, answer.iter_bytes(), terminal=terminal, layout=layout)
