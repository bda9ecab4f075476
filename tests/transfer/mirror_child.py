"""Mirrors in processes of their own, to be killed: one line of JSON asks for each.

All is imported once; each run is a fork. Told are the process, and how it ended.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import postel.ftp
import postel.http
import postel.local
import postel.sftp
import postel.webdav
from postel.ssh import SSHOptions
from postel.transfer.mirror_sync import mirror


def run(job: dict[str, Any]) -> int:
    options = dict(job["options"])
    if "known_hosts" in options:
        options["ssh"] = SSHOptions(known_hosts=options.pop("known_hosts"))
    side = "target_options" if job["up"] else "source_options"
    result = mirror(job["source"], job["target"], delete="after", **{side: options})
    return 0 if result.ok else 1


LOADED = [module.Client for module in (postel.ftp, postel.http, postel.local, postel.sftp,
                                       postel.webdav)]

for line in sys.stdin:
    child = os.fork()
    if not child:
        code = 2
        try:
            code = run(json.loads(line))
        finally:
            os._exit(code)
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
    sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
    sys.stdout.flush()
