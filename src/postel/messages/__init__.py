"""Messages: compose and parse MIME, sign and verify, threads. Grammar: pure, no I/O.

Everything is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .addresses import Address, AddressList, Group, parse_addresses
    from .answers import draft_of, forward, reply
    from .attachments import Attached
    from .auth_results import AuthResults, auth_results_of
    from .build import Built
    from .calendar import Calendar, Invite, invites_of, read_calendar
    from .dates import format_date, parse_date
    from .defects import Defect
    from .dkim_sign import Signer
    from .draft import Message
    from .exchange import from_email, to_email
    from .headers import Field, Headers
    from .html_text import html_to_text
    from .ids import parse_ids
    from .invite import Event, answer_to
    from .lists import ListInfo, list_of
    from .media_types import type_of
    from .parameters import parse_parameters
    from .parsed import Parsed, parse
    from .part import Part
    from .questions import Asking, Found, Question, offline
    from .reports import Delivery, Feedback, Reading, report_of
    from .source import Attachment, Source
    from .threads import Thread, ThreadEntry, Threads
    from .tnef import Tnef, is_tnef, read_tnef
    from .words import decode_words

__all__ = [
    "Address", "AddressList", "Asking", "Attached", "Attachment", "AuthResults", "Built",
    "Calendar", "Defect", "Delivery", "Event", "Feedback", "Field", "Found", "Group", "Headers",
    "Invite", "ListInfo", "Message", "Parsed", "Part", "Question", "Reading", "Signer",
    "Source", "Thread", "ThreadEntry", "Threads", "Tnef", "answer_to", "auth_results_of",
    "decode_words", "draft_of", "format_date", "forward", "from_email", "html_to_text",
    "invites_of", "is_tnef", "list_of", "offline", "parse", "parse_addresses", "parse_date",
    "parse_ids", "parse_parameters", "read_calendar", "read_tnef", "reply", "report_of",
    "to_email", "type_of",
]

_HOMES = {
    "addresses": ("Address", "AddressList", "Group", "parse_addresses"),
    "answers": ("draft_of", "forward", "reply"),
    "attachments": ("Attached",),
    "auth_results": ("AuthResults", "auth_results_of"),
    "build": ("Built",),
    "calendar": ("Calendar", "Invite", "invites_of", "read_calendar"),
    "dates": ("format_date", "parse_date"),
    "defects": ("Defect",),
    "dkim_sign": ("Signer",),
    "draft": ("Message",),
    "exchange": ("from_email", "to_email"),
    "headers": ("Field", "Headers"),
    "html_text": ("html_to_text",),
    "ids": ("parse_ids",),
    "invite": ("Event", "answer_to"),
    "lists": ("ListInfo", "list_of"),
    "media_types": ("type_of",),
    "parameters": ("parse_parameters",),
    "parsed": ("Parsed", "parse"),
    "part": ("Part",),
    "questions": ("Asking", "Found", "Question", "offline"),
    "reports": ("Delivery", "Feedback", "Reading", "report_of"),
    "source": ("Attachment", "Source"),
    "threads": ("Thread", "ThreadEntry", "Threads"),
    "tnef": ("Tnef", "is_tnef", "read_tnef"),
    "words": ("decode_words",),
}
"""Each module with the names that are taken from it; add yours sorted."""


def __getattr__(name: str) -> Any:
    """Load *name* from where it lives."""
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
