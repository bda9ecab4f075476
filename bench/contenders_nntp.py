"""Who takes part in reading news."""

from __future__ import annotations

import shutil
import sys

from bench.build import HERE
from bench.contender import Contender, script

__all__ = ["CONTENDERS_NNTP"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
_OLD = sys.executable if sys.version_info < (3, 13) else shutil.which("python3.12") or "python3.12"
"""nntplib left Python with 3.13."""


def _readers() -> list[Contender]:
    return [
        script("postel", "bench.ours_nntp", "uids"),
        script("postel, async", "bench.ours_nntp", "uids", changes={"mode": "async"}),
        script("postel, deflated", "bench.ours_nntp", "uids", changes={"block": 1}),
        script("nntplib", "bench.peer_nntp", "uids", _OLD, changes={"mode": "nntplib"}),
        script("pynntp", "bench.peer_nntp", "uids", _PEERS, changes={"mode": "pynntp"}),
    ]


CONTENDERS_NNTP: dict[str, list[Contender]] = {
    "news-articles": _readers(), "news-over": _readers()}
