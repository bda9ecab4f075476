"""Make the sync twin of every conversation: token by token, line for line.

    python tools/unasync.py            write all twins
    python tools/unasync.py --check    fail when one is stale, missing or an orphan

Sources are `*_async.py` files whose first line is a comment that holds "conversation". Line 1 of
the twin is the notice that it is generated; every other line keeps its number, so a traceback in
the twin points at the same line of the source. Names are renamed by token, so strings and
comments are safe; only docstrings have their own small rules. A rule that no source needs any
more is an error: the list stays as short as the truth.
"""

from __future__ import annotations

import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests")
MARK = "conversation"
NAMES = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "StopAsyncIteration": "StopIteration",
    "aclose": "close",
    "handle_async_request": "handle_request",  # httpcore2's own words
}
DOC = (
    ("async with ", "with "),
    ("async for ", "for "),
    ("await ", ""),
    ("Async", ""),
)
used: Counter[str] = Counter()


def name(word: str) -> str:
    """The sync word for *word*."""
    if word in NAMES:
        used[word] += 1
        return NAMES[word]
    if word.startswith("Async") and word != "Async":
        used["Async*"] += 1
        return word[5:]
    if word.startswith("_Async"):
        return "_" + word[6:]
    return word.replace("_async", "_sync")


def doc(text: str) -> str:
    """A docstring in the words of the sync side."""
    for old, new in DOC:
        used[old] += text.count(old)
        text = text.replace(old, new)
    return text


def _docstrings(tokens: list[tokenize.TokenInfo]) -> set[tuple[int, int]]:
    """Where the docstrings start: strings that are a statement of their own."""
    found, fresh = set(), True
    for token in tokens:
        if token.type == tokenize.STRING and fresh:
            found.add(token.start)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            fresh = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
                                   tokenize.ENCODING)
    return found


def convert(source: str, origin: str) -> str:
    """The twin of *source*; *origin* is the file name that the notice gives."""
    lines = source.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    docs = _docstrings(tokens)
    edits: list[tuple[int, int, int, int, str]] = []
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        (row, col), (last, end) = token.start, token.end
        if token.type == tokenize.NAME and token.string in ("async", "await"):
            until = following.start[1] if following.start[0] == row else end
            edits.append((row, col, row, until, ""))
        elif token.type == tokenize.NAME and (new := name(token.string)) != token.string:
            edits.append((row, col, last, end, new))
        elif token.start in docs and (new := doc(token.string)) != token.string:
            edits.append((row, col, last, end, new))
        elif token.type == tokenize.STRING and token.string[:1] in "\"'":
            inner = token.string[1:-1]            # a quoted annotation or an __all__ entry
            if inner.isidentifier() and (new := name(inner)) != inner:
                edits.append((row, col, last, end, token.string[0] + new + token.string[-1]))
    for row, col, last, end, new in reversed(edits):
        joined = lines[row - 1][:col] + new + lines[last - 1][end:]
        lines[row - 1 : last] = joined.splitlines(keepends=True)
    lines[0] = f"# GENERATED from {origin} by tools/unasync.py: edit that file, not this one.\n"
    return "".join(lines)


def sources() -> list[Path]:
    """Every conversation in the tree, in order."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*_async.py"))
    return sorted(path for path in found if MARK in path.read_text("utf-8").split("\n", 1)[0])


def twin_of(path: Path) -> Path:
    """Where the twin of *path* stands."""
    return path.with_name(path.name.replace("_async.py", "_sync.py"))


def orphans(twins: set[Path]) -> list[Path]:
    """Files that say they are generated but have no source."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*_sync.py"))
    return sorted(p for p in found
                  if p not in twins and p.read_text("utf-8").startswith("# GENERATED"))


def main(arguments: list[str]) -> int:
    """Write the twins, or check them; return the exit code."""
    check, problems, twins = "--check" in arguments, [], set()
    for path in sources():
        twin, text = twin_of(path), convert(path.read_text("utf-8"), path.name)
        twins.add(twin)
        if twin.exists() and twin.read_text("utf-8") == text:
            continue
        if check:
            problems.append(f"stale: {twin.relative_to(ROOT)} (run make twins)")
        else:
            twin.write_text(text, "utf-8")
            print(f"wrote {twin.relative_to(ROOT)}")
    problems += [f"orphan: {path.relative_to(ROOT)}" for path in orphans(twins)]
    rules = [*NAMES, "Async*", *(old for old, _ in DOC)]
    problems += [f"rule never used: {rule!r}" for rule in rules if not used[rule]]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems and check else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
