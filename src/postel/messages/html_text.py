"""HTML as text that can be read: paragraphs, lists, quotes, tables, links. Grammar: pure.

Nothing of it is run, fetched or trusted. The reader goes over the text once from tag to tag, by its
own scanner, because the standard library's takes time in the square of what is unclosed. It is no
cleaner: HTML that is to be shown as HTML needs one.
"""

from __future__ import annotations

import re
from html import unescape

__all__ = ["html_to_text"]

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:_-]*)")
_ATTRIBUTE = re.compile(
    r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?|["'/=<]""")
_SPACE = re.compile(r"[ \t\r\n\f\u200b\ufeff\u00ad\u034f\u200c]+")
_TRAILING = re.compile(r"[ \t]+\n")
_BLANK = re.compile(r"\n{3,}")

_UNSEEN = frozenset(("script", "style", "title", "template", "noscript", "iframe", "object",
                     "select", "textarea", "svg", "math"))
_BLOCKS = frozenset((
    "address", "article", "aside", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "header", "main", "nav", "section", "summary", "tr", "table",
    "body", "html", "tbody", "thead", "li"))
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre",
                         "hr"))
_LONGEST_TAG = 100_000
_DEEPEST = 20
"""Quotes and lists that are shown within each other; deeper ones look like the last."""


def html_to_text(html: str, *, links: bool = True) -> str:
    """What a reader would see of *html*, as plain text.

    Args:
        html: any text.
        links: whether addresses of links stand behind their words.

    Example:
        >>> html_to_text('<p>Hello <b>you</b>,<p>see <a href="https://x.example/">this</a>')
        'Hello you,\\n\\nsee this <https://x.example/>'
    """
    page = _Page(links)
    page.read(html)
    return page.text()


class _Page:
    """What has been read, and where the reader is."""

    def __init__(self, links: bool) -> None:
        self.out: list[str] = []
        self.links = links
        self.space = False  # a space is due before the next word
        self.lines = 2  # line ends that stand at the end of what is out
        self.quote = 0
        self.lists: list[int] = []  # of each list: its last number, -1 for dots
        self.pre = 0
        self.anchors: list[tuple[str, int]] = []
        self.cell = False

    def read(self, html: str) -> None:
        """Go over the whole."""
        at = 0
        lower = ""
        dead: set[str] = set()  # ends that do not come any more
        while True:
            here = html.find("<", at)
            if here < 0:
                self.words(html[at:])
                return
            if here > at:
                self.words(html[at:here])
            tag = _TAG.match(html, here)
            if tag is None:
                at = self.odd(html, here, dead)
                continue
            name = tag[2].lower()
            attributes, at = _attributes(html, tag.end(), bool(tag[1]) or name not in ("a", "img"))
            if tag[1]:
                self.close(name)
            elif name in _UNSEEN:
                lower = lower or html.lower()
                end = -1 if name in dead else lower.find(f"</{name}", at)
                if end < 0:
                    dead.add(name)
                    end = at if name not in ("script", "style") else len(html)
                at = end
            else:
                self.open(name, attributes)

    def odd(self, html: str, here: int, dead: set[str]) -> int:
        """A comment, a declaration, or a plain less-than sign."""
        if html.startswith("<!--", here):
            end = -1 if "--" in dead else html.find("-->", here + 4)
            if end >= 0:
                return end + 3
            dead.add("--")
        if html.startswith(("<!", "<?", "</"), here):
            end = -1 if ">" in dead else html.find(">", here)
            if end >= 0:
                return end + 1
            dead.add(">")
        self.words("<")
        return here + 1

    def words(self, raw: str) -> None:
        """Running text."""
        text = unescape(raw) if "&" in raw else raw
        if self.pre:
            self.put(text.replace("\r\n", "\n"))
            return
        pieces = _SPACE.split(text)
        if not pieces[0]:
            self.space = True
        joined = " ".join(piece for piece in pieces if piece)
        if joined:
            if self.cell:
                self.cell = False
                joined = joined if self.lines else f"\t{joined}"
                self.space = False
            self.put(joined)
            self.space = not pieces[-1]

    def put(self, text: str) -> None:
        """Append, with the prefix of quotes and lists at the start of a line."""
        if not text:
            return
        if self.lines:
            self.out.append("> " * self.quote)
        elif self.space:
            self.out.append(" ")
        self.space = False
        if self.quote and "\n" in text:
            text = text.replace("\n", "\n" + "> " * self.quote)
        self.out.append(text)
        self.lines = 1 if text.endswith("\n") else 0

    def ends(self, lines: int) -> None:
        """At least so many line ends stand here."""
        while self.lines < lines:
            self.out.append("\n" if self.lines == 0 else ("> " * self.quote).rstrip() + "\n")
            self.lines += 1
        self.space = self.cell = False

    def open(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens."""
        if name == "br":
            self.out.append("\n" if not self.lines else "> " * self.quote + "\n")
            self.lines = min(2, self.lines + 1)
            self.space = False
        elif name in _PARAGRAPHS:
            self.ends(1 if name in ("ul", "ol") and self.lists else 2)
            if name == "blockquote":
                self.quote = min(_DEEPEST, self.quote + 1)
            elif name in ("ul", "ol"):
                self.lists.append(-1 if name == "ul" else 0)
            elif name == "pre":
                self.pre += 1
            elif name == "hr":
                self.put("-" * 40)
                self.ends(2)
        elif name in _BLOCKS:
            self.ends(1)
            if name == "li":
                self.item()
        elif name in ("td", "th"):
            self.cell = True
        elif name == "a":
            self.anchors.append((attributes.get("href", ""), len(self.out)))
        elif name == "img" and (alt := attributes.get("alt", "").strip()):
            self.words(f"[{alt}]")

    def item(self) -> None:
        """A point of a list."""
        mark = "* "
        if self.lists and self.lists[-1] >= 0:
            self.lists[-1] += 1
            mark = f"{self.lists[-1]}. "
        self.put("  " * min(max(0, len(self.lists) - 1), _DEEPEST) + mark)

    def close(self, name: str) -> None:
        """A tag closes."""
        if name in _PARAGRAPHS:
            if name == "blockquote":
                self.quote = max(0, self.quote - 1)
            self.ends(1 if name in ("ul", "ol") and len(self.lists) > 1 else 2)
            if name in ("ul", "ol") and self.lists:
                self.lists.pop()
            elif name == "pre":
                self.pre = max(0, self.pre - 1)
        elif name in _BLOCKS:
            self.ends(1)
        elif name == "a" and self.anchors:
            href, begun = self.anchors.pop()
            shown = "".join(self.out[begun:]).strip() if len(self.anchors) < _DEEPEST else ""
            href = "".join(href.split())
            if self.links and href and href != shown and not href.startswith(
                    ("#", "javascript:", "data:")) and href.removeprefix("mailto:") != shown:
                self.space = bool(shown)
                self.put(f"<{href}>")

    def text(self) -> str:
        """All of it."""
        whole = _TRAILING.sub("\n", "".join(self.out))
        return _BLANK.sub("\n\n", whole).strip("\n").rstrip()


def _attributes(html: str, at: int, skip: bool) -> tuple[dict[str, str], int]:
    """The attributes of a tag, and where it ends."""
    found: dict[str, str] = {}
    simple = html.find(">", at, at + _LONGEST_TAG)
    if simple >= 0 and '"' not in html[at:simple] and "'" not in html[at:simple] and skip:
        return found, simple + 1
    stop = min(len(html), at + _LONGEST_TAG)
    while at < stop:
        if html[at] == ">":
            return found, at + 1
        match = _ATTRIBUTE.match(html, at, stop)
        if match is None:
            at += 1
            continue
        name = match[1]
        if name and not skip:
            value = match[2] or match[3] or match[4] or ""
            found.setdefault(name.lower(), unescape(value))
        at = match.end()
    return found, at
