"""One case of curl's test data: what the server says, what is asked, what must come of it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PORTS = ("FTPPORT", "FTP6PORT", "FTPSPORT", "POP3PORT")


@dataclass
class Case:
    """A case, its template words filled in later."""

    name: str
    number: str
    servers: list[str]
    tool: str
    arguments: list[str]
    data: bytes | None
    upload: bytes | None
    commands: list[str]
    size: str | None
    mdtm: str | None
    error: int
    files: dict[str, bytes] = field(default_factory=dict)
    wanted: bytes | None = None
    asked: list[str] = field(default_factory=list)


def section(text: str, name: str) -> tuple[str, str] | None:
    """Attributes and body of the first ``<name …>``."""
    found = re.search(rf"<{name}((?:\s[^>]*)?)>\n?(.*?)</{name}>", text, re.DOTALL)
    return (found[1], found[2]) if found else None


def read(path: Path) -> Case:
    """The case in *path*."""
    text = path.read_text("latin-1")
    number = path.name.removeprefix("test")
    reply = (section(text, "reply") or ("", ""))[1]
    client = (section(text, "client") or ("", ""))[1]
    verify = (section(text, "verify") or ("", ""))[1]
    command = (section(client, "command") or ("", ""))[1].strip().replace("\n", " ")
    try:
        arguments = shlex.split(fill(command, number, {}))
    except ValueError:
        arguments = command.split()
    files = {}
    for found in re.finditer(r'<file\d* name="([^"]+)"([^>]*)>\n?(.*?)</file\d*>', client,
                             re.DOTALL):
        files[fill(found[1], number, {})] = body(found[2], found[3], number)
    wanted = section(reply, "datacheck") or section(reply, "data1") or section(reply, "data")
    data = section(reply, "data")
    upload = section(verify, "upload")
    return Case(
        path.name, number, (section(client, "server") or ("", ""))[1].split(),
        (section(client, "tool") or ("", ""))[1].strip(), arguments,
        body(*data, number) if data else None,
        body(*upload, number) if upload else None,
        [line for line in fill((section(reply, "servercmd") or ("", ""))[1], number,
                               {}).splitlines() if line.strip()],
        _word(section(reply, "size")), _word(section(reply, "mdtm")),
        int((section(verify, "errorcode") or ("", "0"))[1].strip().split(",")[0] or 0),
        files, body(*wanted, number) if wanted else None,
        fill((section(verify, "protocol") or ("", ""))[1], number, {}).split("\n"))


def _word(found: tuple[str, str] | None) -> str | None:
    return found[1].strip() if found else None


def fill(text: str, number: str, ports: dict[str, str]) -> str:
    """*text* with the suite's template words replaced; ports stay until they are known."""
    text = text.replace("%TESTNUMBER", number).replace("%HOSTIP", "127.0.0.1")
    text = text.replace("%HOST6IP", "[::1]").replace("%CLIENTIP", "127.0.0.1")
    text = re.sub(r"%repeat\[(\d+) x (.*?)\]%", lambda m: _plain(m[2]) * int(m[1]), text)
    text = re.sub(r"%hex\[(.*?)\]hex%", lambda m: _plain(m[1]), text)
    text = text.replace("%LT", "<").replace("%GT", ">").replace("\\@", "@")
    text = re.sub(r"%b64\[(.*?)\]b64%", _base64, text)
    for name, value in ports.items():
        text = text.replace(f"%{name}", value)
    return text


def _base64(found: re.Match[str]) -> str:
    import base64

    return base64.b64encode(_plain(found[1]).encode("latin-1")).decode()


def _plain(text: str) -> str:
    return re.sub(r"%([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)


def body(attributes: str, text: str, number: str) -> bytes:
    """The bytes of a data section: line ends and the last one as its attributes say."""
    text = fill(text, number, {})
    if 'nonewline="yes"' in attributes:
        text = text.removesuffix("\n")
    data = text.encode("latin-1")
    if 'base64="yes"' in attributes:
        import base64

        data = base64.b64decode(data)
    if 'crlf="yes"' in attributes:
        data = re.sub(rb"(?<!\r)\n", b"\r\n", data)
    return data


class Score:
    """Prints at the end how many cases pass, fail and have no counterpart."""

    @classmethod
    def announce(cls, config: pytest.Config) -> None:
        """Have the score printed when the run ends; once, however often this is called."""
        if not config.pluginmanager.has_plugin("curl-score"):
            config.pluginmanager.register(cls(), "curl-score")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line for each protocol; a case that two files name counts where it is played."""
        found: dict[str, dict[str, str]] = {"ftp": {}, "pop3": {}, "http": {}}
        for outcome in ("skipped", "passed", "xfailed", "failed"):  # the last one stands
            for report in terminalreporter.getreports(outcome):
                case = re.search(r"test_curl\w*\.py::test_(ftp|pop3|http)\[(test\d+)\]", report.nodeid)
                if case:
                    found[case[1]][case[2]] = outcome
        for family, cases in found.items():
            if not cases:
                continue
            results = list(cases.values())
            passed, absent = results.count("passed"), results.count("skipped")
            terminalreporter.write_line(
                f"curl {family.upper()}: {passed} pass, {len(results) - passed - absent} fail, "
                f"{absent} without counterpart or different on purpose (of {len(results)})")
