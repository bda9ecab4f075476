"""The tour's rows of terminals: a Telnet dialogue by expect; a command and a shell by SSH."""

from __future__ import annotations

from ..expect import connect, over
from ..lab import start
from ..secrets import Secret
from ..serving.shell import Call
from ..ssh.client_sync import Client
from .tour_rows import Ground, Result, check

__all__ = ["ROWS"]

_PASSWORD = "secret"  # noqa: S105 - the lab's
_BYTES = bytes(range(256)) * 2_048


def _uptime(call: Call) -> str:
    return f"up 3 days, asked by {call.user}\n"


def dialogue(ground: Ground) -> Result:
    """A log-in by Telnet, refused once; prompts found without a pause."""
    with start("telnet") as lab:
        lab.telnet.shell.commands["uptime"] = _uptime
        with connect(lab.url("telnet"), timeout=10) as there:
            for word, wanted in (("wrong", "again"), (_PASSWORD, "prompt")):
                there.expect("login: ")
                there.send_line("alice")
                there.expect("assword: ")
                there.send_line(Secret(word))
                name = there.expect(again="incorrect", prompt="$ ").name
                check(name == wanted, f"after the password came: {name}")
            prompt = there.find_prompt()
            said = there.command("uptime").strip()
            check(said == b"up 3 days, asked by alice", f"the command said {said!r}")
            there.send_line("exit")
            there.expect_end()
    return Result(2, len(said), "each answer", [
        f"refused once, then in; the prompt is {prompt.decode()!r}", f"uptime: {said.decode()}"])


def commands(ground: Ground) -> Result:
    """Every byte there and back, a status, a complaint, and a shell: one log-in for all."""
    with start("ssh") as lab:
        lab.ssh.shell.commands["uptime"] = _uptime
        with Client(lab.url("ssh", user="alice"), password=_PASSWORD) as host:
            asked, back = host.run("uptime"), host.run("cat", input=_BYTES)
            check(asked.status == 0 and asked.text == "up 3 days, asked by alice\n",
                  f"the command said {asked.text!r}, status {asked.status}")
            check(back.stdout == _BYTES, "what came back is not what was sent")
            failed = host.run("no-such-command")
            check(failed.status == 127 and not failed.stdout, f"its status is {failed.status}")
            with over(host.shell(columns=100), timeout=10) as shell:
                shell.find_prompt()
                said = shell.command("size").decode().strip()
                check("100" in said, f"the window is {said}")
    return Result(4, 2 * len(_BYTES), "bytes, status", [
        f"uptime: {asked.text.strip()}",
        f"no-such-command: status {failed.status}, {failed.stderr.decode().strip()}"])


ROWS = (
    ("Telnet: a dialogue by expect", dialogue),
    ("SSH: commands and a shell", commands),
)
"""The rows, in order: a title, and the function that does it."""
