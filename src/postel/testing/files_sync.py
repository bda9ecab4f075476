# GENERATED from files_async.py by tools/unasync.py: edit that file, not this one.
"""What every file scheme keeps, as checks that take a client and a folder.

    from postel.testing.files_sync import CHECKS, Ground, NotOffered, take

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
    def test_my_scheme(check, tmp_path):
        with MyClient("my://server/") as site:
            site.files.make(f"/{check.name}")
            try:
                take(check, Ground(site, f"/{check.name}", tmp_path, verbs=MY_VERBS))
            except NotOffered as reason:
                pytest.skip(str(reason))

Each check takes an `Ground` and raises `AssertionError` where a rule is broken. What an
adapter declares in its `Features` decides what is asked of it: a feature that is declared must
work as declared, and one that is not declared must say `NotSupported`. A check that needs what is
not offered raises `NotOffered` and is to be counted as such.
"""

from __future__ import annotations

from collections.abc import Sequence

from .exam_sync import Check, Ground, take
from .files_many_sync import PAPER as MANY
from .files_names_sync import PAPER as NAMES
from .files_reading_sync import PAPER as READING
from .files_whole_sync import PAPER as WHOLE
from .files_writing_sync import PAPER as WRITING
from .outside import FolderOutside, NotOffered, Outside, ServedOutside, offered

__all__ = ["CHECKS", "Check", "Ground", "FolderOutside", "NotOffered", "Outside",
           "ServedOutside", "offered", "take"]

CHECKS: Sequence[Check] = (
    *READING.checks, *NAMES.checks, *WRITING.checks, *MANY.checks, *WHOLE.checks)
"""All checks, in order of what they take for granted."""
