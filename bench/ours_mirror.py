"""Postel's rows of the engine: mirrors, plans and segments, sync and async."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from bench.child import main
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    os.environ["XDG_STATE_HOME"] = job.scratch  # where journals are
    far, options = _far(job)
    verb = job.action.removeprefix("mirror-")
    if verb == "segments":
        get = verbs_async.get if job.mode == "async" else verbs_sync.get
        _done(job, get(far, job.local, segments=job.connections, **options))
        return 1, Path(job.local).stat().st_size
    if verb == "list":
        return _walked(far, options)
    side = mirror_async if job.mode == "async" else mirror_sync
    if verb == "plan":
        made = _done(job, side.plan(far, job.local, source_options=options))
        return sum(action.new is not None and action.new.size is not None
                   for action in made.actions), made.size
    ends: dict[str, Any] = (
        {"source": job.local, "target": far, "target_options": options} if verb.endswith("up")
        else {"source": far, "target": job.local, "source_options": options})
    result = _done(job, side.mirror(**ends, connections=job.connections))
    if result.failures:
        sys.exit(str(result.failures[:3]))
    return sum(result.done.values()) + result.same, result.size


def _done(job: Job, called: Any) -> Any:
    return asyncio.run(called) if job.mode == "async" else called


def _far(job: Job) -> tuple[str, dict[str, Any]]:
    """The URL of the served folder or file, and what its client needs."""
    if job.security == "ssh":
        from postel.ssh import SSHOptions

        remote = f"{Path(job.ca).parents[1]}/served{job.remote}"
        return f"sftp://bench{remote}", {"ssh": SSHOptions(config=job.ca)}
    if not job.user:
        return job.url(scheme="http"), {}
    return job.url(), {"user": job.user, "password": job.password, "security": job.security}


def _walked(far: str, options: dict[str, Any]) -> tuple[int, int]:
    """The listing alone."""
    from postel.transfer.sites_sync import open_site

    site, path = open_site(far, "list", **options)
    with site:
        sizes = [entry.size or 0 for _, entries in site.walk(path) for entry in entries
                 if entry.is_file]
    return len(sizes), sum(sizes)


if __name__ == "__main__":
    if Job.from_json(sys.argv[1]).mode == "async":
        from postel.transfer import mirror_async, verbs_async
    else:
        from postel.transfer import mirror_sync, verbs_sync
    main(work)
