"""What is wrong with what the loader makes of the data is found."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules

Look = Callable[..., Any]


@pytest.fixture
def data(modules: Modules) -> Any:
    """The demo, of which a test breaks something."""
    return modules("data").ExperimentData(modules("config").DataConfig(limit=300))


def found(look: Look, data: Any) -> list[tuple[str, str]]:
    return [(finding.detector, finding.text) for finding in look(data).findings]


def test_the_demo_as_it_is_gives_none(look: Look, data: Any) -> None:
    assert found(look, data) == []


def test_an_order_that_is_always_the_same(look: Look, data: Any) -> None:
    data.order = lambda dataset, epoch: np.random.default_rng(0).permutation(len(dataset))

    assert found(look, data) == [
        ("same_order", "training examples come in the same order in each epoch")
    ]


def test_augmentation_of_what_is_scored(look: Look, data: Any) -> None:
    usual = data.transforms
    data.transforms = lambda split: usual("train")

    val, test = found(look, data)

    assert val[0] == test[0] == "val_augmented"
    assert val[1].startswith("val is changed at random: image of the same examples differs")


def test_augmentation_that_changes_the_class(look: Look, data: Any) -> None:
    usual = data.transforms

    def flipped(split: str) -> Any:
        chain = usual(split)
        return lambda sample: chain(sample._replace(label=9 - sample.label))

    data.transforms = lambda split: flipped(split) if split == "train" else usual(split)

    ((detector, text),) = found(look, data)

    assert detector == "labels_changed"
    assert text.startswith("augmentation changes label of ")


def test_statistics_of_something_else(look: Look, data: Any) -> None:
    data.facts.mean = [0.7]

    ((detector, text),) = found(look, data)

    assert detector == "statistics"
    assert text.startswith("the facts say mean 0.700 and deviation ")


def test_values_that_are_not_finite_or_not_normalised(look: Look, data: Any) -> None:
    usual = data.transforms

    def scaled(split: str) -> Any:
        chain = usual(split)
        factor = {"train": 1.0, "val": float("nan"), "test": 3.0}[split]
        return lambda sample: (lambda done: done._replace(image=done.image * factor))(chain(sample))

    data.transforms = scaled

    (val, test) = found(look, data)

    assert val[0] == test[0] == "values"
    assert val[1].startswith("val: image has ")
    assert val[1].endswith("values that are not finite")
    assert "expected is 0 to 1" in test[1]


def test_images_of_other_files(look: Look, modules: Modules, data: Any) -> None:
    data.holds("val")
    dataset = data.datasets["val"]
    base, places = modules("core.data.datasets").base_of(dataset)
    order = torch.from_numpy(np.roll(places, 1))
    data.datasets["val"] = modules("core.data").TensorData(
        base.get_batch(order), base.labels[order], record=lambda index: base.record(places[index])
    )

    texts = [text for detector, text in found(look, data) if detector == "unlike_file"]

    assert texts[0].startswith("val: ")
    assert texts[0].endswith("images that the loader gives are those of another file")
    assert texts[1].endswith("examples have another class in the loader than in the source")
