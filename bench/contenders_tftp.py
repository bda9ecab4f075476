"""Who takes part in the rows of TFTP: all of them in blocks as Ethernet carries them."""

from __future__ import annotations

from bench.contender import Contender, script
from bench.job import Job

__all__ = ["CONTENDERS_TFTP"]

_BLOCK = 1428  # what tools take that start machines; larger ones would only fit within a machine


def _curl(job: Job) -> list[str]:
    return ["curl", "-sS", "--tftp-blksize", str(_BLOCK), "-o", job.local, job.url(scheme="tftp")]


def _atftp(job: Job) -> list[str]:
    return ["atftp", "--option", f"blksize {_BLOCK}", "--get", "-r", job.remote.lstrip("/"),
            "-l", job.local, job.host, str(job.port)]


CONTENDERS_TFTP: dict[str, list[Contender]] = {
    "tftp-get": [
        script("postel", "bench.ours_tftp", "made", changes={"block": _BLOCK}),
        script("postel async", "bench.ours_tftp", "made",
               changes={"block": _BLOCK, "mode": "async"}),
        Contender("curl", "curl", _curl),
        Contender("atftp", "atftp", _atftp),
    ],
}
