"""Cross-validation: folds part what is not for testing, and stay what they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules


@pytest.fixture
def make(experiment: Modules) -> Callable[..., Any]:
    """The experiment's data with some values of its configuration set."""

    def make_data(**values: Any) -> Any:
        data = experiment("data").ExperimentData(experiment("config").DataConfig(**values))
        assert data.has("train")
        return data

    return make_data


def test_each_example_validates_in_one_fold_and_tests_in_none(make: Callable[..., Any]) -> None:
    plain = make()
    folds = [make(fold=fold, folds=4) for fold in range(4)]

    pool = {*plain.datasets["train"].indices.tolist(), *plain.datasets["val"].indices.tolist()}
    validated = np.concatenate([data.datasets["val"].indices for data in folds])
    assert sorted(validated.tolist()) == sorted(pool)
    for data in folds:
        train, val = (set(data.datasets[split].indices.tolist()) for split in ("train", "val"))
        assert train | val == pool
        assert not train & val
        assert torch.equal(data.datasets["test"].labels, plain.datasets["test"].labels)
        assert 0.2 < len(val) / len(pool) < 0.3


def test_a_fold_is_a_fact_and_not_a_draw(experiment: Modules) -> None:
    number = experiment("core.data.cross_validation").fold_numbers

    few, many = number(range(100), 5, 0), number(range(1000), 5, 0)

    assert few.tolist() == many[:100].tolist()  # data that is added moves nothing
    # A promise over versions: a stored experiment's folds can be had again.
    assert few[:6].tolist() == [2, 4, 1, 3, 3, 3]
    assert number(range(100), 5, 1).tolist() != few.tolist()


def test_a_group_is_in_one_fold_as_a_whole(experiment: Modules) -> None:
    images = torch.zeros(60, 1)
    data = experiment("core.data.datasets").TensorData((images,))
    data.groups = [f"patient {i // 6}" for i in range(60)]

    parts = [
        experiment("core.data.cross_validation").folded(data, None, fold, 3, 0)[1]
        for fold in range(3)
    ]

    patients = [{data.groups[i] for i in part.indices} for part in parts]
    assert sum(map(len, patients)) == len(set().union(*patients)) == 10


def test_a_source_with_a_validation_split_of_its_own_folds_its_training_examples(
    experiment: Modules,
) -> None:
    tensor_data = experiment("core.data.datasets").TensorData
    train, val = tensor_data((torch.zeros(50, 1),)), tensor_data((torch.zeros(9, 1),))

    rest, held = experiment("core.data.cross_validation").folded(train, val, 0, 5, 0)

    assert len(rest) + len(held) == 50
    assert held.dataset is train


def test_a_fold_that_is_none_is_refused(experiment: Modules) -> None:
    with pytest.raises(ValueError, match="fold is 5; it must be below folds, which is 5"):
        experiment("config").DataConfig(fold=5)
