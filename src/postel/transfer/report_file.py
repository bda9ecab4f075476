"""The report of a run: a file of JSON lines, each written when it happens. Disk code, blocking."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from .records import event_record, plan_record, result_record
from .types import Event, Plan, Result

__all__ = ["ReportFile"]


class ReportFile:
    """Writes what happens in a run to a file, a JSON object a line; give it as ``tell=``.

    A line stands there as soon as it has happened, so that a run that is killed has told what it
    did. The first line tells the time and the places, the last one the counts.

    Args:
        path: of the file; one that is there is replaced.
        about: what the first line tells beside the time: source, target …

    Example:
        >>> with ReportFile("report.jsonl", source="a", target="b") as report:
        ...     report(Event("begin"))
        >>> [json.loads(line)["event"] for line in Path("report.jsonl").read_text().splitlines()]
        ['report', 'begin']
    """

    def __init__(self, path: Path | str, **about: str) -> None:
        self._turn = threading.Lock()
        self._file = Path(path).open("w", encoding="ascii", buffering=1)  # noqa: SIM115 - closed with it
        self.write({"event": "report", "time": datetime.now(UTC).isoformat(timespec="seconds"),
                    **about})

    def __call__(self, event: Event) -> None:
        """Write an event; progress is for eyes, and the end comes with the result."""
        if event.what not in ("progress", "end"):
            self.write(event_record(event))

    def result(self, result: Result) -> None:
        """Write what became of it all."""
        self.write(result_record(result))

    def plan(self, plan: Plan) -> None:
        """Write what a check has found."""
        self._write_all(plan_record(plan))

    def write(self, record: Mapping[str, object]) -> None:
        """Write one record."""
        self._write_all((record,))

    def _write_all(self, records: Iterable[Mapping[str, object]]) -> None:
        with self._turn:  # workers may be threads
            for record in records:
                self._file.write(json.dumps(record, ensure_ascii=True) + "\n")

    def close(self) -> None:
        """No more will come."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
