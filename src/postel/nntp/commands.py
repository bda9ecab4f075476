"""The commands of NNTP from typed arguments, each with the codes that a body follows. Pure.

RFC 3977; RFC 2980 for XOVER, XHDR and XPAT; RFC 4642 STARTTLS; RFC 4643 AUTHINFO; RFC 4644
streaming; RFC 6048 LIST; RFC 8054 COMPRESS. Servers that answer the old commands with the codes of
the new ones, and the other way round, are understood: `_ROWS` and `_VALUES` hold both.
"""

from __future__ import annotations

from ..errors import UsageError
from ..secrets import HIDDEN
from ..wire.base import argument
from .wire import Ask

__all__ = [
    "article",
    "auth_pass",
    "auth_sasl",
    "auth_user",
    "capabilities",
    "check",
    "command",
    "compress",
    "date",
    "group",
    "hdr",
    "help_",
    "ihave",
    "last",
    "list_",
    "listgroup",
    "message_id",
    "mode_reader",
    "mode_stream",
    "newgroups",
    "newnews",
    "next_",
    "over",
    "post",
    "quit_",
    "span",
    "starttls",
    "stat",
    "takethis",
    "xfeature_gzip",
    "xpat",
]

_ROWS = frozenset((224,))
_VALUES = frozenset((225, 221, 211))  # XHDR is 221 in RFC 2980, and 211 from WendzelNNTPd
_LISTS = frozenset((215,))
_MOST_DIGITS = 20
_LONGEST_ID = 250  # RFC 3977 section 3.6; servers with longer ones exist, and are let be
_ARTICLE = {"ARTICLE": frozenset((220,)), "HEAD": frozenset((221,)), "BODY": frozenset((222,))}
_MOST_CHARACTERS = 1_000


def command(verb: str, *arguments: str, bodies: frozenset[int] = frozenset()) -> Ask:
    """A command line from its parts, each checked; no part may hold a space.

    Raises:
        UsageError: a part holds a line break, a space, or nothing.
    """
    words = [verb.encode()]
    for text in arguments:
        word = argument(text, verb)
        if not word or b" " in word or b"\t" in word:
            raise UsageError(f"{verb} {text!r}: no word", hint="nothing was sent; names and "
                             "patterns of news hold no spaces")
        words.append(word)
    return Ask(b" ".join(words), bodies=bodies)


def message_id(text: str) -> str:
    """A message-id with its angle brackets, whether it was given with them or not.

    Raises:
        UsageError: it is none.

    Example:
        >>> message_id("a@b.example")
        '<a@b.example>'
    """
    name = text if text.startswith("<") else f"<{text}>"
    inner = name[1:-1]
    if (not name.endswith(">") or not inner or len(name) > _MOST_CHARACTERS
            or any(char in "<> \t\r\n\0" for char in inner)):
        raise UsageError(f"{text[:80]!r}: no message-id",
                         hint="it looks like <something@host>, without spaces")
    return name


def span(first: int, last: int | None) -> str:
    """A range of numbers as commands take it; open-ended where *last* is None.

    Example:
        >>> span(3, 3), span(3, 9), span(3, None)
        ('3', '3-9', '3-')
    """
    for number in (first, last or 0):
        if number < 0 or len(str(number)) > _MOST_DIGITS:
            raise UsageError(f"{number}: no article has this number")
    if last is None:
        return f"{first}-"
    return str(first) if first == last else f"{first}-{last}"


def _which(which: int | str | None) -> tuple[str, ...]:
    """The argument that names an article: its number, its id, or the one that is current."""
    if which is None:
        return ()
    return (span(which, which) if isinstance(which, int) else message_id(which),)


def article(part: str, which: int | str | None) -> Ask:
    """ARTICLE, HEAD or BODY."""
    line = command(part, *_which(which)).line
    return Ask(line, bodies=_ARTICLE[part], exact=True)


def stat(which: int | str | None) -> Ask:
    """Whether there is such an article, its number and id."""
    return command("STAT", *_which(which))


def next_() -> Ask:
    """Go to the next article."""
    return Ask(b"NEXT")


def last() -> Ask:
    """Go to the article before."""
    return Ask(b"LAST")


def group(name: str) -> Ask:
    """Select a group."""
    return command("GROUP", name)


def listgroup(name: str | None, numbers: str | None) -> Ask:
    """Select a group and list its numbers."""
    words = [word for word in (name, numbers) if word is not None]
    return command("LISTGROUP", *words, bodies=frozenset((211,)))


def over(verb: str, which: str) -> Ask:
    """OVER, XOVER or XZVER of a range or an id."""
    return Ask(command(verb, which).line, bodies=_ROWS, packed=verb == "XZVER")


def hdr(verb: str, field: str, which: str) -> Ask:
    """HDR, XHDR or XZHDR of a range or an id."""
    return Ask(command(verb, field, which).line, bodies=_VALUES, packed=verb == "XZHDR")


def xpat(field: str, which: str, patterns: tuple[str, ...]) -> Ask:
    """The articles whose field fits a wildmat (RFC 2980 section 2.9)."""
    return command("XPAT", field, which, *patterns, bodies=_VALUES)


def list_(keyword: str, *arguments: str) -> Ask:
    """LIST with one of its keywords; with "", as RFC 977 knew it."""
    return command(f"LIST {keyword}".rstrip(), *arguments, bodies=_LISTS)


def newgroups(when: str) -> Ask:
    """The groups made since; *when* is ``"20260102 030405 GMT"``."""
    return Ask(b"NEWGROUPS " + argument(when, "date"), bodies=frozenset((231,)))


def newnews(wildmat: str, when: str) -> Ask:
    """The ids of articles that came since."""
    line = command("NEWNEWS", wildmat).line + b" " + argument(when, "date")
    return Ask(line, bodies=frozenset((230,)))


def capabilities() -> Ask:
    """What the server can do."""
    return Ask(b"CAPABILITIES", bodies=frozenset((101,)))


def mode_reader() -> Ask:
    """We want to read."""
    return Ask(b"MODE READER")


def mode_stream() -> Ask:
    """We want to send many (RFC 4644)."""
    return Ask(b"MODE STREAM")


def date() -> Ask:
    """The server's clock."""
    return Ask(b"DATE")


def help_() -> Ask:
    """A text for people."""
    return Ask(b"HELP", bodies=frozenset((100,)))


def post() -> Ask:
    """May I post?"""
    return Ask(b"POST", goes_on=frozenset((340,)))


def ihave(name: str) -> Ask:
    """Do you want this article?"""
    return Ask(command("IHAVE", message_id(name)).line, goes_on=frozenset((335,)))


def check(name: str) -> Ask:
    """Would you want this article?"""
    return command("CHECK", message_id(name))


def takethis(name: str) -> Ask:
    """Here is an article; it follows at once."""
    return command("TAKETHIS", message_id(name))


def quit_() -> Ask:
    """The end."""
    return Ask(b"QUIT", closes=True)


def starttls() -> Ask:
    """Go on in TLS (RFC 4642)."""
    return Ask(b"STARTTLS")


def compress(algorithm: str = "DEFLATE") -> Ask:
    """Go on compressed (RFC 8054)."""
    return command("COMPRESS", algorithm)


def xfeature_gzip(*, terminator: bool) -> Ask:
    """Listings are compressed from now on, as some servers of binaries do."""
    return Ask(b"XFEATURE COMPRESS GZIP" + (b" TERMINATOR" if terminator else b""))


def auth_user(name: str) -> Ask:
    """Who."""
    return Ask(b"AUTHINFO USER " + argument(name, "user name"))


def auth_pass(password: str) -> Ask:
    """The password."""
    return Ask(b"AUTHINFO PASS " + argument(password, "password"),
               shown=f"AUTHINFO PASS {HIDDEN}")


def auth_sasl(mechanism: str, initial: bytes | None) -> Ask:
    """Begin a SASL dialogue (RFC 4643 section 2.4)."""
    line = b"AUTHINFO SASL " + argument(mechanism, "mechanism")
    if initial is None:
        return Ask(line, goes_on=frozenset((383,)))
    return Ask(line + b" " + initial, goes_on=frozenset((383,)),
               shown=f"AUTHINFO SASL {mechanism} {HIDDEN}")
