"""Postel's rows of SFTP, sync and async, written as a user of its API would write them."""

from __future__ import annotations

import asyncio

from bench.child import main
from bench.job import Job
from postel import sftp
from postel.ssh import SSHOptions

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    if job.mode == "async":
        return asyncio.run(_async(job))
    remote = job.remote.lstrip("/")
    with sftp.Client("bench", ssh=SSHOptions(config=job.ca)) as site:
        if job.action == "sftp-get":
            return 1, site.download(remote, job.local)
        if job.action == "sftp-put":
            return 1, site.upload(job.local, remote)
        if job.action == "sftp-tree-up":
            report = site.upload_tree(job.local, remote)
        else:
            report = site.download_tree(remote, job.local)
        return report.files, report.size


async def _async(job: Job) -> tuple[int, int]:
    remote = job.remote.lstrip("/")
    async with sftp.AsyncClient("bench", ssh=SSHOptions(config=job.ca)) as site:
        if job.action == "sftp-get":
            return 1, await site.download(remote, job.local)
        if job.action == "sftp-put":
            return 1, await site.upload(job.local, remote)
        if job.action == "sftp-tree-up":
            report = await site.upload_tree(job.local, remote)
        else:
            report = await site.download_tree(remote, job.local)
        return report.files, report.size


if __name__ == "__main__":
    main(work)
