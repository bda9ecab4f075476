"""Who takes part in the rows of the RFC series: whole processes, start-up included."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable

from bench.contender import Contender
from bench.job import Job

__all__ = ["CONTENDERS_RFC"]

_WORD = "pipelining"


def _ours(*words: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        return [sys.executable, "-m", "postel", "rfc", *words, "--folder", job.remote]

    return command


def _from_nothing(job: Job) -> list[str]:
    return [sys.executable, "-m", "postel", "rfc", "--update", "--folder", job.local,
            "--source", job.remote]


def _shell(text: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        return ["sh", "-c", text.format(folder=shlex.quote(job.remote))]

    return command


def _python(text: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        return [sys.executable, "-c", text, job.remote, job.local]

    return command


_PRINT = "import sys; print(open(sys.argv[1] + '/rfc5321.txt').read())"
_WHOLE_FILES = """
import glob, sqlite3, sys
base = sqlite3.connect(sys.argv[2])
base.execute("CREATE VIRTUAL TABLE t USING fts5(name, body, tokenize = 'porter unicode61')")
paths = glob.glob(sys.argv[1] + "/rfc*[0-9].txt")
base.executemany("INSERT INTO t VALUES (?, ?)",
                 ((path, open(path, encoding="latin-1").read()) for path in paths))
base.commit()
print(len(paths), "of", len(paths))
"""

CONTENDERS_RFC: dict[str, list[Contender]] = {
    "rfc-number": [
        Contender("postel rfc 5321", sys.executable, _ours("5321"), "found"),
        Contender("cat", "cat", _shell("cat {folder}/rfc5321.txt"), "found"),
        Contender("python, open and print", sys.executable, _python(_PRINT), "found"),
    ],
    "rfc-section": [
        Contender("postel rfc 5321 4.1.1.4", sys.executable, _ours("5321", "4.1.1.4"), "found"),
        Contender("grep -A40", "grep",
                  _shell("grep -A40 '^4.1.1.4. ' {folder}/rfc5321.txt"), "found"),
    ],
    "rfc-search": [
        Contender("postel rfc --search", sys.executable, _ours("--search", _WORD), "found"),
        Contender("grep -il", "grep", _shell(f"grep -il {_WORD} {{folder}}/rfc*.txt"), "found"),
        Contender("grep -ic, sorted", "grep", _shell(
            f"grep -ic {_WORD} {{folder}}/rfc*.txt | sort -t: -k2 -rn | head"), "found"),
    ],
    "rfc-index": [
        Contender("postel rfc --update, from a folder", sys.executable, _from_nothing, "found"),
        Contender("sqlite3, FTS5 of whole files", sys.executable, _python(_WHOLE_FILES), "found"),
    ],
}
