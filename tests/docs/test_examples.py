"""Every example of the docstrings and of the documents runs, against the lab.

Hosts of examples are those of RFC 2606: a fixture leads every ``*.example.org`` to the lab.
Examples of async sources use ``await`` at the top level, as asyncio's own prompt does.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import importlib
import inspect
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import CodeType

import pytest

from postel import lab

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HELLO = b"Hello from the lab.\n"
DKIM = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8463


def dotted(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_with_examples() -> Iterator[str]:
    for path in sorted((SRC / "postel").rglob("*.py")):
        if ">>> " in path.read_text("utf-8"):
            yield dotted(path)


def examples_of(name: str) -> list[doctest.DocTest]:
    module = importlib.import_module(name)
    found = doctest.DocTestFinder(exclude_empty=True).find(module, name)
    return [test for test in found if test.examples]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder of its own: enough for examples that speak to nobody."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def world(folder: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[lab.Lab]:
    """The lab as the examples know it, in an empty folder of its own."""
    with lab.start() as here:
        for name in ("ftp", "ftps", "files"):
            here.also_known_as(f"{name}.example.org", "ftp")
        for name in ("pop3", "pop", "mail"):
            here.also_known_as(f"{name}.example.org", "pop3")
        for name in ("smtp", "submission", "imap"):
            here.also_known_as("mail.example.org", name)
        for name in ("files.", "www.", "api.", ""):
            here.also_known_as(f"{name}example.org", "http")
        for name in ("dav", "cloud"):
            here.also_known_as(f"{name}.example.org", "webdav")
        for name in ("sftp", "files"):
            here.also_known_as(f"{name}.example.org", "sftp")
        for name in ("tftp", "boot"):
            here.also_known_as(f"{name}.example.org", "tftp")
        here.also_known_as("news.example.org", "nntp")
        here.also_known_as("ssh.example.org", "ssh")
        for name in ("telnet", "switch", "console"):
            here.also_known_as(f"{name}.example.org", "telnet")
        monkeypatch.setenv("POSTEL_RFC_SOURCES", here.rfc.url)
        fill(here)
        yield here


def fill(here: lab.Lab) -> None:
    """Three messages for alice, some files for everyone, what the DNS says of example.org."""
    here.dns.zone("example.org")
    here.dns.add("example.org", "MX", "10 mail.example.org")
    here.dns.add("example.org", "TXT", "v=spf1 mx -all")
    here.dns.add("_dmarc.example.org", "TXT", "v=DMARC1; p=none; rua=mailto:dmarc@example.org")
    here.dns.add("s1._domainkey.example.org", "TXT", DKIM)
    for number in range(1, 4):
        here.pop3.mailbox("alice").add(
            b"From: bob@example.org\r\nTo: alice@example.org\r\nSubject: message %d\r\n"
            b"\r\nHello Alice, this is message %d of three.\r\n" % (number, number))
    first = here.nntp.spool.put("misc.test", subject="Hello", body="Hello, all.\n",
                                author="Ann <ann@example.org>")
    here.nntp.spool.put("misc.test", subject="Re: Hello", author="Bob <bob@example.org>",
                        body="Hello, Ann.\n", references=first)
    here.http.files.put("/hello.txt", b"hello from the lab\n")
    here.webdav.files.put("/hello.txt", b"hello from the lab\n")
    here.webdav.files.put("/more/plan.txt", b"Nothing yet.\n")
    for files in (here.ftp.files, here.sftp.files, here.http.files, here.tftp.files):
        files.put("/pub/hello.txt", HELLO)
        files.put("/pub/more/data.bin", bytes(range(256)) * 16)
        files.put("/incoming/readme.txt", b"Put your files here.\n")


def run(code: CodeType, names: dict[str, object]) -> None:
    """Run compiled code, which may await at its top level."""
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


class Runner(doctest.DocTestRunner):
    """Compiles examples so that they may await."""

    def check(self, test: doctest.DocTest) -> None:
        names: dict[str, object] = dict(test.globs)
        with asyncio.Runner() as loop:
            for example in test.examples:
                self._check_one(example, names, loop, test)

    def _check_one(self, example: doctest.Example, names: dict[str, object],
                   loop: asyncio.Runner, test: doctest.DocTest) -> None:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        out = io.StringIO()
        try:
            with redirect_stdout(out):
                code = compile(example.source, test.name, "single", flags)
                if code.co_flags & inspect.CO_COROUTINE:
                    async def main(code: CodeType = code) -> None:
                        await eval(code, names)
                    loop.run(main())
                else:
                    exec(code, names)
        except Exception as error:
            if not example.exc_msg:
                raise
            got = f"{type(error).__module__}.{type(error).__qualname__}: {error}\n"
            assert self._same(example.exc_msg, got.removeprefix("builtins.")), got
            return
        assert self._same(example.want, out.getvalue()), (
            f"{test.name} line {(test.lineno or 0) + example.lineno + 1}: {example.source}"
            f"expected {example.want!r}\ngot {out.getvalue()!r}")

    def _same(self, want: str, got: str) -> bool:
        return doctest.OutputChecker().check_output(want, got, OPTIONS)


SPEAKS = re.compile(r"://|Client\(|await |\.example\.org\"|\bpostel\.|_async\b|_sync\b|discover")


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_examples_of_a_module(name: str, request: pytest.FixtureRequest) -> None:
    tests = examples_of(name)
    assert tests, f"{name} has >>> but no example was found"
    sources = name + "".join(one.source for test in tests for one in test.examples)
    request.getfixturevalue("world" if SPEAKS.search(sources) else "folder")
    for test in tests:
        Runner().check(test)


def blocks() -> Iterator[tuple[str, str]]:
    """The ```python blocks of the documents, by place."""
    for path in TEXTS:
        text = path.read_text("utf-8") if path.exists() else ""
        for found in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path.relative_to(ROOT)}:{line}", found[1]


@pytest.mark.parametrize(("place", "code"), list(blocks()), ids=lambda value: str(value)[:40])
def test_python_blocks_of_the_documents(place: str, code: str, world: lab.Lab) -> None:
    compiled = compile(code, place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with redirect_stdout(io.StringIO()):
        run(compiled, {"__name__": "__example__"})


def commands() -> Iterator[tuple[str, str]]:
    """The ```console blocks of the documents, by place."""
    for path in TEXTS:
        text = path.read_text("utf-8") if path.exists() else ""
        for found in re.finditer(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path.relative_to(ROOT)}:{line}", found[1]


@pytest.mark.parametrize(("place", "session"), list(commands()), ids=lambda value: str(value)[:40])
def test_console_blocks_of_the_documents(
    place: str, session: str, world: lab.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each ``$ postel …`` line runs; what follows it is its output, ``…`` stands for anything."""
    import shlex

    from click.testing import CliRunner

    from postel.cli.main import postel

    monkeypatch.setenv("POSTEL_PASSWORD", "secret")
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        line, _, want = part.partition("\n")
        words = shlex.split(line, comments=True)
        if words[0] != "postel":
            continue
        result = CliRunner().invoke(postel, words[1:], catch_exceptions=False)
        assert result.exit_code == 0 or "postel:" in want, f"{place}: {line}\n{result.output}"
        if want.strip():
            same = doctest.OutputChecker().check_output(
                want.replace("…", "..."), result.output, OPTIONS)
            assert same, f"{place}: $ {line}\nexpected:\n{want}\ngot:\n{result.output}"
