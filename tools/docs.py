"""Write the generated parts of the documentation.

    python tools/docs.py            write them
    python tools/docs.py --check    fail when one is stale

The table of schemes in README.md comes from `postel.schemes`, docs/commands.md from the help texts
of the command. Neither is edited by hand.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from postel.cli.main import COMMANDS, postel
from postel.cli.options import client_options
from postel.schemes import SCHEMES

__all__ = ["commands_page", "main", "pages", "schemes_table", "verbs"]

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- schemes -->\n).*?(<!-- /schemes -->)", re.DOTALL)

_HEAD = """\
# The command

This page is written by `make docs` from the help texts of the command; do not edit it.

`postel VERB --help` says the same in a terminal. Exit codes are in [errors.md](errors.md), trust
and certificates in [tls.md](tls.md). For shell completion see [completion](#postel-completion).

"""

_PYTHON = {
    "cat": """\
from postel import ftp

with ftp.Client("ftp.example.org") as site, site.retr("pub/hello.txt") as file:
    for chunk in file:
        print(len(chunk))
""",
    "du": """\
from postel import ftp

with ftp.Client("ftp.example.org") as site:
    size = sum(entry.size or 0 for _, entries in site.walk("pub") for entry in entries)
""",
    "get": """\
import postel
from postel import ftp

postel.get("ftp://ftp.example.org/pub/hello.txt", "hello.txt", rate=2 << 20)
with ftp.Client("ftp.example.org") as site:
    report = site.download_tree("pub", "pub", connections=4)
""",
    "lab": """\
from postel import ftp, lab

with lab.start("ftp") as here, ftp.Client(here.url("ftp")) as site:
    print([entry.name for entry in site.list()])
""",
    "ls": """\
import postel

for entry in postel.ls("ftp://ftp.example.org/pub/"):
    print(entry.name, entry.size, entry.modified)
""",
    "mail fetch": """\
from postel import pop3
from postel.mailboxes import Maildir

with pop3.Client("pop3://alice:secret@pop3.example.org/") as box:
    new = box.fetch_new("state.db", Maildir("Mail").create(), delete_after=30)
""",
    "mkdir": """\
import postel

postel.mkdir("ftp://alice:secret@ftp.example.org/incoming/a/b", parents=True)
""",
    "mv": """\
import postel

postel.rename("ftp://alice:secret@ftp.example.org/incoming/readme.txt", "read.me")
""",
    "put": """\
from pathlib import Path

import postel

Path("notes.txt").write_text("remember")
postel.put("notes.txt", "ftp://alice:secret@ftp.example.org/incoming/")
""",
    "rm": """\
import postel

postel.rm("ftp://alice:secret@ftp.example.org/incoming/readme.txt")
postel.rm("ftp://alice:secret@ftp.example.org/incoming", recursive=True)
""",
    "schemes": """\
from postel.schemes import SCHEMES

print([scheme.name for scheme in SCHEMES.values() if "list" in scheme.verbs])
""",
    "serve": """\
from urllib.request import urlopen

from postel import lab

with lab.start("http", root=".") as here:
    print(urlopen("http://127.0.0.1:%d/" % here.address("http")[1]).read())
""",
    "stat": """\
import postel

print(postel.stat("ftp://ftp.example.org/pub/hello.txt").size)
""",
    "tree": """\
from postel import ftp

with ftp.Client("ftp.example.org") as site:
    for folder, entries in site.walk("pub"):
        print(folder, [entry.name for entry in entries])
""",
}
"""The same as each verb, by the API. These blocks run as tests, as all examples do."""

_PASSWORDS = """\
There is no option for a password, as everybody on a machine can read its command lines. It comes
from the URL, from `POSTEL_PASSWORD`, from `~/.netrc` (or the file that `NETRC` names), from the
keyring where `postel[keyring]` is installed (service `postel:HOST`), or from a prompt, in this
order. Of a netrc only an entry for exactly the host counts, and a file that others may read is left
alone. Without a user, FTP enters as anonymous, and no password is looked for.

A word about several URLs: one that fails is told, the others go on, and the exit code is 1. With
`--json` every result and every failure is an object on a line of its own.
"""


@click.command("shared")
@client_options
def _shared(settings: object) -> None:
    """Carry the options of every client."""


def schemes_table() -> str:
    """The table of what Postel speaks today."""
    lines = ["| URL | port | TLS | what can be done | for |", "|---|---|---|---|---|"]
    lines += [
        f"| `{one.name}://` | {one.port or ''} | {one.tls} | {', '.join(one.verbs)} | {one.about} |"
        for one in SCHEMES.values()
    ]
    return "\n".join(lines) + "\n"


def verbs() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command with its full name, groups before what is in them."""
    root = click.Context(postel, info_name="postel")
    for name in sorted(COMMANDS):
        command = postel.get_command(root, name)
        if command is not None:
            yield from _below(f"postel {name}", command, root)


def _below(
    name: str, command: click.Command, parent: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
    yield name, command, context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None:
                yield from _below(f"{name} {each}", inner, context)


def commands_page() -> str:
    """The whole of docs/commands.md."""
    context = click.Context(postel, info_name="postel")
    parts = [_HEAD, _contents(), "## Options of every verb that connects\n\n",
             *_options(_shared, context, leave=set()), "\n", _PASSWORDS]
    known = {_mark(option) for option in _shared.params}
    for name, command, own in verbs():
        parts.append(f"\n## {name}\n\n```text\n{_usage(command, own)}\n```\n\n")
        parts.append(_prose(command.help or ""))
        lines = _options(command, own, leave=known)
        parts.extend(["\n", *lines] if lines else [])
        if known <= {_mark(option) for option in command.params}:
            parts.append("\nAnd the [options of every verb that connects]"
                         "(#options-of-every-verb-that-connects).\n")
        if code := _PYTHON.get(name.removeprefix("postel ")):
            parts.append(f"\nIn Python:\n\n```python\n{code}```\n")
    return "".join(parts)


def _contents() -> str:
    rows = [f"| [{name}](#{name.replace(' ', '-')}) | {(command.help or '').splitlines()[0]} |"
            for name, command, _ in verbs()]
    return "\n".join(["| | |", "|---|---|", *rows]) + "\n\n"


def _usage(command: click.Command, context: click.Context) -> str:
    return " ".join([context.command_path, *command.collect_usage_pieces(context)])


def _prose(text: str) -> str:
    """A help text, whose paragraphs are wrapped as they stand in the source."""
    return inspect.cleandoc(text).strip() + "\n"


def _mark(option: click.Parameter) -> str:
    """What makes two options the same: their names and what they say."""
    return f"{option.opts} {getattr(option, 'help', None)}"


def _options(command: click.Command, context: click.Context, leave: set[str]) -> list[str]:
    """One line for each option that is not in *leave*."""
    lines = []
    for option in command.params:
        record = option.get_help_record(context)
        if isinstance(option, click.Option) and record and _mark(option) not in leave:
            lines.append(f"- `{record[0]}`: {' '.join(record[1].split())}\n")
    return lines


def pages() -> dict[Path, str]:
    """Every file with a generated part, as it should be."""
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    if not MARKED.search(text):
        raise SystemExit("README.md has no <!-- schemes --> … <!-- /schemes -->")
    table = schemes_table()
    return {
        readme: MARKED.sub(lambda found: f"{found[1]}{table}{found[2]}", text),
        ROOT / "docs" / "commands.md": commands_page(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when stale")
    check = parser.parse_args(arguments).check
    stale = [path for path, text in pages().items()
             if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is stale: run make docs", file=sys.stderr)
        else:
            path.write_text(pages()[path], "utf-8")
            print(f"wrote {name}")
    if not stale:
        print("the generated parts of the documentation are up to date")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
