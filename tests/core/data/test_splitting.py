"""Which examples are for what: splits, limits, chosen ones, and what they tell the model."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch


def test_split_is_stratified_and_fixed(make: Callable[..., Any]) -> None:
    data, again, other = make(), make(), make(split_seed=1)
    for each in (data, again, other):
        each.setup()

    val, train = data.datasets["val"], data.datasets["train"]
    counts = torch.bincount(val.labels) / torch.bincount(torch.cat([val.labels, train.labels]))
    assert (counts - 0.15).abs().max() < 0.01
    assert not set(val.indices) & set(train.indices)
    assert (val.indices == again.datasets["val"].indices).all()
    assert len(val) == len(other.datasets["val"])
    assert (val.indices != other.datasets["val"].indices).any()


def test_the_digits_are_split_as_scikit_learn_does(make: Callable[..., Any]) -> None:
    sklearn_data = import_module("sklearn.datasets")
    from sklearn.model_selection import train_test_split

    images, labels = sklearn_data.load_digits(return_X_y=True)
    arguments = {"test_size": 0.25, "stratify": labels, "random_state": 0}
    _, test_images, _, _ = train_test_split(images, labels, **arguments)

    data = make()
    data.setup()

    ours = data.datasets["test"].examples.image.flatten(1)
    expected = (torch.tensor(test_images) * 255 / 16).round().byte()
    assert sorted(ours.tolist()) == sorted(expected.tolist())


@pytest.mark.parametrize("limit", [10, 35, 100])
def test_limit_takes_of_each_class_alike(make: Callable[..., Any], limit: int) -> None:
    data = make(limit=limit)

    for split in ("train", "val", "test"):
        counts = torch.bincount(data.examples(split).labels, minlength=10)
        assert counts.sum() == limit
        assert counts.max() - counts.min() <= 1


def test_indices_are_exactly_the_training_examples(
    make: Callable[..., Any], refusal: Callable[..., str]
) -> None:
    data = make(indices=[5, 3, 5])

    assert data.examples("train").labels.tolist() == [
        make().examples("train").labels[i].item() for i in (5, 3, 5)
    ]
    assert len(data.examples("val")) == 202
    message = refusal(lambda: make(indices=[5000]).examples("train"))
    assert "data.indices: 5000" in message
    assert "1144" in message


def test_facts_are_found_once(make: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    run = SimpleNamespace(seed=0, facts_file=tmp_path / "runs" / "wide" / "facts.json")
    facts = make(run).facts
    monkeypatch.setattr("experiment.data.ExperimentData.find_facts", None)

    again = make(run).facts

    assert again == facts
    assert facts.num_classes == 10
    assert (facts.channels, facts.image_size) == (1, 8)
    assert json.loads(run.facts_file.read_text())["class_names"] == [str(i) for i in range(10)]


def test_facts_of_another_form_are_refused(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    run = SimpleNamespace(seed=0, facts_file=tmp_path / "facts.json")
    run.facts_file.write_text('{"classes": 3}')

    message = refusal(lambda: make(run).facts)

    assert "facts.json" in message
    assert "classes" in message
    assert "delete it" in message


def test_batches_have_the_documented_shape(make: Callable[..., Any]) -> None:
    batch = next(iter(make().train_dataloader()))

    assert (tuple(batch.image.shape), batch.image.dtype) == ((128, 1, 8, 8), torch.float32)
    assert (tuple(batch.label.shape), batch.label.dtype) == ((128,), torch.int64)
    assert type(batch.image) is torch.Tensor
    assert abs(batch.image.mean()) < 0.2
