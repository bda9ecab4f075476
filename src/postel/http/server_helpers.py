"""Small pages of the lab's HTTP server for trying clients out: redirects, cookies, statuses, echo.

Service code. They answer only where no file of that name is.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable

from .server_exchange import Exchange, Refusal
from .server_options import HTTPOptions, Redirect

__all__ = ["answer", "redirect"]

MOST_BYTES = 1 << 30
LONGEST_DELAY = 60.0
MOST_HOPS = 1000
LARGEST_ECHO = 16 << 20
_BLOCK = bytes(range(256)) * 256


async def redirect(exchange: Exchange, where: Redirect) -> None:
    """Send the client elsewhere; the reference goes out as it is."""
    status, target = (302, where) if isinstance(where, str) else where
    await exchange.reply(status, [("Location", target)], f"it is at {target}\n")


async def answer(exchange: Exchange, options: HTTPOptions) -> bool:
    """Answer if this is one of `postel.http.server.HELPERS`; whether it was."""
    first, _, rest = exchange.path.lstrip("/").partition("/")
    page = _PAGES.get(first)
    if page is None or not exchange.path.startswith(f"/{first}"):
        return False
    try:
        await page(exchange, rest)
    except ValueError as error:
        raise Refusal(400, f"{first}: {error}") from None
    return True


async def _redirect(exchange: Exchange, rest: str) -> None:
    hops = int(rest)
    if not 1 <= hops <= MOST_HOPS:
        raise ValueError(f"1 to {MOST_HOPS} hops")
    target = f"/redirect/{hops - 1}" if hops > 1 else "/echo"
    await redirect(exchange, (int(exchange.fields().get("status", "302")), target))


async def _redirect_to(exchange: Exchange, rest: str) -> None:
    fields = exchange.fields()
    url = fields.get("url", "/")
    if not url.isprintable() or not url.isascii():
        raise ValueError("a URL is printable ASCII")
    await redirect(exchange, (int(fields.get("status", "302")), url))


async def _status(exchange: Exchange, rest: str) -> None:
    status = int(rest)
    if not 200 <= status <= 599:
        raise ValueError("200 to 599")
    headers = []
    if status in (429, 503):
        headers.append(("Retry-After", exchange.fields().get("after", "1")))
    if status in (301, 302, 303, 307, 308):
        headers.append(("Location", "/echo"))
    await exchange.reply(status, headers, "" if status in (204, 304) else f"{status}\n")


async def _delay(exchange: Exchange, rest: str) -> None:
    seconds = float(rest)
    if not 0 <= seconds <= LONGEST_DELAY:
        raise ValueError(f"0 to {LONGEST_DELAY:g} seconds")
    await asyncio.sleep(seconds)
    await _echo(exchange, "")


async def _bytes(exchange: Exchange, rest: str) -> None:
    count = int(rest)
    if not 0 <= count <= MOST_BYTES:
        raise ValueError(f"0 to {MOST_BYTES}")
    await exchange.start(200, [("Content-Type", "application/octet-stream"),
                               ("Content-Length", str(count))])
    while count > 0 and exchange.method != "HEAD":
        await exchange.write(_BLOCK[:count])
        count -= len(_BLOCK)
    await exchange.write(b"", more=False)


async def _cookies(exchange: Exchange, rest: str) -> None:
    if rest == "set":
        headers = [("Set-Cookie", f"{name}={value}; Path=/")
                   for name, value in exchange.fields().items()]
    elif rest == "delete":
        headers = [("Set-Cookie", f"{name}=; Path=/; Max-Age=0") for name in exchange.fields()]
    elif not rest:
        pairs = [pair.strip().partition("=") for pair
                 in exchange.asked.get("cookie", "").split(";") if pair.strip()]
        await _json(exchange, {"cookies": {name: value for name, _, value in pairs}})
        return
    else:
        raise Refusal(404)
    if any(not (name + value).isprintable() for _, text in headers
           for name, _, value in [text.partition("=")]):
        raise ValueError("cookies are printable")
    await exchange.reply(302, [*headers, ("Location", "/cookies")])


async def _echo(exchange: Exchange, rest: str) -> None:
    """What came: method, target, fields, body."""
    body = await exchange.body(LARGEST_ECHO)
    try:
        told = {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        told = {"body64": base64.b64encode(body).decode("ascii")}
    await _json(exchange, {
        "method": exchange.method, "path": exchange.raw, "query": exchange.query,
        "version": exchange.scope["http_version"], "scheme": exchange.scope["scheme"],
        "headers": [[name.decode("latin-1"), value.decode("latin-1")]
                    for name, value in exchange.scope["headers"]], **told})


async def _json(exchange: Exchange, value: object) -> None:
    await exchange.reply(200, body=json.dumps(value, indent=1) + "\n", kind="application/json")


_PAGES: dict[str, Callable[[Exchange, str], Awaitable[None]]] = {
    "bytes": _bytes, "cookies": _cookies, "delay": _delay, "echo": _echo, "redirect": _redirect,
    "redirect-to": _redirect_to, "status": _status,
}
