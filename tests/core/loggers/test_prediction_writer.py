"""Predictions are written whatever their names and texts hold."""

import csv
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

NAMES = [os.fsdecode(b"caf\xe9.txt"), "日.txt"]
BATCHES: list[dict[str, Any]] = [{"text": ["\ud800 and on", "é"], "found": [["a\udcff"], []]}]


@pytest.fixture(scope="module")
def writer(package: str) -> Any:
    return import_module(f"{package}.core.loggers.prediction_writer")


def test_a_table_takes_what_is_not_utf_8(writer: Any, tmp_path: Path) -> None:
    count = writer.write_predictions(BATCHES, tmp_path / "p.csv", NAMES)

    assert count == 2
    with open(tmp_path / "p.csv", newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["input", "text", "found"],
            ["caf\\xe9.txt", "\\ud800 and on", '["a\\\\xff"]'],
            ["日.txt", "é", "[]"],
        ]


def test_json_lines_hold_no_halves_of_characters(writer: Any, tmp_path: Path) -> None:
    writer.write_predictions(BATCHES, tmp_path / "p.jsonl", NAMES)

    rows = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert rows == [
        {"input": "caf\\xe9.txt", "text": "\\ud800 and on", "found": ["a\\xff"]},
        {"input": "日.txt", "text": "é", "found": []},
    ]
    assert all(json.dumps(row, ensure_ascii=False).encode() for row in rows)


def test_a_place_that_cannot_be_written_is_named_in_any_letters(
    writer: Any, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=r"there is no folder .*caf\\xe9$") as error:
        writer.check_target(tmp_path / os.fsdecode(b"caf\xe9") / "p.csv")

    assert str(error.value).encode()
