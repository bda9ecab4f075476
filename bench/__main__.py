"""The command: `python -m bench`, or `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from bench.build import HERE, Unavailable, compiled
from bench.ground import Ground, open_ground
from bench.material import FULL, QUICK
from bench.prepare import prepare
from bench.report import heading, machine, table
from bench.rows import ROWS, Row, chosen
from bench.runner import Plan, run_row


def main() -> int:
    """Run the rows asked for, print their tables, write them to a file."""
    asked = _arguments()
    if asked.list:
        print("\n".join(row.name for row in ROWS))
        return 0
    if asked.prepare:
        prepare()
        return 0
    rows = chosen(asked.only)
    if not rows:
        print("no row of that name; --list shows them", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):  # also when started in the background
        signal.signal(number, signal.default_int_handler)
    try:
        compiled("launch/launch.c")
        with open_ground(QUICK if asked.quick else FULL) as ground:
            return _run(rows, ground, asked)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1


def _run(rows: list[Row], ground: Ground, asked: argparse.Namespace) -> int:
    began = time.time(), os.getloadavg()[0]
    plan = Plan(asked.rounds, asked.patience, asked.limit, tuple(asked.contender),
                tuple(asked.without), _say)
    tables: list[str] = []
    raw: dict[str, list[dict[str, object]]] = {}
    try:
        for row in rows:
            title = heading(row, ground)
            _say(title)
            scores = run_row(row, ground, plan)
            raw[row.name] = [asdict(score) for score in scores]
            tables.append(table(row, title, scores))
            print("\n" + tables[-1], flush=True)
            _write(asked.output, [machine(ground, plan, began), *tables], raw)
    except KeyboardInterrupt:
        _say("stopped; the finished rows are written")
    print(machine(ground, plan, began))
    _say(f"written to {asked.output}")
    return 0


def _write(path: Path, parts: list[str], raw: dict[str, list[dict[str, object]]]) -> None:
    """After each row, so that a long run that is broken off leaves something."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))
    path.with_suffix(".json").write_text(json.dumps(raw, indent=1))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", default=[], metavar="ROW",
        help="run this row only; may be given again; patterns such as 'far-*' work")
    add("--contender", action="append", default=[], metavar="NAME",
        help="run this contender and the reference only; may be given again; patterns work")
    add("--without", action="append", default=[], metavar="NAME",
        help="leave this contender out; may be given again; patterns work")
    add("--quick", action="store_true", help="a sixteenth of the bytes, a tenth of the files")
    add("--rounds", type=int, default=3, help="runs of each contender (%(default)s)")
    add("--patience", type=float, default=60.0, metavar="SECONDS",
        help="who takes longer is run once only (%(default)s)")
    add("--limit", type=int, default=900, metavar="SECONDS",
        help="who takes longer has failed (%(default)s)")
    add("--output", type=Path, default=HERE / "results" / "latest.md", metavar="FILE",
        help="where the tables go, as Markdown; the single runs go to FILE.json beside it")
    add("--list", action="store_true", help="list the rows")
    add("--prepare", action="store_true", help="fetch aioftp and ProFTPD into bench/.peers")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
