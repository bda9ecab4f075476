"""dkimpy in the rows of DKIM, as its documentation shows it."""

from __future__ import annotations

from bench.child import main
from bench.job import Job
from bench.signed_letters import ED25519, MESSAGE, RECORDS, RSA

__all__ = ["work"]


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    import dkim

    kind = "ed25519" if job.action.endswith("ed25519") else "rsa"
    key = (ED25519 if kind == "ed25519" else RSA).encode()

    def record(name: bytes, timeout: int = 5) -> bytes:
        return RECORDS[kind].encode()

    def sign() -> bytes:
        return dkim.sign(MESSAGE, b"s", b"example.org", key, canonicalize=(b"relaxed", b"relaxed"),
                         signature_algorithm=f"{kind}-sha256".encode()) + MESSAGE

    signed = sign()
    for _ in range(job.count):
        if job.action.startswith("dkim-sign"):
            signed = sign()
        elif not dkim.verify(signed, dnsfunc=record):
            raise SystemExit("it does not verify")
    if not dkim.verify(signed, dnsfunc=record):
        raise SystemExit("it does not verify")
    return job.count, job.count * len(MESSAGE)


if __name__ == "__main__":
    main(work)
