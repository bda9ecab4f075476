"""Answers, messages passed on, and messages taken up again as drafts. Grammar: pure.

What a received message says comes from a stranger: its subject may hold line ends within encoded
words, its ids may be none. All of it is made plain before it becomes part of a new message, and
addresses go through the same strict reader as those of a caller: one that cannot be written is an
error that names it, not a recipient less.
"""

from __future__ import annotations

import html as html_
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .dates import format_date
from .draft import Message
from .encode_addresses import Box, boxes, named
from .source import Attachment
from .words import decode_words

if TYPE_CHECKING:
    from .parsed import Parsed

__all__ = ["draft_of", "forward", "quoted", "reply"]

LONGEST_SUBJECT = 500
"""Characters of a subject that are taken along."""

_RE = re.compile(r"(?:(?:re|aw|sv|vs|antw|odp|ynt|res|rif|回复|答复)(?:\[\d{1,3}\])?\s*[:：]\s*)+",
                 re.IGNORECASE)
_FWD = re.compile(r"(?:(?:fwd?|wg|tr|vb|转发)\s*[:：]\s*)+", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ID = re.compile(r"[^<>\s\x00-\x1f\x7f-\U0010ffff]{1,900}\Z")
_OURS = frozenset((
    "from", "to", "cc", "bcc", "reply-to", "sender", "subject", "date", "message-id",
    "in-reply-to", "references", "mime-version"))
_TRACE = ("received", "return-path", "delivered-to", "x-original-to", "dkim-signature", "arc-",
          "authentication-results", "content-", "resent-", "envelope-to", "status", "x-status")


def reply(parsed: Parsed, *, from_: Any, text: str | None = None, html: str | None = None,
          everyone: bool = False, me: Any = (), quote: bool = True, **more: Any) -> Message:
    """An answer: to whom it should go, in its thread, with what it answers quoted below.

    Args:
        parsed: what is answered.
        from_: who answers.
        text: the answer.
        html: the answer as HTML.
        everyone: whether all who had it get a copy.
        me: further addresses of the one who answers; they get no copy.
        quote: whether the text is quoted.
        more: further arguments of `Message`, which go before what is found here.

    Raises:
        UsageError: an address of it cannot be written to; give ``to=`` or ``cc=`` yourself.

    Example:
        >>> from postel.messages import parse
        >>> got = parse(b"From: Bob <bob@example.org>\\r\\nSubject: Lunch\\r\\n"
        ...             b"Message-ID: <1@example.org>\\r\\n\\r\\nAt noon?\\r\\n")
        >>> answer = reply(got, from_="ann@example.org", text="Yes.")
        >>> answer.subject, str(answer.to[0]), answer.in_reply_to
        ('Re: Lunch', 'Bob <bob@example.org>', '<1@example.org>')
        >>> print(answer.text)
        Yes.
        <BLANKLINE>
        Bob wrote:
        > At noon?
        <BLANKLINE>
    """
    own = {box.address.lower() for box in (*boxes(from_, "from_"), *boxes(me, "me"))}
    given = more.pop("to", None)
    author = _boxes(parsed.reply_to or parsed.from_, "the sender's address") if not given else []
    mine = bool(author) and all(box.address.lower() in own for box in author)
    to = given or (_boxes(parsed.to, "To") if mine else author)
    cc = more.pop("cc", None)
    if everyone and cc is None:
        known = own | {box.address.lower() for box in boxes(to, "to")}
        others = [*(() if mine else _boxes(parsed.to, "To")), *_boxes(parsed.cc, "Cc")]
        cc = [box for box in others if box.address.lower() not in known]
    before = _references(parsed)
    line = _attribution(parsed)
    if quote and (text is not None or html is None):
        text = f"{text or ''}\n\n{line}\n{quoted(parsed.text)}"
    if quote and html is not None:
        html = (f"{html}<p>{html_.escape(line)}</p><blockquote type=\"cite\">"
                f"{parsed.html or _as_html(parsed.text)}</blockquote>")
    fields: dict[str, Any] = {
        "subject": f"Re: {_RE.sub('', plain(parsed.subject), count=1)}",
        "in_reply_to": before[-1] if _valid(parsed.message_id) else "", "references": before}
    return Message(from_=from_, to=to, cc=cc, text=text, html=html, **{**fields, **more})


def plain(text: str) -> str:
    """A text of a stranger as one line without control characters."""
    return _CONTROL.sub(" ", text).strip()[:LONGEST_SUBJECT]


def _boxes(addresses: Iterable[Any], what: str) -> list[Box]:
    """Addresses of a message that was read, as ones that can be written."""
    found: list[Box] = []
    for one in addresses:
        if hasattr(one, "members"):
            found += _boxes(one.members, what)
            continue
        try:
            found.append(named(plain(one.name), one.address, what))
        except UsageError as error:
            raise UsageError(f"reply: {error.message}",
                             hint="give to= or cc= yourself") from None
    return found


def _valid(one: str) -> bool:
    return _ID.match(one) is not None


def _references(parsed: Parsed) -> list[str]:
    """The thread so far (RFC 5322 section 3.6.4), without what is no id."""
    before = parsed.references or parsed.in_reply_to[:1]
    return [f"<{one}>" for one in (*before, parsed.message_id) if _valid(one)]


def _attribution(parsed: Parsed) -> str:
    who = next((plain(one.name) or plain(one.address) for one in parsed.from_.mailboxes), "Someone")
    when = parsed.date
    return f"On {format_date(when)}, {who} wrote:" if when else f"{who} wrote:"


def quoted(text: str) -> str:
    r"""A text with a mark before each line.

    Example:
        >>> quoted("Hello\n> Hi\n\nBye\n")
        '> Hello\n>> Hi\n>\n> Bye\n'
    """
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    return "".join(f">{line}\n" if line[:1] in (">", "") else f"> {line}\n" for line in lines)


def _as_html(text: str) -> str:
    return f"<pre>{html_.escape(text)}</pre>"


def forward(parsed: Parsed, *, from_: Any, to: Any, text: str | None = None,
            attached: bool = False, **more: Any) -> Message:
    """A message passed on: its text and files in a new one, or the whole as it is.

    Args:
        parsed: what is passed on.
        from_: who passes it on.
        to: to whom.
        text: what is said about it.
        attached: whether it goes along whole, byte for byte, its signatures intact.
        more: further arguments of `Message`.

    Example:
        >>> from postel.messages import parse
        >>> got = parse(b"From: bob@example.org\\r\\nSubject: Lunch\\r\\n\\r\\nAt noon?\\r\\n")
        >>> forward(got, from_="ann@example.org", to="cy@example.org").subject
        'Fwd: Lunch'
    """
    subject = plain(parsed.subject)
    more = {"subject": f"Fwd: {_FWD.sub('', subject, count=1)}",
            "references": _references(parsed), **more}
    if attached:
        name = (re.sub(r"[^\w .-]", "_", subject)[:60].strip(" .") or "message") + ".eml"
        return Message(from_=from_, to=to, text=text or "",
                       attach=[Attachment(bytes(parsed.raw), name, "message/rfc822"),
                               *more.pop("attach", ())], **more)
    head = _summary(parsed)
    body, inline, files = _contents(parsed)
    if body is not None:
        above = f"<p>{html_.escape(text)}</p>" if text else ""
        rows = "<br>".join(html_.escape(row) for row in head)
        more.setdefault("html", f"{above}<p>{rows}</p>{body}")
    said = f"{text}\n\n" if text else ""
    shown = "\n".join(head)
    return Message(from_=from_, to=to, text=f"{said}{shown}\n\n{parsed.text}",
                   inline=inline, attach=[*files, *more.pop("attach", ())], **more)


def _summary(parsed: Parsed) -> list[str]:
    """The lines above a text that is passed on."""
    rows = ["---------- Forwarded message ----------"]
    for name, value in (("From", _shown(parsed.from_)),
                        ("Date", format_date(parsed.date) if parsed.date else ""),
                        ("Subject", plain(parsed.subject)), ("To", _shown(parsed.to)),
                        ("Cc", _shown(parsed.cc))):
        if value:
            rows.append(f"{name}: {value}")
    return rows


def _shown(addresses: Iterable[object]) -> str:
    return ", ".join(_CONTROL.sub(" ", str(one)) for one in addresses)


def _contents(parsed: Parsed) -> tuple[str | None, list[Attachment], list[Attachment]]:
    """The HTML of a message, what it shows, and what else is attached."""
    body = parsed.html
    inline: list[Attachment] = []
    files: list[Attachment] = []
    for one in parsed.attachments:
        cid = one.content_id.strip("<>")
        kind = re.match(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", one.content_type, re.ASCII)
        shown = bool(cid and body and f"cid:{cid}" in body and _safe(cid))
        made = Attachment(one.content, one.filename or one.name, kind[0] if kind else "",
                          cid if shown else "")
        (inline if shown else files).append(made)
    return body, inline, files


def _safe(cid: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}", cid) is not None


def draft_of(parsed: Parsed) -> Message:
    """A message that was read, as a draft: to change it, or to send it once more.

    What only its journey has written is left out: traces, signatures, results of checks.

    Args:
        parsed: what was read.

    Raises:
        UsageError: it is signed or encrypted as a whole: a draft of it would lose that.

    Example:
        >>> from postel.messages import parse
        >>> draft_of(parse(b"From: a@example.org\\r\\nX-Tag: y\\r\\n\\r\\nHi\\r\\n")).headers
        (('X-Tag', 'y'),)
    """
    kind = parsed.root.content_type
    if kind in ("multipart/signed", "multipart/encrypted", "application/pkcs7-mime"):
        raise UsageError(f"draft: {kind} cannot be taken apart without losing what it proves",
                         hint="send its bytes as they are, or forward(…, attached=True)")
    body, inline, files = _contents(parsed)
    headers = []
    for field in parsed.headers:
        name = field.name
        if name and name.lower() not in _OURS and not name.lower().startswith(_TRACE):
            headers.append((name, plain_value(field.value)))
    has_text = bool(parsed.text_parts) and parsed.text_parts[0].content_type != "text/html"
    message_id = parsed.message_id
    return Message(
        from_=_boxes(parsed.from_, "From"), to=_boxes(parsed.to, "To"),
        cc=_boxes(parsed.cc, "Cc"), bcc=_boxes(parsed.bcc, "Bcc"),
        reply_to=_boxes(parsed.reply_to, "Reply-To"),
        sender=_boxes(parsed.sender.mailboxes[:1], "Sender"),
        subject=_CONTROL.sub(" ", parsed.subject), text=parsed.text if has_text else None,
        html=body, inline=inline, attach=files, headers=headers, date=parsed.date,
        message_id=f"<{message_id}>" if _valid(message_id) else "",
        in_reply_to=next((f"<{one}>" for one in parsed.in_reply_to if _valid(one)), ""),
        references=[f"<{one}>" for one in parsed.references if _valid(one)])


def plain_value(value: str) -> str:
    """A field's value as it was read, decoded, on one line."""
    return _CONTROL.sub(" ", decode_words(re.sub(r"\r?\n[ \t]", " ", value))).strip()
