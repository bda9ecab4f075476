"""Who takes part in the rows of SMTP: one connection each, but for msmtp, which knows no more."""

from __future__ import annotations

from bench.build import HERE
from bench.contender import Contender, script
from bench.job import Job
from bench.material import message

__all__ = ["CONTENDERS_SMTP"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
_LENGTH = 1_900  # as long as the others' messages are on average


def _smtp_source(job: Job) -> list[str]:
    """Postfix's load generator: C, one connection, one command at a time."""
    words = ["smtp-source", "-s", "1", "-d", "-l", str(_LENGTH), "-f", "ann@example.org",
             "-t", "bob@example.net"]
    words += ["-r", str(job.count), "-m", "1"] if job.action == "send-rcpt" else [
        "-m", str(job.count)]
    return [*words, f"{job.host}:{job.port}"]


def _msmtp(job: Job) -> list[str]:
    """One message; for many, a process each."""
    text = job.file("message", message(1).decode().replace("\r\n", "\n"))
    words = f"msmtp --host={job.host} --port={job.port} --from=ann@example.org"
    if job.action == "send-rcpt":
        whom = " ".join(f"bob{number}@example.net" for number in range(job.count))
        return ["sh", "-c", f"{words} {whom} < {text}"]
    return ["sh", "-c", f"for i in $(seq {job.count}); do {words} bob$i@example.net < {text} "
            "|| exit 1; done"]


_ALL = [
    script("postel", "bench.ours_smtp", "taken"),
    script("postel async", "bench.ours_smtp", "taken", changes={"mode": "async"}),
    script("smtplib", "bench.peer_smtp", "taken"),
    script("aiosmtplib", "bench.peer_smtp", "taken", _PEERS, {"mode": "async"}),
    Contender("smtp-source", "smtp-source", _smtp_source, "taken"),
    Contender("msmtp", "msmtp", _msmtp, "taken"),
]
CONTENDERS_SMTP: dict[str, list[Contender]] = {"send-many": _ALL, "send-rcpt": _ALL}
