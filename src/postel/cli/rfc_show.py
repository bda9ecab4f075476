"""What ``postel rfc`` prints: banners, sections, grammar, errata, hits; and its pager."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..wire.text import display

if TYPE_CHECKING:
    from ..rfc.library_sync import Library
    from ..rfc.results import Hit, Report
    from ..rfc.store import Store
    from ..rfc.types import RFC, Erratum, Record

__all__ = ["age_line", "banner", "hit_lines", "numbers_text", "show", "told", "update_line",
           "update_record"]


def show(
    library: Library, numbers: tuple[int, ...], section: str, *, info: bool, sections: bool,
    abnf: bool, errata: bool, bibtex: bool, old: str | None, as_path: bool, as_json: bool,
    section_at: str | None, pager: bool | None, **_: Any,
) -> None:
    """Print what was asked of these RFCs."""
    modes = {"--info": info, "--sections": sections, "--abnf": abnf, "--errata": errata,
             "--bibtex": bibtex, "--diff": bool(old), "--path": as_path}
    chosen = [name for name, wanted in modes.items() if wanted]
    if len(chosen) > 1:
        raise UsageError(f"rfc: {' and '.join(chosen)} cannot be had at once")
    kind = chosen[0] if chosen else "--json" if as_json else "text"
    lines: list[str] = []
    at = 0
    for number in numbers:
        if kind == "text":
            memo = library.get(number)
            if section_at:
                at = len(lines) + len(banner(library, memo)) + memo.section(section_at).line + 2
            lines += _text(library, memo, section)
        else:
            lines += _facts(library, number, kind, section, old, as_json)
    paged = sys.stdout.isatty() if pager is None else pager
    if paged and kind in ("text", "--abnf", "--diff", "--sections") and not as_json:
        _page(lines, at)
    else:
        for line in lines:
            click.echo(line)


# -- one RFC -------------------------------------------------------------------------------


def _text(library: Library, memo: RFC, section: str) -> list[str]:
    """A section, or all of it with a banner; errata at their places."""
    if section:
        part = memo.section(section)
        first = part.line
        return [*_with_errata(memo, first, first + part.text.count("\n"))]
    return [*banner(library, memo), "", *_with_errata(memo, 0, memo.text.count("\n"))]


def _with_errata(memo: RFC, first: int, last: int) -> Iterator[str]:
    """Lines of the clean text, each verified erratum below the section that it is about."""
    from ..rfc.cleaning import printable
    from ..rfc.errata import at_section

    verified = memo.errata()
    notes: dict[int, list[Erratum]] = {}
    for section in memo.sections if verified else ():
        if found := at_section(verified, section):
            notes.setdefault(section.line + section.own.count("\n"), []).extend(found)
    lines = memo.text.split("\n")
    for number in range(first, min(last, len(lines))):
        yield printable(lines[number])
        for erratum in notes.get(number + 1, ()):
            yield from ("", *_marked(erratum))


def _marked(erratum: Erratum) -> list[str]:
    from ..rfc.errata import shown

    return [f"   | {display(line)}".rstrip() for line in shown(erratum).splitlines()]


def banner(library: Library, record: Record) -> list[str]:
    """What a reader has to know before the first line."""
    facts = [record.name, record.title, record.published, record.status, *record.also]
    lines = [display(" · ".join(fact for fact in facts if fact))]
    if record.obsoleted_by:
        lines.append(f"OBSOLETE: see {_dated(library, library.store.successors(record.number))}")
    for word, numbers in (("Obsoletes", record.obsoletes), ("Updates", record.updates),
                          ("Updated by", record.updated_by)):
        if numbers:
            lines.append(f"{word} {_dated(library, numbers)}")
    count = sum(one.is_verified for one in library.store.errata(record.number))
    if count:
        lines.append(f"{count} verified {'erratum' if count == 1 else 'errata'}, shown below")
    age = age_line(library.store)
    lines.append(age[:1].upper() + age[1:])
    return lines


def _dated(library: Library, numbers: Iterable[int]) -> str:
    found = []
    for number in numbers:
        record = library.store.record(number)
        when = f" ({record.published})" if record is not None and record.published else ""
        found.append(f"RFC {number}{when}")
    return ", ".join(found)


def numbers_text(numbers: Iterable[int]) -> str:
    """Numbers as people write them.

    Example:
        >>> numbers_text((7230, 7231))
        'RFC 7230, RFC 7231'
    """
    return ", ".join(f"RFC {number}" for number in numbers)


def _facts(
    library: Library, number: int, kind: str, section: str, old: str | None, as_json: bool
) -> list[str]:
    """Lines of everything that is not the text."""
    if kind == "--path":
        path = str(library.path(number))
        return [_dump({"number": number, "path": path}) if as_json else path]
    if kind == "--json" and section:
        return [_section_record(library.get(number), section)]
    if kind in ("--info", "--json"):
        return _info(library, number, as_json)
    if kind == "--errata":
        return _errata(library, number, section, as_json)
    memo = library.get(number)
    if kind == "--bibtex":
        return memo.bibtex().split("\n")
    if kind == "--diff":
        from ..rfc.comparing import differences

        return [display(line) for line in differences(library.get(old or ""), memo)]
    return _sections(memo, section, as_json) if kind == "--sections" else _abnf(
        memo, section, as_json)


def _info(library: Library, number: int, as_json: bool) -> list[str]:
    record = library.info(number)
    here = library.store.path(number)
    checked = library.store.meta().get("checked", "")
    if as_json:
        values = {**record.as_dict(), "path": str(here) if here else None,
                  "errata": [_erratum(one) for one in library.store.errata(number)],
                  "index_checked": checked or None}
        return [_dump(values)]
    facts = [
        ("Title", record.title), ("Authors", ", ".join(record.authors)),
        ("Published", record.published), ("Status", record.status), ("Stream", record.stream),
        ("Also", ", ".join(record.also)), ("Obsoleted by", _dated(library, record.obsoleted_by)),
        ("Updated by", _dated(library, record.updated_by)),
        ("Obsoletes", _dated(library, record.obsoletes)),
        ("Updates", _dated(library, record.updates)), ("DOI", record.doi),
        ("Formats", ", ".join(record.formats)),
        ("Pages", str(record.pages) if record.pages else ""),
        ("Keywords", ", ".join(record.keywords)),
        ("Errata", _counted(library.store.errata(number))),
        ("File", str(here) if here else "not in the mirror"),
        ("Index", age_line(library.store).removeprefix("index").lstrip(", ")),
    ]
    lines = [f"{record.name}"]
    lines += [f"{name + ':':14}{display(value)}" for name, value in facts if value]
    if record.abstract:
        import textwrap

        for part in record.abstract.split("\n\n"):
            lines += ["", *textwrap.wrap(display(part), 76, initial_indent="  ",
                                         subsequent_indent="  ")]
    return lines


def _section_record(memo: RFC, section: str) -> str:
    from ..rfc.errata import at_section

    part = memo.section(section)
    return _dump({"number": memo.number, "section": part.number, "title": part.title,
                  "level": part.level, "text": part.text,
                  "errata": [_erratum(one) for one in at_section(memo.errata(), part)]})


def _counted(errata: tuple[Erratum, ...]) -> str:
    counts: dict[str, int] = {}
    for one in errata:
        counts[one.status] = counts.get(one.status, 0) + 1
    return ", ".join(f"{count} {status.lower()}" for status, count in counts.items())


def _errata(library: Library, number: int, section: str, as_json: bool) -> list[str]:
    from ..rfc.errata import at_section, shown

    found = list(library.errata(number))
    if section:
        found = at_section(found, library.get(number).section(section))
    if as_json:
        return [_dump(_erratum(one)) for one in found]
    if not found:
        return [f"RFC {number}: no errata are known; {age_line(library.store)}"]
    return "\n\n".join("\n".join(display(line) for line in shown(one).splitlines())
                       for one in found).split("\n")


def _erratum(one: Erratum) -> dict[str, Any]:
    return dict(vars(one))


def _sections(memo: RFC, section: str, as_json: bool) -> list[str]:
    found = memo.sections
    if section:
        top = memo.section(section)
        last = top.line + top.text.count("\n")
        found = tuple(one for one in found if top.line <= one.line < last)
    if as_json:
        return [_dump({"number": one.number, "title": one.title, "level": one.level,
                       "line": one.line}) for one in found]
    return [f"{'  ' * (one.level - 1)}{display(one.name)}" for one in found]


def _abnf(memo: RFC, section: str, as_json: bool) -> list[str]:
    rules = memo.abnf()
    if section:
        part = memo.section(section)
        last = part.line + part.text.count("\n")
        inside = {one.number or one.title for one in memo.sections
                  if part.line <= one.line < last}
        rules = tuple(one for one in rules if one.section in inside)
    if as_json:
        return [_dump(vars(one)) for one in rules]
    lines: list[str] = []
    here = None
    for rule in rules:
        if rule.section != here:
            here = rule.section
            lines += ([""] if lines else []) + [f"; {memo.name}, section {display(here)}"]
        lines += [display(line) for line in rule.text.split("\n")]
    return lines


# -- searches and updates ------------------------------------------------------------------


def hit_lines(hit: Hit, query: str) -> str:
    """A hit as two lines; what was looked for stands out on a terminal."""
    where = f" §{hit.section}" if hit.section else ""
    heading = f" {hit.heading}" if hit.heading else ""
    gone = f" (obsolete: {numbers_text(hit.obsoleted_by)})" if hit.obsoleted_by else ""
    head = click.style(f"RFC {hit.number}{where}", bold=True)
    words = [re.escape(word) for word in re.findall(r"\w+", query)]
    snippet = re.sub(rf"\b(?:{'|'.join(words)})\w*", lambda found: click.style(
        found[0], bold=True), display(hit.snippet), flags=re.IGNORECASE)
    return f"{head}{display(heading)} — {display(hit.title)}{gone}\n    {snippet}"


def update_line(report: Report) -> str:
    """What an update did, in a sentence."""
    from .render import size

    did = [f"{report.fetched} fetched ({size(report.size)})" if report.fetched else
           "nothing fetched"]
    if report.indexed:
        did.append(f"{report.indexed} made searchable")
    if report.missing:
        did.append(f"{len(report.missing)} that no source has")
    if report.failed:
        did.append(f"{len(report.failed)} failed")
    if report.here + len(report.missing) < report.known:
        did.append("run it again to go on")
    did.append("the index is the newest" if report.unchanged else f"the index is {report.index}")
    return f"{report.here} of {report.known} texts are here: {', '.join(did)}"


def update_record(report: Report) -> dict[str, Any]:
    """The same for programs."""
    return {**vars(report), "missing": list(report.missing),
            "failed": {str(number): why for number, why in report.failed.items()},
            "ok": report.ok}


def told(what: str, done: int, total: int) -> None:
    """Show how far an update is."""
    click.echo(f"\r\x1b[K{what} {done} of {total}", nl=False, err=True)


def age_line(store: Store) -> str:
    """How old what is said here is."""
    meta = store.meta()
    if not meta.get("checked"):
        return "there is no index here: postel rfc --update fetches it"
    age = datetime.now(UTC) - datetime.fromisoformat(meta["checked"])
    made = f" of {meta['created']}" if meta.get("created") else ""
    old = " (postel rfc --update fetches a newer one)" if age.days > 30 else ""
    return f"index{made}, looked up {_ago(age)}{old}"


def _ago(age: timedelta) -> str:
    for count, word in ((age.days, "day"), (age.seconds // 3600, "hour"),
                        (age.seconds // 60, "minute")):
        if count > 0:
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    return "just now"


def _dump(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)


def _page(lines: list[str], at: int) -> None:
    """Show lines page by page, from line *at* on where the pager can."""
    import shlex
    import shutil
    import subprocess

    words = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    program = shutil.which(words[0]) or shutil.which("more")
    if program is None:
        click.echo("\n".join(lines))
        return
    if program.endswith("less") and at:
        words.append(f"+{at}g")
    found = subprocess.Popen(  # noqa: S603 - the pager that the user names
        [program, *words[1:]], stdin=subprocess.PIPE,
        env={"LESS": "FRX", **os.environ})
    try:
        found.communicate("\n".join(lines).encode("utf-8", "replace") + b"\n")
    except BrokenPipeError:
        pass  # it was left before the end
    except KeyboardInterrupt:
        found.wait()
