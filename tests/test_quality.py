"""This repository holds itself to what it asks of a generated project."""

import sys

import pytest
from projects import ROOT, run


def test_the_code_is_clean_and_formatted() -> None:
    for words in (["check"], ["format", "--check"]):
        done = run([sys.executable, "-m", "ruff", *words, "."], ROOT)

        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_code_is_typed() -> None:
    done = run([sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable], ROOT)

    assert done.returncode == 0, done.stdout
