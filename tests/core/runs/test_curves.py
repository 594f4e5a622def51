"""Curves that are read on: the same as read at once, whatever the file holds."""

import json
import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from assemble import Package, assemble


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Package(assemble(tmp_path_factory.mktemp("curves"))).module("core.runs.curves")


def rows(file: Path, *rows: object) -> None:
    with open(file, "a", encoding="utf-8") as opened:
        opened.writelines(f"{json.dumps(row)}\n" for row in rows)


def test_only_what_is_new_is_read(room: Any, tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    curves = room.Curves(file)
    assert curves.read() == {}
    rows(file, {"step": 0, "val/loss": 2.0}, {"step": 1, "val/loss": 1.0, "lr": 0.1})
    first = curves.read()
    with open(file, "r+b") as opened:  # were it read again, it would be gone
        opened.write(b"#" * 10)

    rows(file, {"step": 2, "val/loss": 0.5})

    assert first == {"val/loss": [(0, 2.0), (1, 1.0)], "lr": [(1, 0.1)]}
    assert curves.read()["val/loss"] == [(0, 2.0), (1, 1.0), (2, 0.5)]


def test_a_line_that_is_being_written_waits_and_another_file_is_read_anew(
    room: Any, tmp_path: Path
) -> None:
    file = tmp_path / "metrics.jsonl"
    curves = room.Curves(file)
    file.write_text('{"step": 0, "a/b": 1}\n{"step": 1, "a/')
    assert curves.read() == {"a/b": [(0, 1)]}
    file.write_text('{"step": 0, "a/b": 1}\n{"step": 1, "a/b": 2}\n')
    assert curves.read() == {"a/b": [(0, 1), (1, 2)]}

    rows(tmp_path / "other", {"step": 7, "a/b": 7})
    os.replace(tmp_path / "other", file)

    assert curves.read() == {"a/b": [(7, 7)]}


def test_a_given_up_future_is_forgotten(room: Any, tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    rows(file, *({"step": i, "a/b": i} for i in range(10)), {"step": 4, "rollback": 1})
    rows(file, {"step": 4, "a/b": 40})

    assert room.read_curves(file)["a/b"] == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 40)]


def test_whatever_a_file_holds_there_is_no_error(room: Any, tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    rows(file, 5, None, [1], "x", {}, {"step": None, "a/b": 1}, {"step": "x", "a/b": 1})
    rows(file, {"step": 10**400, "a/b": 1}, {"step": float("nan"), "a/b": 1})
    rows(file, {"step": 1, "a/b": "text", "a/c": 10**400, "a/d": True, "a/e": [1]})
    rows(file, {"step": 1, "a/nan": float("nan")}, {"rollback": 1})
    with open(file, "ab") as opened:
        opened.write(b'\xff\xfe{"step": 2, "a/b": 1}\n\n' + b"[" * 5000 + b"\n")
    rows(file, {"step": 3, "a/b": 3})

    curves = room.read_curves(file)

    assert curves["a/b"] == [(3, 3)]
    assert set(curves) == {"a/b", "a/nan"}
    assert math.isnan(curves["a/nan"][0][1])


def test_of_very_many_points_some_are_kept_evenly_with_the_newest(
    room: Any, tmp_path: Path
) -> None:
    file = tmp_path / "metrics.jsonl"
    count = 10 * room.MOST + 3
    rows(file, *({"step": i, "a/b": i} for i in range(count)))

    points = room.read_curves(file)["a/b"]

    assert room.MOST / 2 <= len(points) <= room.MOST + 1
    assert (points[0], points[-1]) == ((0, 0), (count - 1, count - 1))
    assert len({b[0] - a[0] for a, b in pairwise(points[:-1])}) == 1


def test_a_long_file_is_read_in_parts_and_how_much_is_told(room: Any, tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    rows(file, *({"step": i, "a/b": i} for i in range(2 * room.LOOK)))
    curves = room.Curves(file)

    shares = []
    for _ in range(3):
        points = curves.read(seconds=-1)["a/b"]
        shares.append((len(points), round(curves.share, 1)))

    assert shares[0][0] == room.LOOK - 1
    assert 0.4 < shares[0][1] < 0.6
    assert shares[-1] == (2 * room.LOOK, 1.0)
