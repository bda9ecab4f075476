"""Postel's rows of DKIM: each message of its own, the keys from a table."""

from __future__ import annotations

from bench.child import main
from bench.job import Job
from bench.signed_letters import ED25519, MESSAGE, NAME, RECORDS, RSA
from postel.messages import Signer, offline
from postel.messages.dkim import verify

__all__ = ["work"]

_NOW = 1_795_000_000


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    kind = "ed25519" if job.action.endswith("ed25519") else "rsa"
    key = ED25519 if kind == "ed25519" else RSA
    table = {(NAME, "TXT"): [RECORDS[kind]]}
    signer = Signer("example.org", "s", key)
    signed = signer.sign(MESSAGE, now=_NOW) + MESSAGE
    for _ in range(job.count):
        if job.action.startswith("dkim-sign"):
            signed = signer.sign(MESSAGE, now=_NOW) + MESSAGE
        elif offline(verify(signed, now=_NOW), table)[0].result != "pass":
            raise SystemExit("it does not verify")
    if offline(verify(signed, now=_NOW), table)[0].result != "pass":
        raise SystemExit("it does not verify")
    return job.count, job.count * len(MESSAGE)


if __name__ == "__main__":
    main(work)
