"""What is wrong with a set as a whole, and with its labels, is found."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import planted
import pytest
from core.inspect.dataset.conftest import named
from modules import Modules
from planted import Examples

Look = Callable[..., Any]
COUNT = 200


@pytest.fixture(scope="module")
def pictures() -> tuple[Examples, Examples]:
    return planted.images(COUNT, seed=31), planted.images(100, seed=32)


@pytest.fixture
def splits(pictures: tuple[Examples, Examples]) -> dict[str, Examples]:
    train, val = pictures
    return {
        "train": Examples(list(train.items), list(train.labels)).named("train"),
        "val": Examples(list(val.items), list(val.labels)).named("val"),
    }


def texts_of(look: Look, splits: Any, detector: str, **settings: Any) -> list[str]:
    """What a detector says; no other one says anything."""
    findings = look(splits, **settings).findings
    assert {finding.detector for finding in findings} <= {detector}
    return [finding.text for finding in findings]


def lit(examples: Examples, factors: Callable[[int], float]) -> None:
    """Makes each image so many times as light, by its place."""
    for place, item in enumerate(examples.items):
        levels = [int(value * factors(place)) for value in range(256)] * 3
        examples.items[place] = planted.saved(planted.opened(item).point(levels))


def test_darker_images_in_a_split_are_a_drift(look: Look, splits: dict[str, Examples]) -> None:
    lit(splits["val"], lambda place: 0.6)

    (text,) = texts_of(look, splits, "drift")

    assert text == (
        "val looks unlike train: the brightness of the lightest part is smaller there in 100 % of "
        "pairs, where chance gives 50 % (median 0.542, of train 0.917)"
    )


def test_images_that_are_darker_and_lighter_by_turns_are_a_drift(
    look: Look, splits: dict[str, Examples]
) -> None:
    lit(splits["val"], lambda place: (0.8, 1.2)[place % 2])

    (text,) = texts_of(look, splits, "drift")

    assert text.startswith("val looks unlike train: from numbers such as the ")


def test_a_cast_of_colour_is_a_drift(look: Look, splits: dict[str, Examples]) -> None:
    bands = (1.0, 1.0, 0.93)  # red, green, blue
    levels = [int(value * factor) for factor in bands for value in range(256)]
    splits["val"].items = [
        planted.saved(planted.opened(item).point(levels)) for item in splits["val"].items
    ]

    (text,) = texts_of(look, splits, "drift")

    assert text.startswith("val looks unlike train: the share of blue is smaller there in ")


def test_grey_images_have_no_cast_however_light(modules: Modules) -> None:
    grey: list[bytes | str] = [
        planted.saved(planted.Image.new("RGB", (32, 32), (n, n, n))) for n in range(1, 256)
    ]
    data = planted.data_module(modules, {"train": Examples(grey, ["disc"] * len(grey))})
    dataset = modules("core.inspect.dataset.examine")
    reading = modules("core.inspect.dataset.reading")
    data.setup()
    split = reading.read_split("train", dataset.Looks(data.examples("train")), None, 0, None)

    shares = dict(modules("core.inspect.dataset.properties").properties(split))

    for colour in ("red", "green", "blue"):
        assert len(np.unique(shares[f"the share of {colour}"])) == 1


def test_a_class_of_another_size_is_a_shortcut(look: Look, splits: dict[str, Examples]) -> None:
    for split in splits.values():
        for place, label in enumerate(split.labels):
            side = 90 if label == "disc" else 60 if label == "bar" else 75
            shown = planted.opened(split.items[place]).resize((side, side))
            split.items[place] = planted.saved(shown)

    (text,) = texts_of(look, splits, "shortcut")

    assert (
        text
        == "the size of an image alone predicts the class: right for 100 % of what guessing misses"
    )


def test_what_two_fifths_of_the_classes_tell_is_a_shortcut(
    look: Look, splits: dict[str, Examples]
) -> None:
    for split in splits.values():
        for place, label in enumerate(split.labels):
            if place % 5 < 2:
                side = 90 if label == "disc" else 60 if label == "bar" else 75
                shown = planted.opened(split.items[place]).resize((side, side))
                split.items[place] = planted.saved(shown)

    (text,) = texts_of(look, splits, "shortcut")

    assert text.startswith("the size of an image alone predicts the class: right for 47 %")


def test_a_format_of_a_class_is_a_shortcut(look: Look, splits: dict[str, Examples]) -> None:
    for split in splits.values():
        for place, label in enumerate(split.labels):
            kind = "PNG" if label == "disc" else "TIFF" if label == "bar" else "BMP"
            split.items[place] = planted.saved(planted.opened(split.items[place]), kind)

    (text,) = texts_of(look, splits, "shortcut")

    assert text.startswith("the file's format alone predicts the class")


def in_order(examples: Examples) -> Examples:
    order = np.argsort(examples.labels, kind="stable").tolist()
    return Examples([examples.items[n] for n in order], [examples.labels[n] for n in order])


def test_one_class_after_the_other_is_an_order_unless_it_is_shuffled(
    look: Look, splits: dict[str, Examples]
) -> None:
    splits["train"] = in_order(splits["train"])

    assert texts_of(look, splits, "order") == []
    (text,) = texts_of(look, splits, "order", sampler="sequential")

    assert "neighbours are alike in class (" in text


def test_a_group_in_two_splits_is_an_error(look: Look, splits: dict[str, Examples]) -> None:
    splits["train"].groups = [f"patient {place // 4}" for place in range(COUNT)]
    splits["val"].groups = [f"patient {100 + place // 4}" for place in range(100)]
    assert texts_of(look, splits, "groups") == []
    splits["val"].groups[3] = "patient 7"

    inspection = look(splits)

    (text,) = (finding.text for finding in inspection.findings)
    assert text == "1 of 75 groups are in several splits, such as patient 7 in train and val"
    assert {"val/00003", "train/00028"} < named(inspection, "groups")


def test_classes_that_are_missing_rare_or_new_are_named(
    look: Look, splits: dict[str, Examples]
) -> None:
    train, val = splits["train"], splits["val"]
    train.labels[0] = "ring"
    val.labels = ["disc" if label == "bar" else label for label in val.labels]
    val.labels[0] = "star"

    findings = look(splits).findings

    texts = [finding.text for finding in findings if finding.detector == "class_balance"]
    assert texts[0] == "1 class is in val and not in train: star"
    assert texts[1] == "1 class is in train and not in val: bar"
    assert texts[2].endswith("of the examples in train: ring (1)")
    (drift,) = (finding.text for finding in findings if finding.detector == "label_drift")
    assert drift.startswith("classes are otherwise frequent in val than in train: ")


def test_objects_of_one_image_do_not_drift_by_themselves(
    look: Look, splits: dict[str, Examples]
) -> None:
    """Of 20 images half again as many have birds, which chance does; of 100 it is a drift."""
    grid = [(x, y) for x in (2.0, 12.0, 22.0, 32.0) for y in (2.0, 12.0, 22.0, 32.0)]
    said = {}
    for count in (100, 20):
        for split, birds in (("train", 10), ("val", 15)):
            kinds = ["bird" if place % 20 < birds else "cat" for place in range(count)]
            labels = [[(kind, [x, y, x + 9, y + 9]) for x, y in grid] for kind in kinds]
            splits[split] = Examples(splits[split].items[:count], labels).named(split)
        said[count] = texts_of(look, splits, "label_drift")

    assert said[20] == []
    (text,) = said[100]
    assert text.startswith(
        "classes are otherwise frequent in val than in train: bird is 75 % there, 50 % in train"
    )


def test_boxes_outside_without_area_and_twice_are_named(
    look: Look, splits: dict[str, Examples]
) -> None:
    for split in splits.values():
        split.labels = [
            [("bird", [5.0, 5.0, 30.0, 30.0]), ("cat", [10.0, 20.0, 40.0, 45.0])]
            for _ in split.labels
        ]
    assert look(splits).findings == []
    labels = splits["train"].labels
    labels[3] = [("bird", [5.0, 5.0, 130.0, 30.0])]
    labels[4] = [("bird", [5.0, 5.0, 5.0, 30.0])]
    labels[5] = [*labels[5], ("cat", [10.0, 20.0, 40.0, 45.0])]
    labels[6] = [*labels[6], ("bird", [10.0, 20.0, 40.0, 45.0])]  # another class

    findings = look(splits).findings

    said = {finding.text.split(" (")[0]: finding.groups[0][0].id for finding in findings}
    assert said == {
        "1 image has a box beyond the edge": "train/00003",
        "1 image has a box without area": "train/00004",
        "1 image has the same box twice": "train/00005",
    }


def test_a_box_without_area_is_not_called_tiny_too(look: Look, splits: dict[str, Examples]) -> None:
    for split in splits.values():
        split.labels = [[("bird", [5.0, 5.0, 30.0, 30.0])] for _ in split.labels]
    labels = splits["train"].labels
    labels[3] = [("bird", [5.0, 5.0, 5.4, 30.0])]
    labels[4] = [("bird", [5.0, 5.0, 7.0, 30.0])]

    findings = look(splits, SimpleNamespace(image_size=32)).findings

    said = {finding.detector: [group[0].id for group in finding.groups] for finding in findings}
    assert said == {"box_faults": ["train/00003"], "tiny_objects": ["train/00004"]}
