"""Faults that are planted among images are found, and nothing else is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pytest
from core.inspect.dataset.conftest import named
from modules import Modules
from PIL import Image
from planted import Examples
from sklearn.datasets import load_sample_images

Look = Callable[..., Any]
COUNT = 240


@pytest.fixture(scope="module")
def clean() -> dict[str, Examples]:
    return {
        "train": planted.images(COUNT, seed=11).named("train"),
        "val": planted.images(60, seed=12).named("val"),
    }


@pytest.fixture
def splits(clean: dict[str, Examples]) -> dict[str, Examples]:
    return {
        name: Examples(list(one.items), list(one.labels), list(one.names))
        for name, one in clean.items()
    }


def test_clean_images_give_no_finding(look: Look, clean: dict[str, Examples]) -> None:
    inspection = look(clean)

    assert inspection.findings == []
    assert [split.count for split in inspection.splits] == [COUNT, 60]
    train = inspection.splits[0]
    assert sum(train.class_counts.values()) == COUNT
    assert {one.name for one in train.properties} >= {"brightness", "width"}
    assert all(len(one.values) == COUNT for one in train.properties)


def test_planted_images_are_named_and_no_others(look: Look, splits: dict[str, Examples]) -> None:
    random, train = np.random.default_rng(1), splits["train"]
    places = iter(random.permutation(COUNT).tolist())
    wanted = {}
    for fault, plant in planted.IMAGE_FAULTS.items():
        for place in (next(places), next(places)):
            train.items[place] = plant(train.items[place], random)  # pyright: ignore[reportArgumentType]
            wanted.setdefault(fault, set()).add(train.names[place])

    inspection = look(splits)

    assert {fault: named(inspection, fault) for fault in planted.IMAGE_FAULTS} == wanted
    assert {finding.detector for finding in inspection.findings} == set(planted.IMAGE_FAULTS)
    assert len(inspection.splits[0].ids) == COUNT


def test_what_is_read_otherwise_than_it_lies_in_the_file_is_noted(
    look: Look, splits: dict[str, Examples]
) -> None:
    train, val = splits["train"], splits["val"]
    film = [planted.opened(item).convert("P") for item in train.items[3:6]]
    train.items[3] = planted.saved(film[0], "GIF", save_all=True, append_images=film[1:])
    for place in (5, 9):
        clear = planted.opened(val.items[place]).convert("RGBA")
        clear.putalpha(0)
        clear.paste((200, 90, 30, 255), (4, 4, 9, 30))
        val.items[place] = planted.saved(clear, "PNG")

    found = look(splits).findings

    notes = {one.text: one for one in found if one.detector == "read_otherwise"}
    assert set(notes) == {
        "1 image has several frames: the first is read (train 1)",
        "2 images are transparent in places: laid on white (val 2)",
    }
    assert all(one.seriousness.name == "NOTE" for one in notes.values())
    named_ones = [[example.id for (example,) in one.groups] for one in notes.values()]
    assert sorted(named_ones) == [["train/00003"], ["val/00005", "val/00009"]]


def test_an_image_in_two_splits_is_an_error(look: Look, splits: dict[str, Examples]) -> None:
    again = planted.saved(planted.opened(splits["train"].items[5]), "TIFF")  # another file
    splits["val"].items[7], splits["val"].labels[7] = again, splits["train"].labels[5]

    (finding,) = look(splits).findings

    assert finding.detector == "exact_duplicates"
    assert finding.seriousness.name == "ERROR"
    assert {example.id for example in finding.groups[0]} == {"train/00005", "val/00007"}
    assert finding.count == 2


def test_an_image_twice_in_a_split_is_a_warning(look: Look, splits: dict[str, Examples]) -> None:
    train = splits["train"]
    train.items[5], train.labels[5] = train.items[9], train.labels[9]

    (finding,) = look(splits).findings

    assert (finding.detector, finding.seriousness.name) == ("exact_duplicates", "WARNING")
    assert {example.index for example in finding.groups[0]} == {5, 9}


def test_an_image_under_two_labels_is_named(look: Look, splits: dict[str, Examples]) -> None:
    train = splits["train"]
    train.items[5], train.labels[9], train.labels[5] = train.items[9], "disc", "bar"

    inspection = look(splits)

    assert named(inspection, "two_labels") == {"train/00005", "train/00009"}
    text = next(one.text for one in inspection.findings if one.detector == "two_labels")
    assert "bar and disc" in text


def test_images_that_were_saved_again_are_found(look: Look, splits: dict[str, Examples]) -> None:
    random, val = np.random.default_rng(2), splits["val"]
    for place in range(10):
        val.items[place] = planted.near(splits["train"].items[place + 20], random)  # pyright: ignore[reportArgumentType]

    (finding,) = look(splits).findings

    assert finding.detector == "near_duplicate_images"
    pairs = {tuple(sorted(example.id for example in group)) for group in finding.groups}
    assert pairs == {(f"train/{20 + n:05}", f"val/{n:05}") for n in range(10)}


def test_a_subset_is_seeded_and_said(look: Look, clean: dict[str, Examples]) -> None:
    one, other = look(clean, most=50), look(clean, most=50)

    assert one.splits[0].indices == other.splits[0].indices
    assert len(one.splits[0].indices) == 50
    assert one.splits[0].count == COUNT
    assert any("train: 50 of 240 examples were looked at" in line for line in one.skipped)


def test_many_processes_see_what_one_sees(
    modules: Modules, clean: dict[str, Examples], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = modules("core.inspect.dataset.reading")
    looks = reading.Looks(planted.dataset(modules, clean["train"]))
    seen: list[int] = []

    alone = reading.read_split("train", looks, None, 0)
    monkeypatch.setattr(reading, "FEW", 10)
    together = reading.read_split("train", looks, None, 0, seen.append)

    assert [look.digest for look in alone.looks] == [look.digest for look in together.looks]
    assert [look.id for look in alone.looks] == [look.id for look in together.looks]
    assert sum(seen) == COUNT


def test_a_detector_that_fails_stops_nothing(
    modules: Modules, clean: dict[str, Examples], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = modules("core.inspect.dataset.examine")
    broken = module.Detector("broken", lambda evidence: 1 / 0)
    monkeypatch.setattr(module, "DETECTORS", (broken, *module.DETECTORS))
    data = planted.data_module(modules, {"val": clean["val"]})

    inspection = module.examine(data)

    assert "broken failed: ZeroDivisionError: division by zero" in inspection.skipped
    with pytest.raises(ZeroDivisionError):
        module.examine(planted.data_module(modules, {"val": clean["val"]}), strict=True)


def test_a_broken_file_of_a_folder_is_a_finding(
    modules: Modules, look: Look, clean: dict[str, Examples], tmp_path: Path
) -> None:
    """Core's own reader would refuse to set up with it."""
    for place, (item, label) in enumerate(
        zip(clean["val"].items, clean["val"].labels, strict=True)
    ):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / f"{place}.png").write_bytes(item if place else item[:500])  # pyright: ignore[reportArgumentType]
    config = modules("config").DataConfig(source="folder", root=str(tmp_path), image_size=16)

    inspection = look(modules("data").ExperimentData(config))

    errors = [one for one in inspection.findings if one.seriousness.name == "ERROR"]
    assert [one.detector for one in errors] == ["unreadable"]
    assert errors[0].groups[0][0].id.endswith("0.png")
    assert sum(split.count for split in inspection.splits) == 60


def test_a_photograph_saved_again_at_another_size_is_found(look: Look) -> None:
    """Where all are cut from the same two photographs, so that many are alike."""
    random = np.random.default_rng(5)
    sources = [Image.fromarray(array) for array in load_sample_images().images]

    def cut(source: Image.Image) -> Image.Image:
        side = int(random.integers(90, 200))
        x, y = (int(random.integers(0, length - side)) for length in source.size)
        return source.crop((x, y, x + side, y + side))

    cuts = {name: [cut(sources[n % 2]) for n in range(60)] for name in ("train", "val")}
    again = [cuts["train"][n].resize((80 + n, 80 + n), Image.Resampling.BICUBIC) for n in range(20)]
    cuts["val"][:20] = again
    splits = {}
    for name, found in cuts.items():
        files: list[bytes | str] = [planted.saved(one, "JPEG", quality=80) for one in found]
        splits[name] = Examples(files, ["a"] * 60).named(name)

    near = named(look(splits), "near_duplicate_images")

    copies = {f"{split}/{n:05}" for split in ("train", "val") for n in range(20)}
    assert len(copies & near) >= 0.9 * len(copies)  # a cut of bare sky has little to go by
    assert len(near - copies) <= 2  # cuts that happen to overlap
