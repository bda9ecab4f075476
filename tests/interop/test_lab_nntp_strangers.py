"""The lab's news server against clients that others wrote: nntplib, pynntp, slrn, tin.

The Python libraries are looked for here, in bench/.peers, in the system's Python, and in the one
that POSTEL_PEERS names; nntplib was part of Python up to 3.12.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.lab import Lab

ROOT = Path(__file__).resolve().parents[2]
Tool = Callable[[str], Path]
SUBJECTS = [f"Article {number}" for number in range(1, 26)]
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm"}


@pytest.fixture
def here() -> Iterator[Lab]:
    with lab.start("nntp") as started:
        for subject in SUBJECTS:
            started.nntp.spool.put("misc.test", subject=subject, author="Ann <ann@example.org>",
                                   body=f".dot\n{subject}\n")
        yield started


def interpreter(module: str) -> str:
    """A Python that has this module."""
    places = [sys.executable, str(ROOT / "bench" / ".peers" / "venv" / "bin" / "python"),
              "/usr/bin/python3", os.environ.get("POSTEL_PEERS", "")]
    for place in places:
        if place and Path(place).exists() and subprocess.run(
                [place, "-W", "ignore", "-c", f"import {module}"], capture_output=True,
                check=False).returncode == 0:
            return place
    pytest.skip(f"no Python has {module}: let POSTEL_PEERS name one that has")


@pytest.mark.parametrize(("peer", "module"), [("nntplib", "nntplib"), ("pynntp", "nntp")])
def test_libraries(peer: str, module: str, here: Lab) -> None:
    script = Path(__file__).with_name("strangers") / "nntp_peers.py"
    host, port = here.address("nntp")
    done = subprocess.run(
        [interpreter(module), str(script), peer, host, str(port), str(here.address("nntps")[1]),
         str(here.ca)], capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert said["capabilities"]
    assert said["group"] == [25, 1, 25, "misc.test"]
    assert said["list"] == ["misc.test"]
    # pynntp gives a line that begins with a dot twice, once with its dot doubled
    assert said["body"] == [".dot", *([] if peer == "nntplib" else ["..dot"]), "Article 3"]
    assert [text.strip() for _, text in said["xhdr"]] == SUBJECTS[:2]
    assert said["date"] >= 2026
    for way in ("subjects", "xzver", "zipped"):
        assert said.get(way, SUBJECTS) == SUBJECTS
    assert [text.strip() for _, text in said.get("xzhdr", said["xhdr"])] == SUBJECTS[:2]
    assert said.get("stat", "<5@news.lab.test>") == "<5@news.lab.test>"
    assert said.get("next", 6) == 6
    assert said.get("xref", "news.lab.test misc.test:1") == "news.lab.test misc.test:1"
    assert said.get("tls", 26) == said.get("starttls", 26) == said["posted"] == 26
    [posted] = [kept for kept in here.nntp.spool.articles.values()
                if kept.value("subject") == b"From a peer"]
    assert posted.body == b".dot\r\nend\r\n"


class Screen:
    """A terminal that nobody looks at, and a program in it."""

    def __init__(self, tmux: Path, folder: Path, command: str, **environment: str) -> None:
        self._tmux = [str(tmux), "-S", str(folder / "tmux.sock")]
        self._run("new-session", "-d", "-x", "100", "-y", "40", "-s", "t", f"{command}; sleep 5",
                  env={**ENVIRONMENT, "HOME": str(folder), **environment})

    def _run(self, *words: str, env: dict[str, str] | None = None) -> str:
        return subprocess.run([*self._tmux, *words], capture_output=True, check=False, text=True,
                              timeout=20, env=env).stdout

    def until(self, text: str) -> str:
        """Wait for *text*; return the whole screen."""
        shown = ""
        for _ in range(150):
            shown = self._run("capture-pane", "-p", "-t", "t")
            if text in shown:
                return shown
            time.sleep(0.1)
        pytest.fail(f"no {text!r} on the screen:\n{shown}")

    def keys(self, *words: str) -> None:
        """Press these."""
        self._run("send-keys", "-t", "t", *words)

    def close(self) -> None:
        """End it."""
        self._run("kill-server")


def test_slrn_in_a_terminal(here: Lab, tool: Tool, tmp_path: Path) -> None:
    """Logs in, opens the group, reads two articles, leaves."""
    host, port = here.address("nntp")
    here.nntp.options.auth = "require"
    (tmp_path / ".slrnrc").write_text(
        f'server "{host}" "{tmp_path}/.jnewsrc"\nnnrpaccess "{host}" "alice" "secret"\n'
        'hostname "example.org"\nset confirm_actions 0\nset query_reconnect 0\nset query_next_group 0\n'
        'set query_read_group_cutoff 0\nset beep 0\n')
    (tmp_path / ".jnewsrc").write_text("misc.test:\n")
    screen = Screen(tool("tmux"), tmp_path,
                    f"{tool('slrn')} -f {tmp_path}/.jnewsrc -h {host} -p {port}")
    try:
        screen.until("misc.test")
        screen.keys("Enter")
        shown = screen.until("Article 2")
        assert "Article 1" in shown
        screen.keys("Enter")
        screen.until(".dot")
        screen.keys("n")
        screen.until("Article 2")
        screen.keys("q")
        screen.keys("q")
    finally:
        screen.close()


def test_tin_in_a_terminal(here: Lab, tool: Tool, tmp_path: Path) -> None:
    """Lists the groups, opens one, reads an article."""
    host, port = here.address("nntp")
    screen = Screen(tool("tmux"), tmp_path, f"{tool('tin')} -r -g {host} -p {port} misc.test",
                    NNTPSERVER=host)
    try:
        screen.until("Press <RETURN>")
        screen.keys("Enter")
        screen.until("Article 2")
        screen.keys("Enter")
        screen.until(".dot")
        screen.keys("q")
        screen.keys("q")
        screen.until("misc.test")
    finally:
        screen.close()
