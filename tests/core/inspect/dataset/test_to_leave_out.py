"""``inspect data --exclude FILE``: which examples are listed, and what a list then leaves out."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pytest
from harness.experiment import Experiment
from listed_files import digest
from modules import Modules
from PIL import Image

READ = ("data.source=folder", "data.root=photos")


def listed(text: str) -> list[str]:
    """The ids of a list, in order."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line.split("  ", 1)[1] for line in lines]


# --- which of them ------------------------------------------------------------------------------


@pytest.fixture
def told(modules: Modules) -> Any:
    """The list that is made of findings about texts called by split and number."""
    room = modules("core.inspect.dataset.inspection")
    texts = [f"text number {number}" for number in range(6)]
    splits = {
        split: planted.Examples(list(texts), ["a", "b"] * 3).named(split)
        for split in ("train", "val", "test", "more")
    }
    data = planted.data_module(modules, splits)
    data.setup()

    def told(*findings: tuple[str, str, list[list[str]]], **counts: int) -> Any:
        made = []
        for detector, seriousness, groups in findings:
            examples = tuple(
                tuple(
                    room.ExampleId(name[:-1], int(name[-1]), f"{name[:-1]}/0000{name[-1]}")
                    for name in group
                )
                for group in groups
            )
            kind = room.Seriousness[seriousness]
            made.append(
                room.Finding(detector, kind, "found", "do", examples, counts.get(detector, 0))
            )
        inspection = room.Inspection(findings=made)
        return modules("core.inspect.dataset.to_leave_out").to_leave_out(inspection, data)

    return told


@pytest.mark.parametrize(
    ("group", "out"),
    [
        (["train1", "test2"], ["train/00001"]),
        (["test2", "train1"], ["train/00001"]),
        (["train1", "val2"], ["train/00001"]),
        (["val2", "test1"], ["val/00002"]),
        (["more2", "test1", "train0"], ["more/00002", "train/00000"]),
        (["val2", "more1"], ["val/00002"]),
        (["train1", "train4", "train5"], ["train/00004", "train/00005"]),
        (["train1", "test2", "test3"], ["train/00001", "test/00003"]),
    ],
)
@pytest.mark.parametrize("detector", ["exact_duplicates", "near_duplicate_texts"])
def test_of_copies_the_tests_stays(
    told: Any, group: list[str], out: list[str], detector: str
) -> None:
    found = told((detector, "ERROR", [group]))

    assert listed(found.text) == out
    assert found.count == len(out)
    stays = next(name for name in group if f"{name[:-1]}/0000{name[-1]}" not in out)
    assert f"# as {stays[:-1]}/0000{stays[-1]} of {stays[:-1]}, which stays\n" in found.text


def test_two_labels_go_both_and_are_listed_once(told: Any) -> None:
    group = ["train1", "test2"]

    found = told(("exact_duplicates", "ERROR", [group]), ("two_labels", "ERROR", [group]))

    assert listed(found.text) == ["train/00001", "test/00002"]
    assert "# also: two_labels\n" in found.text


def test_notes_and_faults_of_the_whole_list_none(told: Any) -> None:
    found = told(("dark", "NOTE", [["train1"]]), ("groups", "ERROR", [["train1", "test1"]]))

    assert (found.text, found.count, found.remarks) == ("", 0, [])


def test_more_than_is_named_is_said(told: Any) -> None:
    found = told(("dark", "WARNING", [["train1"], ["val2"]]), dark=7)

    assert listed(found.text) == ["train/00001", "val/00002"]
    assert found.remarks == ["dark: 2 of 7 examples were gone through; look again with this list"]


def test_each_detector_is_known(modules: Modules) -> None:
    room = modules("core.inspect.dataset.to_leave_out")
    whole = {"groups", "class_balance", "label_drift", "shortcut", "tiny_objects", "drift", "order"}
    whole |= {
        "same_order",
        "unlike_file",
        "val_augmented",
        "labels_changed",
        "statistics",
        "values",
        "objects_lost",
        "weak_groups",
        "padding",
        # What a model contests is not left out of what models are scored on.
        "suspect_labels",
        "suspect_boxes",
        "suspect_masks",
        "surprising_texts",
    }
    names = {one.name for one in modules("core.inspect.dataset.detectors.registry").DETECTORS}

    assert names - whole == room.ONE_BY_ONE | room.COPIES


# --- the command --------------------------------------------------------------------------------


def photographs(folder: Path) -> None:
    """Clean ones in two splits and two classes, each of noise of its own."""
    random = np.random.default_rng(0)
    for split, count in (("train", 24), ("test", 10)):
        for label in ("cats", "dögs"):
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                noise = random.integers(0, 255, (12, 12, 3)).astype(np.uint8)
                image = Image.fromarray(noise).resize((48, 48))
                image.save(folder / split / label / f"a photo {number:02}.png")


@pytest.mark.slow
def test_what_was_found_is_listed_and_then_left_out(experiment: Experiment) -> None:
    root = experiment / "photos"
    photographs(root)
    shutil.copy(root / "test/cats/a photo 03.png", root / "train/cats/leak.png")
    shutil.copy(root / "train/dögs/a photo 05.png", root / "train/dögs/twice.png")
    shutil.copy(root / "train/dögs/a photo 06.png", root / "train/cats/two.png")
    Image.new("RGB", (48, 48), "white").save(root / "train/dögs/empty.png")
    (root / "train/cats/none.png").write_bytes(b"no image")
    whole = (root / "train/cats/a photo 00.png").read_bytes()
    (root / "train/cats/broken.png").write_bytes(whole[:500])

    done = experiment.main("inspect", "data", *READ, "--exclude", "lists/exclude.txt")

    assert done.returncode == 0, done.stdout + done.stderr
    text = (experiment / "lists/exclude.txt").read_text(encoding="utf-8")
    names = ["train/cats/none.png", "train/cats/broken.png", "train/cats/leak.png"]
    names += ["train/cats/two.png", "train/dögs/a photo 06.png", "train/dögs/empty.png"]
    names += ["train/dögs/twice.png"]
    assert sorted(listed(text)) == sorted(names)
    for name in names[1:]:
        assert f"\n{digest(root / name)}  {name}\n" in text
    assert "\nunreadable  train/cats/none.png\n" in text
    assert "# as test/cats/a photo 03.png of test, which stays\n" in text
    assert done.stdout.splitlines()[-2:] == [
        "exclude   lists/exclude.txt lists 7; delete those you disagree with, then",
        "          main.py fit data.exclude=lists/exclude.txt",
    ]

    words = (*READ, "data.exclude=lists/exclude.txt", "--exclude")
    again = experiment.main("inspect", "data", *words, "lists/second.txt")
    assert "left out  7 of 74 examples, by lists/exclude.txt\n" in again.stdout
    assert "nothing found; looked at 67 examples" in again.stdout
    assert again.stdout.endswith("exclude   there is nothing to leave out: no file is written\n")
    assert not (experiment / "lists/second.txt").exists()

    Image.new("RGB", (48, 48), "white").save(root / "test/dögs/empty too.png")
    more = experiment.main("inspect", "data", *words, "lists/second.txt", "--json")
    assert more.returncode == 0, more.stderr
    second = (experiment / "lists/second.txt").read_text(encoding="utf-8")
    assert second.startswith(text)
    assert listed(second) == [*listed(text), "test/dögs/empty too.png"]

    refused = experiment.main("inspect", "data", *READ, "--exclude", "lists/exclude.txt")
    assert refused.returncode == 2
    assert refused.stderr == (
        "--exclude lists/exclude.txt exists, and may have been edited: name another file; with "
        "data.exclude=lists/exclude.txt it begins with what that one lists\n"
    )
