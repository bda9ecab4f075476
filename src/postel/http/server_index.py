"""Index pages in the manner of six servers.

Service code, but pure: what a folder holds in, a page out. Written after what the servers send,
with their rounding, their zones and their cut names, since that is what clients must read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from html import escape
from urllib.parse import quote

from ..serving.files import FileStatus
from ..types import Kind

__all__ = ["PAGES", "page"]

_HTML = "text/html; charset=utf-8"
_JSON = "application/json"


def page(style: str, path: str, entries: Sequence[FileStatus]) -> tuple[str, bytes]:
    """The content type and the page of the folder *path*, which ends in "/".

    Args:
        style: one of `postel.http.server.INDEXES`.
        path: as it is called, decoded.
        entries: what it holds.

    Example:
        >>> page("nginx-json", "/", [])
        ('application/json', b'[\\n]')
    """
    kind, text = PAGES[style](path, entries)
    return kind, text.encode("utf-8", "surrogateescape")


def _href(status: FileStatus) -> str:
    return quote(_name(status), safe="/:@!$&'()*+,;=~" if status.is_folder else "@!$&'()*+,;=~",
                 errors="surrogateescape")


def _name(status: FileStatus) -> str:
    return f"{status.name}/" if status.is_folder else status.name


def _safe_href(status: FileStatus) -> str:
    """A reference that no reader takes for a scheme or an option: ``a:b`` is ``./a:b``."""
    href = _href(status)
    return f"./{href}" if ":" in href else escape(href, quote=True)


def _folders_first(entries: Sequence[FileStatus]) -> list[FileStatus]:
    return sorted(entries, key=lambda status: (not status.is_folder, status.name))


def _time(form: str, seconds: float) -> str:
    return time.strftime(form, time.gmtime(seconds))


def nginx(path: str, entries: Sequence[FileStatus]) -> tuple[str, str]:
    """nginx, ``autoindex on``: names cut at 50 signs, minutes, exact sizes, UTC."""
    title = f"Index of {escape(path)}"
    lines = [f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1><hr><pre>"
             '<a href="../">../</a>']
    for status in _folders_first(entries):
        name = _name(status)
        shown = name if len(name) <= 50 else f"{name[:47]}..>"
        when = _time("%d-%b-%Y %H:%M", status.modified)
        size = "-" if status.is_folder else str(status.size)
        lines.append(f'<a href="{_href(status)}">{escape(shown, quote=False)}</a>'
                     f"{' ' * (51 - len(shown))}{when}{size:>20}")
    return _HTML, "\r\n".join(lines) + "\r\n</pre><hr></body>\r\n</html>\r\n"


def nginx_json(path: str, entries: Sequence[FileStatus]) -> tuple[str, str]:
    """nginx, ``autoindex_format json``: seconds, exact sizes."""
    rows = []
    for status in _folders_first(entries):
        row: dict[str, str | int] = {
            "name": _text(status.name),
            "type": "directory" if status.is_folder else "file" if status.kind is Kind.FILE
            else "other",
            "mtime": _time("%a, %d %b %Y %H:%M:%S GMT", status.modified)}
        if status.kind is Kind.FILE:
            row["size"] = status.size
        rows.append(json.dumps(row, ensure_ascii=False))
    return _JSON, "[" + ",".join(f"\n{row}" for row in rows) + "\n]"


def apache(path: str, entries: Sequence[FileStatus]) -> tuple[str, str]:
    """Apache, ``FancyIndexing HTMLTable`` as Debian has it: minutes, sizes in three figures."""
    title = f"Index of {escape(path.rstrip('/') or '/')}"
    heads = "".join(
        f'<th><a href="?C={key};O={order}">{name}</a></th>' for key, order, name in (
            ("N", "D", "Name"), ("M", "A", "Last modified"), ("S", "A", "Size"),
            ("D", "A", "Description")))
    rule = '   <tr><th colspan="5"><hr></th></tr>'
    lines = ['<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">', "<html>", " <head>",
             f"  <title>{title}</title>", " </head>", " <body>", f"<h1>{title}</h1>", "  <table>",
             f'   <tr><th valign="top"><img src="/icons/blank.gif" alt="[ICO]"></th>{heads}</tr>',
             rule]
    if path != "/":
        above = quote(path.rstrip("/").rpartition("/")[0] + "/", errors="surrogateescape")
        lines.append(_apache_row("back", "PARENTDIR", above, "Parent Directory", "&nbsp;", "  - "))
    for status in entries:
        icon, alt = ("folder", "DIR") if status.is_folder else ("unknown", "   ")
        lines.append(_apache_row(
            icon, alt, _safe_href(status), escape(_name(status)),
            _time("%Y-%m-%d %H:%M  ", status.modified),
            "  - " if status.is_folder else f"{_short(status.size):>4}"))
    lines += [rule, "</table>", f"<address>Apache/2.4 Server at {title}</address>",
              "</body></html>"]
    return _HTML, "\n".join(lines) + "\n"


def _apache_row(icon: str, alt: str, href: str, name: str, when: str, size: str) -> str:
    return (f'<tr><td valign="top"><img src="/icons/{icon}.gif" alt="[{alt}]"></td>'
            f'<td><a href="{href}">{name}</a></td><td align="right">{when}</td>'
            f'<td align="right">{size}</td><td>&nbsp;</td></tr>')


def _short(size: float) -> str:
    """A size as Apache writes it: ``5``, ``1.2K``, ``34M``."""
    if size < 973:
        return f"{size:.0f}"
    for unit in "KMGTPE":
        size /= 1024
        if size < 9.95:
            return f"{size:.1f}{unit}"
        if size < 973:
            return f"{size:.0f}{unit}"
    return f"{size:.0f}E"


def caddy(path: str, entries: Sequence[FileStatus]) -> tuple[str, str]:
    """Caddy's ``browse`` for those who accept JSON: fractions of seconds, Go's file modes."""
    rows = [{
        "name": _text(_name(status)), "size": status.size, "url": f"./{_href(status)}",
        "mod_time": _time("%Y-%m-%dT%H:%M:%S", status.modified)
        + f".{int(status.modified % 1 * 1e9):09d}".rstrip("0").rstrip(".") + "Z",
        "mode": status.mode | (0x80000000 if status.is_folder else 0)
        | (0x08000000 if status.kind is Kind.LINK else 0),
        "is_dir": status.is_folder, "is_symlink": status.kind is Kind.LINK,
    } for status in _folders_first(entries)]
    return _JSON, json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + "\n"


def python(path: str, entries: Sequence[FileStatus]) -> tuple[str, str]:
    """Python's ``http.server``: names alone."""
    title = f"Directory listing for {escape(path, quote=False)}"
    lines = ["<!DOCTYPE HTML>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
             f"<title>{title}</title>", "</head>", "<body>", f"<h1>{title}</h1>", "<hr>", "<ul>"]
    for status in sorted(entries, key=lambda status: status.name.lower()):
        mark = "@" if status.kind is Kind.LINK else ""
        href = quote(_name(status), errors="surrogateescape")
        lines.append(f'<li><a href="{href}">{escape(_name(status), quote=False)}{mark}</a></li>')
    lines += ["</ul>", "<hr>", "</body>", "</html>"]
    return _HTML, "\n".join(lines) + "\n"


def lighttpd(path: str, entries: Sequence[FileStatus]) -> tuple[str, str]:
    """lighttpd, ``dir-listing``: seconds, sizes with one decimal from K on."""
    title = f"Index of {escape(path)}"
    rows = ['<tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td>'
            '<td class="s">- &nbsp;</td><td class="t">Directory</td></tr>']
    for status in _folders_first(entries):
        folder = status.is_folder
        rows.append(
            f'<tr{" class=" + chr(34) + "d" + chr(34) if folder else ""}><td class="n">'
            f'<a href="{_safe_href(status)}">{escape(status.name)}</a>{"/" if folder else ""}</td>'
            f'<td class="m">{_time("%Y-%b-%d %H:%M:%S", status.modified)}</td>'
            f'<td class="s">{"- &nbsp;" if folder else _lighttpd_size(status.size)}</td>'
            f'<td class="t">{"Directory" if folder else "application/octet-stream"}</td></tr>')
    return _HTML, (
        f'<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n</head>\n<body>\n'
        f'<h2>{title}</h2>\n<div class="list">\n'
        '<table summary="Directory Listing" cellpadding="0" cellspacing="0">\n'
        '<thead><tr><th class="n">Name</th><th class="m">Last Modified</th><th class="s">Size</th>'
        '<th class="t">Type</th></tr></thead>\n<tbody>\n' + "\n".join(rows)
        + '\n</tbody>\n</table>\n</div>\n<div class="foot">lighttpd</div>\n</body>\n</html>\n')


def _lighttpd_size(size: float) -> str:
    """A size as lighttpd writes it: in K at least, one decimal."""
    units = iter("KMGTPE")
    unit, size = next(units), size / 1024
    while size >= 1000:
        unit, size = next(units), size / 1024
    return f"{size:.1f}{unit}"


def _text(name: str) -> str:
    """A name as JSON may hold it: bytes that are no text are replaced, as those servers do."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


PAGES: dict[str, Callable[[str, Sequence[FileStatus]], tuple[str, str]]] = {
    "apache": apache, "caddy": caddy, "lighttpd": lighttpd, "nginx": nginx,
    "nginx-json": nginx_json, "python": python,
}
"""The pages by the name of their server."""
