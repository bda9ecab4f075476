"""The old module's own tests, as far as they concern behaviour: the score of docs/compat.md."""

from __future__ import annotations

import pytest

from .cpython_nntplib import DIFFERENT, load, suite

pytestmark = pytest.mark.slow


def test_all_of_them() -> None:
    module = load()
    if module is None:
        pytest.skip("no Python 3.12 here, whose tests these are (POSTEL_PYTHON312 names one)")
    result = suite(module)
    wrong = {str(test): words.splitlines()[-1] for test, words in result.failures + result.errors}
    assert {test.split(" ", 1)[0] for test in wrong} <= set(DIFFERENT), wrong
    assert result.testsRun >= 60
