"""Files that a person can hold in mind, functions that fit a screen."""

from __future__ import annotations

import ast
from pathlib import Path

from .every import every

SRC = Path(__file__).resolve().parents[2] / "src" / "postel"
FILE, FUNCTION = 500, 40
AIM = 400


def sources() -> list[Path]:
    """What people write: twins are exempt."""
    return [p for p in sorted(SRC.rglob("*.py"))
            if not p.read_text("utf-8").startswith("# GENERATED")]


def test_sizes() -> None:
    def rule(path: Path) -> None:
        text = path.read_text("utf-8")
        assert text.count("\n") <= FILE, f"{path.name} has {text.count(chr(10))} lines"
        long = []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = node.body[0] if ast.get_docstring(node) else None
                lines = (node.end_lineno or 0) - node.lineno + 1
                if doc is not None:
                    lines -= (doc.end_lineno or 0) - doc.lineno + 1
                arguments = len(node.args.args) + len(node.args.kwonlyargs)
                if lines - max(0, arguments - 3) > FUNCTION:
                    long.append(f"{node.name}: {lines} lines")
        assert not long, long

    every(sources(), rule)


def test_most_files_keep_the_aim() -> None:
    over = [str(p.relative_to(SRC)) for p in sources()
            if p.read_text("utf-8").count("\n") > AIM]
    assert len(over) <= len(sources()) // 12, f"over {AIM} lines: {over}"
