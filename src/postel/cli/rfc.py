"""``postel rfc``: the RFC series, read, searched, cited, kept on this disk.

A number from the mirror is printed before most of Postel is loaded: the options of clients, and the
clients, come in only when one of them is used (`_Verb`).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import NotFound, UsageError
from ..wire.text import display

if TYPE_CHECKING:
    from ..rfc.library_sync import Library
    from ..rfc.store import Store
    from .options import Settings

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])

_HELP = """The RFC series: read, searched, cited, kept on this disk.

WHAT is a number, std3, bcp14, or a name such as smtp, which leads to the current standard.
SECTION is a number ("4.1.1.4", "A.1") or a title. A number alone prints the text as it was
published; on a terminal, and with --clean, without page breaks, with what became of it on
top, and with verified errata in their places. What is fetched is kept; --update fetches all.
"""

_OWN = (
    click.argument("words", nargs=-1, metavar="[WHAT] [SECTION]"),
    click.option("--search", metavar="TEXT",
                 help="Search all texts of the mirror: words, \"a phrase\", beginning*."),
    click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True,
                 metavar="N", help="So many hits at most."),
    click.option("--update", is_flag=True,
                 help="Fetch the index, the errata and all texts that are not here; or just "
                      "those named."),
    click.option("--info", is_flag=True, help="What the index says of it."),
    click.option("--sections", is_flag=True, help="The tree of its sections."),
    click.option("--abnf", is_flag=True, help="The rules of its grammar."),
    click.option("--errata", is_flag=True, help="Its errata, of any status."),
    click.option("--bibtex", is_flag=True, help="An entry for BibTeX."),
    click.option("--diff", "old", metavar="OLD",
                 help="What it says otherwise than another RFC."),
    click.option("--path", "as_path", is_flag=True, help="The file in the mirror."),
    click.option("--clean/--raw", "clean", default=None,
                 help="As it is read, or byte for byte as it was published."),
    click.option("--at", "section_at", metavar="SECTION",
                 help="Open the whole text at this section."),
    click.option("--pager/--no-pager", "pager", default=None,
                 help="Page by page; the default on a terminal."),
    click.option("--source", "sources", metavar="URL", multiple=True,
                 help="Where RFCs are had from: https://, ftp:// … or a folder; may be given "
                      "again: they are tried in order. POSTEL_RFC_SOURCES names them, too."),
    click.option("--folder", metavar="DIR",
                 help="Of the mirror; POSTEL_RFC names it, too."),
    click.option("--offline", is_flag=True, help="Ask nobody: only what is in the mirror."),
    click.option("--parallel", type=click.IntRange(1, 32), default=4, show_default=True,
                 metavar="N", help="Connections at once, for --update."),
    click.option("--json", "as_json", is_flag=True,
                 help="One JSON object a line, for programs."),
)


def _options(function: F) -> F:
    for option in reversed(_OWN):
        function = option(function)
    return function


def _light() -> click.Command:
    """The verb with its own options alone."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
    made: click.Command = click.command("rfc", help=_HELP)(_options(quiet(_run)))
    return made


def _whole() -> click.Command:
    """The verb with the options of every client, too."""
    from .options import client_options

    def run(settings: Settings, **own: Any) -> int:
        return _run(settings=settings, quiet=settings.quiet, **own)

    made: click.Command = click.command("rfc", help=_HELP)(_options(client_options(run)))
    return made


class _Verb(click.Command):
    """Loads the options of clients only when something is said that may be one of them."""

    def __init__(self) -> None:
        self._all: click.Command | None = None
        super().__init__("rfc", help=_HELP)

    @property
    def params(self) -> list[click.Parameter]:
        """All parameters, for help and completion."""
        if self._all is None:
            self._all = _whole()
        return self._all.params

    @params.setter
    def params(self, value: list[click.Parameter]) -> None:
        """`click.Command` sets what there is to begin with: nothing."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """A context of the light verb, or of the whole one."""
        light = _light()
        known = {name for one in light.params for name in (*one.opts, *one.secondary_opts)}
        plain = all(word.partition("=")[0] in known for word in args if word.startswith("-"))
        return (light if plain else _whole()).make_context(info_name, args, parent, **extra)


command = _Verb()


def _run(
    words: tuple[str, ...], search: str | None, update: bool, sources: tuple[str, ...],
    folder: str | None, offline: bool, settings: Settings | None = None, **more: Any,
) -> int:
    """Do what was asked for: from the mirror alone where that has it, else with a library."""
    if search is not None:
        return _search(folder, " ".join((search, *words)), **more)
    if not words and not update:
        raise UsageError("rfc: which one?",
                         hint="postel rfc 5321, rfc smtp, rfc --search WORDS, rfc --update")
    if len(words) == 1 and not update and not sources and _is_plain(more) and (
            words[0].isdecimal() and len(words[0]) < 6):
        with contextlib.closing(_store(folder)) as store:
            if store.path(int(words[0])) is not None:
                return _publish(store, int(words[0]), offline=offline, quiet=more["quiet"])
    from ..rfc.library_sync import Library
    from ..rfc.store import sources_of

    places = sources_of(sources or None)
    with Library(folder, sources=places, offline=offline,
                 **_client(settings, places)) as library:
        if update:
            return _update(library, words, **more)
        return _show(library, words, offline=offline, **more)


def _store(folder: str | None) -> Store:
    from ..rfc.store import Store

    return Store(folder)


def _is_plain(options: dict[str, Any]) -> bool:
    """Whether nothing but the text is wanted, and byte for byte."""
    if options["clean"] or any(options[name] for name in _OTHERWISE):
        return False
    return options["clean"] is False or not (sys.stdout.isatty() or options["pager"])


_OTHERWISE = ("info", "sections", "abnf", "errata", "bibtex", "old", "as_path", "as_json",
              "section_at")
"""Options that ask for something else than the text."""


def _client(settings: Settings | None, places: tuple[str, ...]) -> dict[str, Any]:
    """The options of the sources' clients: those of the first one that is a URL."""
    if settings is None:
        return {}
    from ..urls import parse

    url = next((one for one in places if ":/" in one), "https://www.rfc-editor.org/")
    return settings.client(parse(url))


def _update(
    library: Library, words: tuple[str, ...], parallel: int, as_json: bool, quiet: bool, **_: Any
) -> int:
    """Bring the mirror up to date, and say what came of it."""
    from .rfc_show import told, update_line
    from .rfc_show import update_record as record

    numbers = [number for word in words for number in library.numbers(word)] or None
    shown = sys.stderr.isatty() and not quiet and not as_json
    report = library.update(numbers, connections=parallel, progress=told if shown else None)
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)
    if as_json:
        _json(record(report))
    elif not quiet:
        click.echo(update_line(report))
    for number, why in list(report.failed.items())[:10] if not as_json else ():
        click.echo(f"RFC {number}: {why}", err=True)
    return 0 if report.ok else 1


def _search(
    folder: str | None, query: str, limit: int, as_json: bool, quiet: bool, **_: Any
) -> int:
    """Print the hits, the best first."""
    from ..rfc.searching import search
    from .rfc_show import age_line, hit_lines

    with contextlib.closing(_store(folder)) as store:
        if len(store.numbers()) > store.searchable():
            from ..rfc.indexing import freshen

            freshen(store)
        hits = search(store, query, limit=limit)
        for hit in hits:
            if as_json:
                _json({**vars(hit), "obsoleted_by": list(hit.obsoleted_by)})
            else:
                click.echo(hit_lines(hit, query))
        if not quiet and not as_json:
            click.echo(f"{len(hits)} of {store.searchable()} texts; {age_line(store)}", err=True)
    if not hits:
        raise NotFound(f"search {query!r}: nothing has these words",
                       hint="postel rfc --update fetches what is not in the mirror")
    return 0


def _show(library: Library, words: tuple[str, ...], **options: Any) -> int:
    """Print what was asked of one RFC, or of all that a series has."""
    from ..rfc.references import parse

    what, section = _split(words)
    numbers = library.numbers(what)
    asked = parse(what)
    wanted = section or asked.section
    if not wanted and _is_plain(options):
        for number in numbers:
            library.text(number)
            _publish(library.store, number, options["offline"], options["quiet"],
                     named=bool(asked.name))
        return 0
    from .rfc_show import show

    show(library, numbers, wanted, **options)
    return 0


def _split(words: tuple[str, ...]) -> tuple[str, str]:
    """What is meant, and the section of it: ``rfc 5321 4.1``, ``rfc simple mail transfer``."""
    from ..rfc.references import is_section, parse

    if len(words) > 1 and words[0].lower() in ("rfc", "std", "bcp", "fyi") and words[1].isdigit():
        words = (words[0] + words[1], *words[2:])
    first = parse(words[0])
    if len(words) > 1 and not first.name:
        return words[0], " ".join(words[1:])
    if len(words) > 1 and is_section(words[-1]):
        return " ".join(words[:-1]), words[-1]
    return " ".join(words), ""


def _publish(
    store: Store, number: int, offline: bool, quiet: bool, *, named: bool = False
) -> int:
    """A text byte for byte; what a reader has to know goes to the standard error."""
    data = store.text(number) or b""
    out = getattr(sys.stdout, "buffer", None)
    if out is None:
        click.echo(data.decode("utf-8", "replace"), nl=False)
    else:
        sys.stdout.flush()
        out.write(data)
        out.flush()
    if not quiet:
        _note(store, number, named, offline)
    return 0


def _note(store: Store, number: int, named: bool, offline: bool) -> None:
    """What became of an RFC, and which one a name led to; nothing where nothing is to be told."""
    facts = store.facts(number)
    if facts.get("obsoleted_by"):
        from .rfc_show import numbers_text

        click.echo(f"postel: RFC {number} is obsolete: see "
                   f"{numbers_text(store.successors(number))}", err=True)
    if named or offline:
        from .rfc_show import age_line

        what = f"this is RFC {number}, {facts.get('title', '')}" if named else "from the mirror"
        click.echo(f"postel: {display(what)}; {age_line(store)}", err=True)


def _json(record: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(record, ensure_ascii=False))
