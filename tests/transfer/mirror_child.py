"""A mirror in a process of its own, to be killed: reads what to do as JSON, runs it, tells how many."""

from __future__ import annotations

import json
import sys

from postel.ssh import SSHOptions
from postel.transfer.mirror_sync import mirror

job = json.load(sys.stdin)
options = dict(job["options"])
if "known_hosts" in options:
    options["ssh"] = SSHOptions(known_hosts=options.pop("known_hosts"))
side = "target_options" if job["up"] else "source_options"
sys.stdout.write("running\n")
sys.stdout.flush()
result = mirror(job["source"], job["target"], delete="after", **{side: options})
sys.exit(0 if result.ok else 1)
