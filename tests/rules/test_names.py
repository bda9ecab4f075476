"""Every public name is listed, exists, is documented and typed, in every module."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

from .every import every

SRC = Path(__file__).resolve().parents[2] / "src"
MODULES = sorted(p for p in (SRC / "postel").rglob("*.py") if p.name != "__main__.py")
LONG = 2  # parameters from which on a public function says something of each


def dotted(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_all(node: ast.stmt) -> bool:
    target = node.target if isinstance(node, ast.AnnAssign) else None
    targets = node.targets if isinstance(node, ast.Assign) else [target] if target else []
    return any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets)


def listed(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if is_all(node):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None
            return list(ast.literal_eval(node.value))
    return None


def defined(tree: ast.Module) -> set[str]:
    """Public classes and functions that the module itself defines."""
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return {n.name for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")}


def test_all_is_there_sorted_and_complete() -> None:
    def rule(path: Path) -> None:
        tree = ast.parse(path.read_text("utf-8"))
        names = listed(tree)
        assert names is not None, f"{dotted(path)} has no __all__"
        if not path.name.endswith("_sync.py"):  # a twin keeps its source's order
            def key(name: str) -> tuple[int, str]:
                return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)

            assert names == sorted(names, key=key) or names == sorted(names), "not sorted"
        assert len(set(names)) == len(names)
        module = importlib.import_module(dotted(path))
        missing = [name for name in names if not hasattr(module, name)]
        assert not missing, f"listed, but not there: {missing}"
        unlisted = {n for n in defined(tree) - set(names)
                    if not n.startswith("_") and path.name != "__init__.py"}
        allowed = {"T", "main"} | {n for n in unlisted if _is_helper(tree, n, names)}
        assert not unlisted - allowed, f"public, but not listed: {sorted(unlisted - allowed)}"

    every(MODULES, rule)


def _is_helper(tree: ast.Module, name: str, names: list[str]) -> bool:
    """A documented function of a package's own that is imported by its siblings only."""
    found = next(n for n in tree.body if getattr(n, "name", "") == name)
    assert isinstance(found, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    return bool(names) and isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) and bool(
        ast.get_docstring(found))


def documented(module: object, name: str) -> list[str]:
    """What of *name* lacks a docstring."""
    thing = getattr(module, name)
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return []
    lacking = [] if inspect.getdoc(thing) else [name]
    if inspect.isclass(thing):
        for key, value in vars(thing).items():
            function = value.fget if isinstance(value, property) else getattr(
                value, "__func__", value)
            if key.startswith("_") or not inspect.isfunction(function):
                continue
            if not inspect.getdoc(getattr(thing, key, function)) and not inspect.getdoc(function):
                lacking.append(f"{name}.{key}")
    return lacking


def test_public_names_are_documented_and_typed() -> None:
    def rule(path: Path) -> None:
        module = importlib.import_module(dotted(path))
        assert inspect.getdoc(module), f"{dotted(path)} has no docstring"
        lacking = [gap for name in module.__all__ for gap in documented(module, name)]
        assert not lacking, f"no docstring: {lacking}"
        tree = ast.parse(path.read_text("utf-8"))
        untyped = [
            f"{node.name}:{node.lineno}" for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None
            and not node.name.startswith("__init_subclass__")
        ]
        assert not untyped, f"no return type: {untyped}"

    every(MODULES, rule)


def test_the_kind_of_code_is_told_by_the_first_line() -> None:
    def rule(path: Path) -> None:
        first = path.read_text("utf-8").split("\n", 1)[0]
        if path.name.endswith("_async.py"):
            assert "conversation" in first or first.startswith("# Hand-written pair"), first
        elif path.name.endswith("_sync.py"):
            assert first.startswith(("# GENERATED", "# Hand-written pair")), first
        else:
            assert first.startswith('"""') or first.startswith('r"""'), first

    every(MODULES, rule)


CONVERTED = re.compile(r"\b(Async\w+|aclose|anext|asynccontextmanager|\w+_async)\b")


def test_no_word_that_the_converter_renames_is_in_an_f_string() -> None:
    def rule(path: Path) -> None:
        tree = ast.parse(path.read_text("utf-8"))
        found = [f"line {node.lineno}" for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
                 if CONVERTED.search(ast.unparse(node))]
        assert not found, found

    every([p for p in MODULES if p.name.endswith("_async.py")], rule)
