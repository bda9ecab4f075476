"""What the source never does, and twins that agree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from .every import every

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "postel"
FILES = sorted(SRC.rglob("*.py"))
TEXTS = [p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if p.is_file()]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_no_assert_no_bare_except_no_print() -> None:
    def rule(path: Path) -> None:
        if not re.search(r"\bassert\b|\bprint\b|\bexcept\s*:", path.read_text("utf-8")):
            return  # parsing takes long
        for node in ast.walk(tree(path)):
            assert not isinstance(node, ast.Assert), f"assert in line {node.lineno}"
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"bare except in line {node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if "cli" not in path.parts:
                    assert node.func.id != "print", f"print in line {node.lineno}"

    every(FILES, rule)


def docstrings(module: ast.Module) -> set[int]:
    holders = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {id(n.body[0].value) for n in ast.walk(module)  # type: ignore[attr-defined]
            if isinstance(n, holders) and n.body and isinstance(n.body[0], ast.Expr)}


def test_urls_are_split_in_one_place() -> None:
    def rule(path: Path) -> None:
        if "://" not in path.read_text("utf-8"):
            return
        module = tree(path)
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ("split", "partition", "rpartition", "rsplit"):
                    arguments = [a.value for a in node.args if isinstance(a, ast.Constant)]
                    assert "://" not in arguments, f"line {node.lineno}"

    every([p for p in FILES if p.name != "urls.py"], rule)


def test_twins_are_in_step() -> None:
    done = subprocess.run([sys.executable, "tools/unasync.py", "--check"], cwd=ROOT, text=True,
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def converter():  # type: ignore[no-untyped-def]
    spec = spec_from_file_location("unasync", ROOT / "tools" / "unasync.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_converter() -> None:
    source = textwrap.dedent('''\
        # a conversation
        """Use it as ``async with AsyncThing()`` and await nothing."""
        from .x_async import AsyncThing
        __all__ = ["AsyncThing"]

        class AsyncPart(AsyncThing):
            # await in a comment stays
            async def aclose(self) -> "AsyncPart":
                """Close: ``await thing.aclose()``."""
                text = "await this"
                async with self as other:
                    await other.aclose()
                return self
        ''')
    twin = converter().convert(source, "thing_async.py")
    assert twin.count("\n") == source.count("\n")
    assert twin.splitlines()[0].startswith("# GENERATED from thing_async.py")
    assert "with Thing()`` and nothing" in twin
    assert "from .x_sync import Thing" in twin
    assert '__all__ = ["Thing"]' in twin
    assert 'def close(self) -> "Part":' in twin
    assert "# await in a comment stays" in twin
    assert 'text = "await this"' in twin
    assert "with self as other:" in twin
    assert "other.close()" in twin
    compile(twin, "twin", "exec")


def test_links_in_the_documents_lead_somewhere() -> None:
    def rule(path: Path) -> None:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (path.parent / target).exists(), f"{path.name}: {target}"

    every(TEXTS, rule)


def test_nothing_speaks_of_this_machine() -> None:
    def rule(path: Path) -> None:
        text = path.read_text("utf-8")
        for place in ("/work/", "/root/", "pypi.org/simple", "files.pythonhosted"):
            assert place not in text, place

    every([*TEXTS, *FILES], rule)
