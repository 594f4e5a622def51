"""Faults that are planted among texts are found, and nothing else is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import planted
import pytest
from core.inspect.dataset.conftest import named
from planted import Examples

Look = Callable[..., Any]


@pytest.fixture
def splits() -> dict[str, Examples]:
    return {
        "train": planted.texts(400, seed=21).named("train"),
        "val": planted.texts(100, seed=22).named("val"),
    }


def test_clean_texts_give_no_finding(look: Look, splits: dict[str, Examples]) -> None:
    inspection = look(splits)

    assert inspection.findings == []
    assert inspection.splits[0].facts[0].startswith("lengths: ")


def test_planted_texts_are_named_and_no_others(look: Look, splits: dict[str, Examples]) -> None:
    random, train, val = np.random.default_rng(1), splits["train"], splits["val"]
    for place in range(3):
        train.items[place] = planted.wrongly_decoded(train.items[place], random)  # pyright: ignore[reportArgumentType]
        train.items[place + 10] = (" ", "", "\n- !")[place]
        val.items[place] = planted.near_text(train.items[place + 20], random)  # pyright: ignore[reportArgumentType]
    val.items[9], val.labels[9] = train.items[30], train.labels[30]
    train.items[40], train.labels[40], train.labels[41] = train.items[41], "calm", "loud"

    inspection = look(splits)

    assert named(inspection, "wrongly_decoded") == {f"train/{place:05}" for place in range(3)}
    assert named(inspection, "empty") == {f"train/{place:05}" for place in range(10, 13)}
    near = {f"train/{place:05}" for place in range(20, 23)} | {f"val/{n:05}" for n in range(3)}
    assert named(inspection, "near_duplicate_texts") == near
    equal = {"train/00030", "val/00009", "train/00040", "train/00041"}
    assert named(inspection, "exact_duplicates") == equal
    assert named(inspection, "two_labels") == {"train/00040", "train/00041"}
    assert len(inspection.findings) == 6  # duplicates across and within


@pytest.mark.parametrize(("kept", "seriousness"), [(0.9, "ERROR"), (0.65, "WARNING")])
def test_how_much_is_the_same_says_how_bad_it_is(
    kept: float, seriousness: str, look: Look, splits: dict[str, Examples]
) -> None:
    words, others = (str(splits[name].items[3]).split() for name in ("train", "val"))
    count = round(kept * len(words))
    rest = (3 * others)[: len(words) - count]
    splits["val"].items[3] = " ".join([*words[:count], *rest])

    (finding,) = look(splits).findings

    assert (finding.detector, finding.seriousness.name) == ("near_duplicate_texts", seriousness)


def test_lines_that_repeat(look: Look, splits: dict[str, Examples]) -> None:
    lines = [" ".join(planted.WORDS[n : n + 5]) for n in range(12)]
    splits["train"].items[5] = "\n".join([*lines[:7], *[lines[0]] * 5])  # 5 of 12
    splits["val"].items[6] = "\n".join([*lines[:9], *[lines[0]] * 3])  # 3 of 12

    inspection = look(splits)

    assert named(inspection, "repeated_lines") == {"train/00005"}
    (finding,) = (f for f in inspection.findings if f.detector == "repeated_lines")
    assert finding.text == "1 text repeats lines, more than 30 % of them (train 1)"


def test_a_licence_in_every_text_is_no_duplicate(look: Look, splits: dict[str, Examples]) -> None:
    licence = " ".join(planted.WORDS[100:160])
    for split in splits.values():
        split.items = [f"{licence} {item}" for item in split.items]

    assert look(splits).findings == []


def test_a_length_that_tells_the_class_is_a_shortcut(
    look: Look, splits: dict[str, Examples]
) -> None:
    train = splits["train"]
    for place, label in enumerate(train.labels):
        if label == "loud":
            train.items[place] = f"{train.items[place]} {' '.join(planted.WORDS[:80])}"

    findings = {finding.detector: finding for finding in look(splits).findings}

    shortcut = findings["shortcut"].text
    assert shortcut == (
        "the share of capitals in a text alone predicts the class: right for 99 % of what guessing "
        "misses, the length of a text for 98 %, the share of letters in a text for 30 %"
    )  # each has one capital
    assert "drift" in findings  # such long ones are in train alone
