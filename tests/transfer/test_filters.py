"""The filter language, held against git's own reading of it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.transfer.filters import Filter, parse_rules


def takes(rules: str, path: str, *, folder: bool = False) -> bool:
    return Filter(parse_rules(rules.split("\n"))).explain(path, folder=folder).included


@pytest.mark.parametrize(("rules", "path", "expected"), [
    ("*.o", "a.o", False),
    ("*.o", "lib/deep/a.o", False),
    ("*.o", "a.obj", True),
    ("*.o\n!main.o", "x/main.o", True),
    ("!main.o\n*.o", "x/main.o", False),
    ("/build", "build", False),
    ("/build", "src/build", True),
    ("doc/*.txt", "doc/a.txt", False),
    ("doc/*.txt", "doc/more/a.txt", True),
    ("doc/*.txt", "x/doc/a.txt", True),
    ("doc/**/*.txt", "doc/a.txt", False),
    ("doc/**/*.txt", "doc/x/y/a.txt", False),
    ("**/cache", "a/b/cache", False),
    ("**/cache", "cache", False),
    ("a/**", "a/b/c", False),
    ("a/**/b", "a/b", False),
    ("a/**/b", "a/x/y/b", False),
    ("a/**/b/**/c", "a/b/c", False),
    ("a/**/b/**/c", "a/1/b/2/3/c", False),
    ("a/**/b/**/c", "a/1/2/3/c", True),
    ("[a-c]?.log", "b1.log", False),
    ("[!a-c]?.log", "b1.log", True),
    ("[]x]y", "]y", False),
    ("\\#odd", "#odd", False),
    ("# odd", "odd", True),
    ("\\!x", "!x", False),
    ("a\\ ", "a ", False),
    ("a ", "a", False),
    ("cache/", "cache/file", False),
    ("cache/", "cache", True),
    ("cache/\n!cache/keep", "cache/keep", False),
])
def test_rules(rules: str, path: str, expected: bool) -> None:
    assert takes(rules, path) is expected


def test_a_trailing_double_star_is_what_is_inside() -> None:
    assert takes("a/**", "a", folder=True)
    assert not takes("a/**", "a/b", folder=True)


def test_the_reason_names_the_rule_and_its_place() -> None:
    wanted = Filter(parse_rules(["# a", "*.o", "!main.o"], "rules.txt"))
    assert wanted.explain("x.o").reason == 'left out by "*.o" (rules.txt:2)'
    assert wanted.explain("main.o").reason == 'taken by "!main.o" (rules.txt:3)'
    assert wanted.explain("x.c").reason == "no rule is about it"
    below = Filter(parse_rules(["/out/"])).explain("out/deep/x.c")
    assert below.reason == 'its folder out is left out by "/out/" (rule 1)'


def test_sizes_and_ages_are_about_files() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    wanted = Filter(smallest=10, largest=20, after=noon)
    assert [wanted.takes("a", size=size) for size in (9, 10, 21, None)] == [
        False, True, False, True]
    assert not wanted.takes("a", size=15, modified=datetime(2025, 1, 1, tzinfo=UTC))
    assert wanted.takes("a", folder=True, size=1)
    assert Filter(before=noon).decide(
        "a", modified=datetime(2027, 1, 1, tzinfo=UTC)).reason == (
            "left out: newer than 2026-01-01 12:00")


def test_a_list_of_paths_takes_the_folders_above_them() -> None:
    wanted = Filter(only=frozenset({"a/b/c.txt", "d"}))
    assert wanted.explain("a", folder=True).included
    assert wanted.explain("a/b/c.txt").included
    assert not wanted.explain("a/b/other.txt").included
    assert not wanted.explain("e").included


@pytest.mark.parametrize("rule", ["/", "!", "//", "x\0", "[z-a]", "a\\", "x" * 5000])
def test_rules_that_mean_nothing_are_refused(rule: str) -> None:
    with pytest.raises(UsageError):
        parse_rules([rule])


def test_no_pattern_explodes() -> None:
    name = "a" * 4000
    wanted = Filter(parse_rules(["*a*a*a*a*a*a*a*a*a*a*b", "/**/a/**/a/**/a/**/b"]))
    assert wanted.takes(name)  # the limit of every test is a minute; without care it takes years
    assert wanted.takes("/".join("a" * 500))


PATTERN = st.text(alphabet="ab/*?![]\\.", min_size=1, max_size=10)
PATH = st.lists(st.text(alphabet="ab.", min_size=1, max_size=3).filter(
    lambda name: name not in (".", "..")), min_size=1, max_size=4).map("/".join)


@given(PATTERN, PATH)
def test_any_text_is_a_rule_or_a_usage_error(pattern: str, path: str) -> None:
    try:
        rules = parse_rules([pattern])
    except UsageError:
        return
    assert isinstance(Filter(rules).explain(path).included, bool)


@pytest.mark.slow
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture],
          deadline=None)
@given(st.lists(st.text(alphabet="ab/*?!.", min_size=1, max_size=6), min_size=1, max_size=4),
       st.lists(PATH, min_size=1, max_size=6))
def test_git_reads_the_rules_as_we_do(tmp_path: Path, rules: list[str], paths: list[str]) -> None:
    usable = [rule for rule in rules if rule.strip("!/ ") and "***" not in rule
              and "//" not in rule]
    (tmp_path / ".gitignore").write_text("\n".join(usable) + "\n")
    if not (tmp_path / ".git").exists():
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(paths).encode(), capture_output=True, check=False)
    ignored = set(done.stdout.decode().split("\0")) - {""}
    wanted = Filter(parse_rules(usable))
    assert {path for path in paths if not wanted.explain(path).included} == ignored
