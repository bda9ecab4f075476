"""The books of jobs, kept by DBOS: queues, workflows, and who does what. Blocking, with threads.

Two queues: *runs* (a whole mirror or map, which waits for its batches) and *batches*, so that a run
that waits never holds the place of a batch. Each step of a run is in the database before the next
begins; a run whose process died is gone on with by another, from the last step that was told.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..._version import __version__
from ...errors import UsageError
from ..pace_sync import Throttle
from ..rates import Rate
from .batches import Options, function_of, run_batch, run_map
from .presence import BEAT, Presence, sqlite_path

if TYPE_CHECKING:
    from dbos import WorkflowHandle

__all__ = ["Books"]

_RUNS, _BATCHES = "postel-runs", "postel-batches"
_POLL = 0.2
"""Seconds between two looks for work."""

_open = threading.Lock()
"""DBOS has one life in a process at a time."""


class Books:
    """The jobs of one database; a context manager, one at a time in a process.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://…``.
        options: the keywords of clients, for the batches done here.
        concurrency: batches that are done here at once.
        connections: of each batch.
        rate: at most so many bytes a second, of all batches done here together; see `Rates`.

    Raises:
        UsageError: the extra is missing, the URL is none, or jobs are open here already.
    """

    def __init__(
        self, url: str, *, options: Options, concurrency: int = 1, connections: int = 4,
        rate: Rate | None = None,
    ) -> None:
        try:
            import dbos
        except ImportError:
            raise UsageError("jobs need DBOS", hint="pip install 'postel[jobs]'") from None
        self._dbos = dbos
        self.url, self._options, self._connections = _normal(url), options, connections
        self._concurrency = concurrency
        self._throttle = None if rate is None else Throttle(rate)
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.presence = Presence(self.url, self.name)
        self._life = contextlib.ExitStack()

    # -- life ------------------------------------------------------------------------------

    def __enter__(self) -> Books:
        if not _open.acquire(blocking=False):
            raise UsageError("jobs are open in this process already", hint="close the others first")
        self._life.callback(_open.release)
        try:
            self.presence.start()
            self._life.callback(self.presence.stop)
            self._launch()
        except BaseException:
            self._life.close()
            raise
        return self

    def _launch(self) -> None:
        dbos = self._dbos
        dbos.DBOS(config={
            "name": "postel", "system_database_url": self.url, "executor_id": self.name,
            "application_version": f"postel-{__version__}", "log_level": "ERROR",
            "run_admin_server": False})
        self._life.callback(dbos.DBOS.destroy, destroy_registry=True)
        self._batch = self._workflow("postel.batch", self._do_batch)
        self._map = self._workflow("postel.map", self._do_map)
        self._mirror = self._workflow("postel.mirror", self._do_mirror)
        self._reduce = self._workflow("postel.map_reduce", self._do_map_reduce)
        dbos.DBOS.launch()
        self._runs = self._queue(_RUNS, max(4, self._concurrency))
        self._batches = self._queue(_BATCHES, self._concurrency)

    def _workflow(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        """*do* as a workflow; DBOS takes functions, and no methods."""
        def work(*args: Any) -> Any:
            return do(*args)

        work.__qualname__ = name
        made: Callable[..., Any] = self._dbos.DBOS.workflow(name=name)(work)
        return made

    def _queue(self, name: str, concurrency: int) -> Any:
        return self._dbos.DBOS.register_queue(
            name, worker_concurrency=concurrency, polling_interval_sec=_POLL)

    def __exit__(self, *exc: object) -> None:
        self._life.close()

    # -- workflows -------------------------------------------------------------------------

    def _do_batch(self, lines: list[str]) -> dict[str, Any]:
        said: dict[str, Any] = self._step(
            "batch", lambda: run_batch(lines, self._options, self._connections,
                                       self._throttle))
        return said

    def _do_map(self, place: str, function: str, paths: list[str]) -> list[list[Any]]:
        found: list[list[Any]] = self._step(
            "map", lambda: run_map(place, function, paths, self._options))
        return found

    def _do_mirror(
        self, first: list[str], batches: list[list[str]], last: list[str]
    ) -> list[dict[str, Any]]:
        """What comes first, then all batches side by side, then what goes; if all went well."""
        said = [self._batches.enqueue(self._batch, first).get_result()]
        handles = [self._batches.enqueue(self._batch, lines) for lines in batches]
        said += [handle.get_result() for handle in handles]
        if len(last) > 1:
            if any(one["failures"] for one in said):
                said.append({"done": {}, "size": 0, "failures": [], "deleted_not": len(last) - 1})
            else:
                said.append(self._batches.enqueue(self._batch, last).get_result())
        return said

    def _do_map_reduce(
        self, place: str, function: str, reduce: str, batches: list[list[str]]
    ) -> list[Any]:
        handles = [self._batches.enqueue(self._map, place, function, paths) for paths in batches]
        found = [one for handle in handles for one in handle.get_result()]
        values = [value for _, value, problem in found if problem is None]
        problems = [[path, problem] for path, _, problem in found if problem is not None]
        result = self._step("reduce", lambda: function_of(reduce)(values)) if reduce else values
        return [result, problems]

    def _step(self, name: str, do: Callable[[], Any]) -> Any:
        return self._dbos.DBOS.run_step({"name": name}, do)

    # -- what is asked of them -------------------------------------------------------------

    def start_mirror(
        self, first: list[str], batches: list[list[str]], last: list[str]
    ) -> WorkflowHandle[list[dict[str, Any]]]:
        """Put a mirror into the books."""
        handle: WorkflowHandle[list[dict[str, Any]]] = self._runs.enqueue(
            self._mirror, first, batches, last)
        return handle

    def start_map_reduce(
        self, place: str, function: str, reduce: str, batches: list[list[str]]
    ) -> WorkflowHandle[list[Any]]:
        """Put a map into the books."""
        handle: WorkflowHandle[list[Any]] = self._runs.enqueue(
            self._reduce, place, function, reduce, batches)
        return handle

    def wait(self, handle: WorkflowHandle[Any], tell: Callable[[int, int], object]) -> Any:
        """The result of a run; meanwhile the dead are buried, and progress is told."""
        for _ in self._ticks():
            self.bury()
            tell(*self._progress(handle.workflow_id))
            if handle.get_status().status not in ("PENDING", "ENQUEUED", "DELAYED"):
                return handle.get_result()
        return None

    def work(self, stop: threading.Event, idle: Callable[[bool], bool]) -> None:
        """Do what is in the books until *stop*, or until *idle* (told whether there is nothing)."""
        while not stop.wait(BEAT / 2):
            self.bury()
            waiting = self._dbos.DBOS.list_workflows(
                status=["PENDING", "ENQUEUED"], limit=1, load_input=False)
            if idle(not waiting):
                return

    def bury(self) -> None:
        """Give what the dead had in hand to the living."""
        for name in self.presence.dead():
            for one in self._dbos.DBOS.list_workflows(
                    status="PENDING", executor_id=name, load_input=False):
                with contextlib.suppress(Exception):  # another was faster
                    queue = _BATCHES if one.name in ("postel.batch", "postel.map") else _RUNS
                    self._dbos.DBOS.resume_workflow(one.workflow_id, queue_name=queue)
            self.presence.forget(name)

    def _progress(self, parent: str) -> tuple[int, int]:
        """Batches of a run that are done, and all of them so far."""
        found = self._dbos.DBOS.list_workflows(
            parent_workflow_id=parent, load_input=False, load_output=False)
        return sum(1 for one in found if one.status == "SUCCESS"), len(found)

    @staticmethod
    def _ticks() -> Iterator[None]:
        never = threading.Event()
        while True:
            yield
            never.wait(_POLL)


def _normal(url: str) -> str:
    """The URL as both DBOS and we read it."""
    path = sqlite_path(url)
    if path is None:
        return url
    if not path:
        raise UsageError("jobs: sqlite:/// needs a file", hint="sqlite:///jobs.sqlite")
    return f"sqlite:///{os.path.abspath(path)}"  # noqa: PTH100 - text in, text out
