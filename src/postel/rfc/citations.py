"""An RFC as others cite it: BibTeX. Grammar."""

from __future__ import annotations

import re
import unicodedata

from .types import Record

__all__ = ["bibtex"]

_SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$",
            "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"',
            "\u0327": "c ", "\u030c": "v ", "\u030a": "r "}


def bibtex(record: Record) -> str:
    """An entry for BibTeX.

    Example:
        >>> record = Record(90000, "On 100% & more", ("A. Übel, Ed.",), doi="10.17487/RFC90000")
        >>> print(bibtex(record))
        @misc{rfc90000,
          series = {Request for Comments},
          number = 90000,
          howpublished = {RFC 90000},
          publisher = {RFC Editor},
          doi = {10.17487/RFC90000},
          url = {https://www.rfc-editor.org/info/rfc90000},
          author = {A. {\\"U}bel},
          title = {{On 100\\% \\& more}},
        }
    """
    number = record.number
    fields = [
        ("series", "{Request for Comments}"), ("number", str(number)),
        ("howpublished", f"{{RFC {number}}}"), ("publisher", "{RFC Editor}"),
        ("doi", f"{{{_plain(record.doi)}}}" if record.doi else ""),
        ("url", f"{{https://www.rfc-editor.org/info/rfc{number}}}"),
        ("author", "{" + " and ".join(_author(one) for one in record.authors) + "}"
         if record.authors else ""),
        ("title", "{{" + _escaped(record.title) + "}}"),
        ("pagetotal", str(record.pages) if record.pages else ""),
        ("year", str(record.date.year) if record.date else ""),
        ("month", f"{record.date:%b}".lower() if record.date else ""),
        ("day", str(record.date.day) if record.date and record.day_known else ""),
        ("abstract", "{" + _escaped(" ".join(record.abstract.split())) + "}"
         if record.abstract else ""),
    ]
    lines = [f"  {name} = {value}," for name, value in fields if value]
    return "\n".join([f"@misc{{rfc{number},", *lines, "}"])


def _plain(text: str) -> str:
    return re.sub(r"[^\w./:()-]", "", text)


def _author(name: str) -> str:
    name = re.sub(r", (?:Ed\.?|Editor)$", "", name)
    person = re.match(r"[A-Z]\w{0,2}\.|[A-Z][\w'-]+ [A-Z]", name) is not None or "." in name[:6]
    return _escaped(name) if person else "{" + _escaped(name) + "}"


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(char) or _letter(char) for char in text)


def _letter(char: str) -> str:
    """A letter with its accent as LaTeX writes it, where it has one."""
    parts = unicodedata.normalize("NFD", char)
    if len(parts) == 2 and parts[1] in _ACCENTS and parts[0].isascii():
        return "{\\" + _ACCENTS[parts[1]] + parts[0] + "}"
    return char if char.isprintable() else " "
