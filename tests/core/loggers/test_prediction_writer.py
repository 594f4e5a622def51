"""Predictions are written whatever their names and texts hold."""

import csv
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

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


def pictures(*shades: int) -> dict[str, Any]:
    """Predictions of one pixel each, with a palette."""
    masks = [Image.fromarray(np.full((1, 1), shade, np.uint8), "P") for shade in shades]
    for mask in masks:
        mask.putpalette([7] * 768)
    return {"share": [0.5] * len(shades), "mask": masks, "overlay": [*masks]}


def kept(package: str, table: Path, *batches: dict[str, Any]) -> None:
    """Let the callback see batches, as Lightning does."""
    callback = import_module(f"{package}.core.loggers.prediction_pictures").KeepPictures(table)
    nothing: Any = None
    callback.on_predict_start(nothing, nothing)
    for number, batch in enumerate(batches):
        callback.on_predict_batch_end(nothing, nothing, batch, nothing, number)
        assert not any(isinstance(one, Image.Image) for one in batch["mask"])


@pytest.mark.parametrize("as_they_come", [True, False])
def test_pictures_are_files_called_as_their_inputs(
    writer: Any, package: str, as_they_come: bool, tmp_path: Path
) -> None:
    batches = [pictures(3, 250), pictures(4)]
    table, names = tmp_path / "answers.csv", ["in/a.jpg", "in/b/a.png", "in/\udce9.png"]
    stale = tmp_path / "answers.mask/old.png"
    stale.parent.mkdir()
    stale.touch()
    if as_they_come:
        kept(package, table, *batches)

    writer.write_predictions(batches, table, names)

    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["mask"] for row in rows] == [
        "answers.mask/a.png", "answers.mask/b/a.png", "answers.mask/\\xe9.png"
    ]  # fmt: skip
    assert rows[1]["overlay"] == "answers.overlay/b/a.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "answers.csv", "answers.mask", "answers.overlay"
    ]  # fmt: skip
    for name, shade in (("a", 3), ("b/a", 250), ("\udce9", 4)):
        with Image.open(tmp_path / f"answers.mask/{name}.png") as mask:
            assert (mask.mode, np.asarray(mask).tolist()) == ("P", [[shade]])
    assert not stale.exists()


@pytest.mark.parametrize(
    ("names", "called"),
    [
        ([], ["000001", "000002"]),
        (["a.jpg", "a.png"], ["a.jpg", "a.png"]),
        (["A.png", "a.PNG"], ["A.png", "a.PNG"]),
        (["/x/y/a.png", "/x/b.png"], ["y/a", "b"]),
        (["../../a.png", "b.png"], None),
        (["a.png", ""], ["000001", "000002"]),
    ],
)
def test_no_two_pictures_have_one_name(
    writer: Any, names: list[str], called: list[str] | None, tmp_path: Path
) -> None:
    writer.write_predictions([pictures(1, 2)], tmp_path / "p.jsonl", names)

    rows = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    files = [tmp_path / row["mask"] for row in rows]
    for number, file in enumerate(files, start=1):
        assert file.resolve().is_relative_to(tmp_path / "p.mask")
        with Image.open(file) as mask:
            assert np.asarray(mask).tolist() == [[number]]
    if called:
        assert [row["mask"] for row in rows] == [f"p.mask/{name}.png" for name in called]


def test_a_place_that_cannot_be_written_is_named_in_any_letters(
    writer: Any, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=r"there is no folder .*caf\\xe9$") as error:
        writer.check_target(tmp_path / os.fsdecode(b"caf\xe9") / "p.csv")

    assert str(error.value).encode()
