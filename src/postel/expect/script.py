"""Scripts of ``postel expect``: a TOML file of steps, read and checked before anything is done.

A grammar module. A script connects to something, and takes its steps in order; a step that waits
may branch to a label. What was captured is put in by ``${name}``. Every complaint names the line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError
from .matching import END, What

__all__ = ["LONGEST_RUN", "Script", "SecretSource", "Step", "filled", "parse_script"]

LONGEST_RUN = 10_000
"""Steps that are taken: a script that goes round in circles ends."""

_VERBS = ("expect", "send", "type", "key", "secret", "command", "resize", "goto", "fail", "end")
_MORE = {"expect": ("timeout", "on", "capture"), "command": ("timeout", "capture"),
         "fail": (), "end": ()}
_CONNECT = {"url": str, "spawn": (str, list), "timeout": (int, float), "user": str,
            "password": str, "newline": str, "plain": bool}
_TABLES = ("connect", "secrets", "values", "step")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret comes from.

    Args:
        env: a variable of the environment, or "".
        prompt: what a person is asked, or "".
    """

    env: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Args:
        line: where it stands.
        verb: what to do.
        what: with what.
        label: its name, or "".
        timeout: seconds; None is the script's.
        on: labels by the name of what was found.
        capture: under which name the text before (of a command, its output) is kept, or "".
    """

    line: int
    verb: str
    what: Any
    label: str = ""
    timeout: float | None = None
    on: Mapping[str, str] = field(default_factory=dict)
    capture: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script.

    Args:
        name: of the file, for errors.
        connect: what to connect to, and how.
        line: where that stands.
        secrets: by name.
        values: values that the script brings, by name.
        steps: in order.
    """

    name: str
    connect: Mapping[str, Any]
    line: int
    secrets: Mapping[str, SecretSource]
    values: Mapping[str, str]
    steps: tuple[Step, ...]

    def at(self, label: str) -> int:
        """The number of the step with that label; ``"end"`` is behind the last."""
        if label == "end":
            return len(self.steps)
        return next(number for number, step in enumerate(self.steps) if step.label == label)


def parse_script(text: str, name: str = "script") -> Script:
    """Read a script.

    Raises:
        UsageError: something in it is wrong; the message names the line.

    Example:
        >>> script = parse_script('''
        ... [connect]
        ... url = "telnet://switch.example.org"
        ... [[step]]
        ... expect = {login = "login: "}
        ... ''')
        >>> script.steps[0].verb, script.steps[0].line
        ('expect', 4)
    """
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: {error}", hint="it is no TOML there") from None
    lines = text.splitlines()
    for table in data:
        if table not in _TABLES:
            raise _wrong(name, _line_of(lines, table), f"{table!r} is nothing of a script's",
                         f"there are {', '.join(_TABLES)}")
    starts = [number for number, line in enumerate(lines, 1)
              if re.match(r"\s*\[\[\s*step\s*\]\]", line)]
    steps = data.get("step", [])
    if not isinstance(steps, list) or len(starts) != len(steps):
        raise _wrong(name, _line_of(lines, "step"), "steps are written as [[step]]", "")
    found = tuple(_step(name, line, step) for line, step in zip(starts, steps, strict=True))
    script = Script(name, _connect(name, lines, data), _line_of(lines, "connect"),
                    _secrets(name, lines, data), _values(name, lines, data), found)
    _check_names(script)
    return script


def _wrong(name: str, line: int, what: str, hint: str) -> UsageError:
    return UsageError(f"{name} line {line}: {what}", hint=hint)


def _line_of(lines: list[str], table: str) -> int:
    pattern = re.compile(rf"\s*\[*\s*{re.escape(table)}\b")
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)


def _table(name: str, lines: list[str], data: Mapping[str, Any], table: str) -> dict[str, Any]:
    found = data.get(table, {})
    if not isinstance(found, dict):
        raise _wrong(name, _line_of(lines, table), f"{table} is a table", f"write [{table}]")
    return found


def _connect(name: str, lines: list[str], data: Mapping[str, Any]) -> Mapping[str, Any]:
    found, line = _table(name, lines, data, "connect"), _line_of(lines, "connect")
    for key, value in found.items():
        if key not in _CONNECT or not isinstance(value, _CONNECT[key]):  # type: ignore[arg-type]
            raise _wrong(name, line, f"connect: {key} = {value!r} is not understood",
                         f"there are {', '.join(_CONNECT)}")
    if ("url" in found) == ("spawn" in found):
        raise _wrong(name, line, "connect: either url or spawn",
                     'url = "telnet://host", or spawn = "program"')
    return found


def _secrets(name: str, lines: list[str], data: Mapping[str, Any]) -> dict[str, SecretSource]:
    found = {}
    for key, value in _table(name, lines, data, "secrets").items():
        if not isinstance(value, dict) or not value or set(value) - {"env", "prompt"} or not all(
                isinstance(one, str) and one for one in value.values()):
            raise _wrong(name, _line_of(lines, "secrets"), f"secrets: {key} is not understood",
                         'write {env = "VARIABLE"}, {prompt = "Password"}, or both; a secret '
                         "itself does not stand in a script")
        found[key] = SecretSource(value.get("env", ""), value.get("prompt", ""))
    return found


def _values(name: str, lines: list[str], data: Mapping[str, Any]) -> dict[str, str]:
    found = _table(name, lines, data, "values")
    for key, value in found.items():
        if not _NAME.fullmatch(key) or not isinstance(value, str):
            raise _wrong(name, _line_of(lines, "values"), f"values: {key} is not understood",
                         "names of letters and digits, values in quotes")
    return found


def _step(name: str, line: int, step: dict[str, Any]) -> Step:
    verbs = [verb for verb in _VERBS if verb in step]
    if len(verbs) != 1:
        raise _wrong(name, line, f"a step does one thing, this one {len(verbs)}: "
                     f"{', '.join(verbs) or 'nothing'}", f"there are {', '.join(_VERBS)}")
    verb = verbs[0]
    allowed = {verb, "label", *_MORE.get(verb, ())}
    if unknown := set(step) - allowed:
        raise _wrong(name, line, f"{verb} has no {', '.join(sorted(unknown))}",
                     f"it has {', '.join(sorted(allowed))}")
    for key, kind in (("label", str), ("capture", str), ("on", dict), ("timeout", (int, float))):
        if key in step and not isinstance(step[key], kind):
            raise _wrong(name, line, f"{key} = {step[key]!r} is not understood", "")
    what = step[verb]
    if verb == "expect":
        what = _wanted(name, line, what)
    elif not isinstance(what, {"resize": list, "end": bool}.get(verb, str)):
        raise _wrong(name, line, f"{verb} = {what!r} is not understood", "")
    if verb == "resize" and not (len(what) == 2 and all(isinstance(one, int) for one in what)):
        raise _wrong(name, line, "resize wants columns and rows", "resize = [80, 24]")
    return Step(line, verb, what, step.get("label", ""), step.get("timeout"),
                step.get("on", {}), step.get("capture", ""))


def _wanted(name: str, line: int, what: Any) -> dict[str, What]:
    """What is expected, by name; text alone is called "match"."""
    named = what if isinstance(what, dict) and set(what) != {"regex"} else {"match": what}
    found: dict[str, What] = {}
    for key, value in named.items():
        if isinstance(value, str) and value:
            found[key] = value
        elif isinstance(value, dict) and set(value) == {"regex"} and isinstance(
                value["regex"], str):
            try:
                found[key] = re.compile(value["regex"].encode())
            except re.error as error:
                raise _wrong(name, line, f"expect {key}: {error}",
                             "it is a regular expression of Python's re") from None
        elif value == {"end": True}:
            found[key] = END
        else:
            raise _wrong(name, line, f"expect {key} = {value!r} is not understood",
                         'text, {regex = "…"}, or {end = true}')
    if not found:
        raise _wrong(name, line, "there is nothing to expect", "")
    return found


def _check_names(script: Script) -> None:
    labels = [step.label for step in script.steps if step.label]
    for step in script.steps:
        if step.label and labels.count(step.label) > 1:
            raise _wrong(script.name, step.line, f"the label {step.label!r} is there twice", "")
        targets = [*step.on.values(), *([step.what] if step.verb == "goto" else [])]
        for target in targets:
            if target != "end" and target not in labels:
                raise _wrong(script.name, step.line, f"there is no label {target!r}",
                             f"there are {', '.join(labels) or 'none'}")
        if unknown := set(step.on) - set(step.what if step.verb == "expect" else ()):
            raise _wrong(script.name, step.line, f"on: {', '.join(sorted(unknown))} is not "
                         "expected", "")
        if step.verb == "secret" and step.what not in script.secrets:
            raise _wrong(script.name, step.line, f"there is no secret {step.what!r}",
                         "secrets are named in [secrets]")
    password = script.connect.get("password")
    if password is not None and password not in script.secrets:
        raise _wrong(script.name, script.line, f"connect: there is no secret {password!r}",
                     "password names one of [secrets]")


def filled(text: str, values: Mapping[str, str], where: str) -> str:
    """*text* with its ``${name}`` filled in.

    Raises:
        UsageError: there is no such value.

    Example:
        >>> filled("show ${what}", {"what": "version"}, "here")
        'show version'
    """
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise UsageError(f"{where}: there is no value ${{{match[1]}}}",
                             hint=f"there are {', '.join(values) or 'none'}; --set gives more")
        return values[match[1]]

    return _HOLE.sub(value, text)
