"""Messages: compose and parse MIME, sign and verify, threads. Grammar: pure, no I/O.

Everything is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .addresses import Address, AddressList, Group, parse_addresses
    from .attachments import Attached
    from .dates import format_date, parse_date
    from .defects import Defect
    from .dkim_sign import Signer
    from .headers import Field, Headers
    from .html_text import html_to_text
    from .ids import parse_ids
    from .parameters import parse_parameters
    from .parsed import Parsed, parse
    from .part import Part
    from .questions import Asking, Found, Question, offline
    from .words import decode_words

__all__ = [
    "Address", "AddressList", "Asking", "Attached", "Defect", "Field", "Found", "Group", "Headers",
    "Parsed", "Part", "Question", "Signer", "decode_words", "format_date", "html_to_text",
    "offline", "parse", "parse_addresses", "parse_date", "parse_ids", "parse_parameters",
]

_HOMES = {
    "addresses": ("Address", "AddressList", "Group", "parse_addresses"),
    "attachments": ("Attached",),
    "dates": ("format_date", "parse_date"),
    "defects": ("Defect",),
    "dkim_sign": ("Signer",),
    "headers": ("Field", "Headers"),
    "html_text": ("html_to_text",),
    "ids": ("parse_ids",),
    "parameters": ("parse_parameters",),
    "parsed": ("Parsed", "parse"),
    "part": ("Part",),
    "questions": ("Asking", "Found", "Question", "offline"),
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
