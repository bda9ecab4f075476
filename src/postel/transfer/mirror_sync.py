# GENERATED from mirror_async.py by tools/unasync.py: edit that file, not this one.
"""The engine's verbs: two URLs, or plain paths, of any scheme.

    plan = postel.plan("ftp://ftp.example.org/pub/", "copy", delete="after")
    print(plan)
    postel.apply(plan)

    postel.mirror("sftp://ann@host/photos/", "/srv/photos")     both at once
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..transport import disk_sync as disk
from ..urls import URL
from .applying_sync import apply_plan
from .journal import Journal, place_for
from .pace_sync import Throttle
from .places import place_of
from .planner_sync import make_plan
from .rates import Rate
from .sites_sync import open_site, parsed_for
from .tree_sync import Tree
from .types import Compare, Event, Plan, Result, Rules

__all__ = ["Ends", "Place", "apply", "check", "journal_of", "mirror", "plan", "rules_of"]

Place = str | Path | URL
Tell = Callable[[Event], object] | None
Options = dict[str, Any]


class Ends:
    """The two trees of a run, connected; a context manager that gives both.

    Args:
        source: URL or path of a folder.
        target: URL or path of a folder.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        source_options: keywords of the source's client.
        target_options: keywords of the target's client.
    """

    def __init__(
        self,
        source: Place,
        target: Place,
        *,
        rate: Rate | Throttle | None = None,
        source_options: Options | None = None,
        target_options: Options | None = None,
    ) -> None:
        ours, theirs = place_of(source), place_of(target)
        throttle = None if rate is None else Throttle.of(rate)
        far = (ours.scheme, theirs.scheme) != ("file", "file")  # a disk is no line
        self.source = _tree(ours, "read", throttle, source_options, far=far)
        if _one_server(ours, theirs) and _alike(source_options or {}, target_options or {}):
            self.target = _within(self.source, theirs)
        else:
            self.target = _tree(theirs, "write", throttle, target_options, far=far)

    def __enter__(self) -> tuple[Tree, Tree]:
        self.source.site.open()
        try:
            if self.target.site is not self.source.site:
                self.target.site.open()
        except BaseException:
            self.source.site.close()
            raise
        return self.source, self.target

    def __exit__(self, *exc: object) -> None:
        try:
            if self.target.site is not self.source.site:
                self.target.site.close()
        finally:
            self.source.site.close()


def _tree(
    url: URL, verb: str, throttle: Throttle | None, options: Options | None, *, far: bool
) -> Tree:
    paced = throttle if url.scheme != "file" or not far else None
    site, path = open_site(url, verb, rate=paced, **(options or {}))
    if url.scheme == "file":
        top = str(Path(path).absolute())
        return Tree(site, top, top)
    return Tree(site, _top(path), str(url))


def _one_server(ours: URL, theirs: URL) -> bool:
    """Whether two places are on one server, for one user: one client does for both.

    It copies there by itself where it can; and a server that lets a user in only once would keep
    the second out.
    """
    here, there = [(url.scheme, url.host, url.port, url.user, url.password)
                   for url in (ours, theirs)]
    return here == there and ours.scheme != "file"


def _alike(ours: Options, theirs: Options) -> bool:
    """Whether two clients' keywords mean the same: who asks for a password asks once."""
    def plain(options: Options) -> Options:
        return {name: "asked for" if callable(value) else value
                for name, value in options.items() if name != "trace"}

    return plain(ours) == plain(theirs)


def _within(source: Tree, url: URL) -> Tree:
    """The tree at *url*, over the client of *source*."""
    parsed_for(url, "write")
    return Tree(source.site, _top(source.site.path_in(url)), str(url))


def _top(path: str) -> str:
    return path.rstrip("/") or ("/" if path.startswith("/") else "")


def plan(
    source: Place,
    target: Place,
    *,
    rules: Rules | None = None,
    connections: int = 4,
    journal: Path | bool = True,
    rate: Rate | Throttle | None = None,
    source_options: Options | None = None,
    target_options: Options | None = None,
    **settings: Any,
) -> Plan:
    """What must be done to make *target* like *source*; nothing is changed.

    Args:
        source: URL or path of the folder that is copied.
        target: URL or path of the folder that is made like it.
        rules: how they are compared.
        connections: how many are used at once, on each side.
        journal: where runs remember each other: a file, True for the usual place, False for none.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        source_options: keywords of the source's client (user, password, tls …).
        target_options: keywords of the target's client.
        settings: single rules by name, such as ``delete="after"``; see `Rules`.

    Returns:
        A `Plan`: print it, save it (`Plan.save`), apply it.

    Raises:
        NotFound: there is no such source.
        UsageError: a rule or a URL cannot be read.

    Example:
        >>> made = plan("ftp://ftp.example.org/pub", "new", journal=False)
        >>> [(action.do.value, action.path) for action in made.actions][-1]
        ('new', 'more/data.bin')
    """
    rules = rules_of(rules, settings)
    ends = Ends(source, target, rate=rate, source_options=source_options,
                     target_options=target_options)
    with ends as (ours, theirs):
        with journal_of(journal, ours, theirs) as notes:
            return make_plan(ours, theirs, rules, known=notes.known,
                                   connections=connections)


def apply(
    made: Plan,
    *,
    connections: int = 4,
    journal: Path | bool = True,
    rate: Rate | Throttle | None = None,
    tell: Tell = None,
    source_options: Options | None = None,
    target_options: Options | None = None,
) -> Result:
    """Carry out a plan that was made, and perhaps reviewed, before.

    Each path is looked at first; one that is no longer what the plan says is left alone and
    reported.

    Args:
        made: the plan.
        connections: how many are used at once.
        journal: where runs remember each other.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        tell: called with an `Event` for all that happens.
        source_options: keywords of the source's client.
        target_options: keywords of the target's client.

    Returns:
        A `Result`.

    Raises:
        LimitReached: it deletes more than its rules allow; nothing was done.
    """
    ends = Ends(made.source, made.target, rate=rate, source_options=source_options,
                     target_options=target_options)
    with ends as (ours, theirs):
        with journal_of(journal, ours, theirs) as notes:
            return apply_plan(made, ours, theirs, journal=notes, connections=connections,
                                    tell=tell)


def mirror(
    source: Place,
    target: Place,
    *,
    rules: Rules | None = None,
    connections: int = 4,
    journal: Path | bool = True,
    rate: Rate | Throttle | None = None,
    tell: Tell = None,
    source_options: Options | None = None,
    target_options: Options | None = None,
    **settings: Any,
) -> Result:
    """Make *target* like *source*: plan, and apply the plan at once.

    What an interrupted run left is gone on with; what is alike is not touched.

    Args:
        source: URL or path of the folder that is copied.
        target: URL or path of the folder that is made like it; made if it is missing.
        rules: how they are compared.
        connections: how many are used at once, on each side.
        journal: where runs remember each other: a file, True for the usual place, False for none.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        tell: called with an `Event` for all that happens.
        source_options: keywords of the source's client (user, password, tls …).
        target_options: keywords of the target's client.
        settings: single rules by name, such as ``delete="after"``; see `Rules`.

    Returns:
        A `Result`: counts, and each failure with its error. One bad file does not stop the rest.

    Raises:
        NotFound: there is no such source.
        LimitReached: more would be deleted than the rules allow; nothing was done.

    Example:
        >>> result = mirror("ftp://ftp.example.org/pub", "copy", journal=False)
        >>> result.ok, Path("copy/hello.txt").read_text()
        (True, 'Hello from the lab.\\n')
    """
    rules = rules_of(rules, settings)
    ends = Ends(source, target, rate=rate, source_options=source_options,
                     target_options=target_options)
    with ends as (ours, theirs):
        with journal_of(journal, ours, theirs) as notes:
            made = make_plan(ours, theirs, rules, known=notes.known,
                                   connections=connections)
            return apply_plan(made, ours, theirs, journal=notes, connections=connections,
                                    check=False, tell=tell)


def check(
    source: Place,
    target: Place,
    *,
    rules: Rules | None = None,
    connections: int = 4,
    rate: Rate | Throttle | None = None,
    source_options: Options | None = None,
    target_options: Options | None = None,
    **settings: Any,
) -> Plan:
    """Compare two trees by digest (or as the rules say); nothing is changed, nothing is believed.

    Args:
        source: URL or path of a folder.
        target: URL or path of a folder.
        rules: how they are compared; by digest, unless they say otherwise.
        connections: how many are used at once, on each side.
        rate: at most so many bytes a second, each way, in all or as `Rates` tells.
        source_options: keywords of the source's client.
        target_options: keywords of the target's client.
        settings: single rules by name.

    Returns:
        A plan of what differs: empty, without problems, where the trees are alike. What the
        target alone has is among its deletions.
    """
    if rules is None:
        settings = {"compare": Compare.DIGEST, "delete": "after", "allow_empty": True, **settings}
    return plan(source, target, rules=rules, connections=connections, journal=False,
                      rate=rate, source_options=source_options, target_options=target_options,
                      **settings)


def rules_of(rules: Rules | None, settings: dict[str, Any]) -> Rules:
    """The rules of a run; single ones by name go before those of the value."""
    if not settings:
        return rules or Rules()
    said = Rules.from_json({name: getattr(value, "value", value)
                            for name, value in settings.items()})
    if rules is None:
        return said
    return replace(rules, **{name: getattr(said, name) for name in settings})


def journal_of(
    journal: Path | bool, ours: Tree, theirs: Tree, kind: str = "mirror"
) -> Journal:
    """The journal of a pair of trees: a file, True for the usual place, False for none.

    Each *kind* of run has its own: what a mirror left alone, a two-way run has never seen.
    """
    source, target = ours.name, theirs.name
    if journal is False:
        return Journal(None)
    path = place_for(source, target, kind) if journal is True else journal
    return disk.call(Journal, path, source, target)
