"""The mean overlap is the definition's, over all classes and pixels that count."""

from importlib import import_module
from typing import Any

import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score


@pytest.fixture(scope="module")
def overlap(package: str) -> Any:
    return import_module(f"{package}.core.module").MaskOverlap


def values(metric: Any) -> dict[str, float]:
    return {name: float(value) for name, value in metric.compute().items()}


def test_it_is_what_scikit_learn_computes_of_all_pixels_at_once(overlap: Any) -> None:
    metric = overlap(5, ignored=255)
    predicted = torch.randint(0, 5, (12, 9, 7))
    mask = torch.where(torch.rand(12, 9, 7) < 0.6, predicted, torch.randint(0, 5, (12, 9, 7)))
    mask = torch.where(torch.rand(12, 9, 7) < 0.2, 255, mask).byte()

    for start in (0, 5, 10):
        metric.update(predicted[start : start + 5], mask[start : start + 5])

    counted = mask != 255
    pair = mask[counted].numpy(), predicted[counted].numpy()
    assert values(metric) == pytest.approx(
        {
            "miou": jaccard_score(*pair, average="macro"),
            "accuracy": (pair[0] == pair[1]).mean(),
            "dice": f1_score(*pair, average="macro"),
        }
    )


def test_a_class_that_is_never_predicted_or_not_there_counts_as_0(overlap: Any) -> None:
    metric = overlap(4, ignored=255)
    mask = torch.zeros(1, 10, 10, dtype=torch.uint8)
    mask[0, 0] = 1

    metric.update(torch.zeros(1, 10, 10, dtype=torch.long), mask)

    assert values(metric) == pytest.approx(
        {"miou": 0.9 / 4, "accuracy": 0.9, "dice": 1.8 / 1.9 / 4}
    )


def test_where_no_pixel_counts_it_is_0(overlap: Any) -> None:
    metric = overlap(3, ignored=255)

    metric.update(torch.ones(1, 2, 2, dtype=torch.long), torch.full((1, 2, 2), 255).byte())

    assert values(metric) == {"miou": 0, "accuracy": 0, "dice": 0}


def test_two_hundred_and_fifty_five_classes_are_told_apart(overlap: Any) -> None:
    metric = overlap(255, ignored=255)
    every = torch.arange(256).view(1, 16, 16)

    metric.update(every.clamp(max=254), every.byte())

    assert values(metric) == pytest.approx({"miou": 1, "accuracy": 1, "dice": 1})
    assert metric.higher_is_better
