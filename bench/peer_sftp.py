"""asyncssh and paramiko in the rows of SFTP, as their documentation shows them."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

from bench.child import main
from bench.job import Job

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    if job.mode == "asyncssh":
        asyncio.run(_asyncssh(job))
    else:
        _paramiko(job)
    return 1, 0


async def _asyncssh(job: Job) -> None:
    import asyncssh

    folder, remote = Path(job.ca).parent, job.remote.lstrip("/")
    connecting = asyncssh.connect(
        job.host, job.port, username=job.user, client_keys=[str(folder / "id")],
        known_hosts=str(folder / "known_hosts"), config=None, agent_path=None)
    async with connecting as connection, connection.start_sftp_client() as site:
        if job.action in ("sftp-put", "sftp-tree-up"):
            await site.put(job.local, remote, recurse=job.action == "sftp-tree-up")
        else:
            await site.get(remote, job.local, recurse=job.action == "sftp-tree")


def _paramiko(job: Job) -> None:
    import paramiko

    folder, remote = Path(job.ca).parent, job.remote.lstrip("/")
    client = paramiko.SSHClient()
    client.load_host_keys(str(folder / "known_hosts"))
    client.connect(job.host, job.port, job.user, key_filename=str(folder / "id"),
                   allow_agent=False, look_for_keys=False)
    with client, client.open_sftp() as site:
        if job.action == "sftp-put":
            site.put(job.local, remote)
        elif job.action == "sftp-get":
            site.get(remote, job.local)
        elif job.action == "sftp-tree":
            _down(site, remote, Path(job.local))
        else:
            _up(site, Path(job.local), remote)


def _down(site: Any, remote: str, local: Path) -> None:
    local.mkdir(parents=True, exist_ok=True)
    for entry in site.listdir_attr(remote):
        if stat.S_ISDIR(entry.st_mode):
            _down(site, f"{remote}/{entry.filename}", local / entry.filename)
        else:
            site.get(f"{remote}/{entry.filename}", str(local / entry.filename))


def _up(site: Any, local: Path, remote: str) -> None:
    site.mkdir(remote)
    for path in local.iterdir():
        if path.is_dir():
            _up(site, path, f"{remote}/{path.name}")
        else:
            site.put(str(path), f"{remote}/{path.name}")


if __name__ == "__main__":
    main(work)
