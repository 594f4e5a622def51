"""Promises of the demo's scenes: always the same ones, tight boxes, digits that do not touch."""

import hashlib
from typing import Any

import pytest
import torch
from modules import Modules
from torchvision.ops import box_iou


@pytest.fixture(scope="module")
def scenes(experiment: Modules) -> Any:
    """Some scenes of each split."""
    return experiment("core.data.boxes.demo_scenes").load(train=600, test=500)


def test_the_same_scenes_for_ever(scenes: Any) -> None:
    train = scenes["train"]

    said = torch.cat([train.boxes.long().flatten(), train.label.flatten()])

    assert hashlib.sha256(said.numpy().tobytes()).hexdigest()[:16] == "167477d5796e0aa3"
    assert train.image.float().mean().item() == pytest.approx(68.663, abs=0.01)


def test_scenes_are_a_function_of_their_seed_alone(experiment: Modules, scenes: Any) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()

    again = experiment("core.data.boxes.demo_scenes").load(train=20, test=1)["train"]

    assert torch.get_rng_state().equal(state)
    for name, field in vars(again).items():
        assert field.equal(vars(scenes["train"])[name][:20])


def test_training_and_test_scenes_show_different_digits(experiment: Modules) -> None:
    splits = experiment("core.data.images.demo_digits").load()
    train, test = (
        {digit.numpy().tobytes() for digit in splits[name].pixels} for name in ("train", "test")
    )

    assert not train & test


def test_scenes_hold_two_to_five_digits_of_every_class(scenes: Any) -> None:
    for split in scenes.values():
        counts = (split.label >= 0).sum(dim=1)
        assert (counts.min(), counts.max()) == (2, 5)
        assert len(split.label.unique()) == 11


def test_boxes_are_tight_to_the_ink(scenes: Any) -> None:
    train = scenes["train"]
    for scene in range(100):
        for place in (train.label[scene] >= 0).nonzero().flatten().tolist():
            rows, columns = (train.owner[scene] == place).nonzero().unbind(1)
            tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert train.boxes[scene, place].tolist() == tight


def test_digits_do_not_overlap(scenes: Any) -> None:
    train = scenes["train"]
    for boxes, label in zip(train.boxes, train.label, strict=True):
        overlap = box_iou(boxes[label >= 0], boxes[label >= 0]).fill_diagonal_(0)
        assert overlap.max() == 0


def test_each_pixel_has_its_digits_class_or_the_grounds(scenes: Any) -> None:
    test = scenes["test"]

    classes = test.classes(ground=10)

    assert classes.shape == (500, 64, 64)
    inside = (test.owner[3] == 0).nonzero()[0].tolist()
    assert classes[3, inside[0], inside[1]] == test.label[3, 0]
    assert (classes == 10).equal(test.owner == 255)


def test_ink_is_brighter_than_the_ground(scenes: Any) -> None:
    test = scenes["test"]
    image, is_ground = test.image[:, 0].float(), test.owner == 255

    assert image[~is_ground].mean() > 1.5 * image[is_ground].mean()


def test_they_are_the_same_in_memory_and_read_one_by_one(experiment: Modules) -> None:
    boxed = experiment("core.data.boxes.demo_scenes").load(train=20, test=1)["train"].boxed()
    config, batch = experiment("config").Config().data, experiment("data").Batch
    at_once = boxed.dataset(batch, 32, config)
    config.in_memory_mb = 0

    one_by_one = boxed.dataset(batch, 32, config)

    assert type(one_by_one) is not type(at_once)
    for place in range(20):
        one, other = at_once[place], one_by_one[place]
        assert torch.allclose(one.boxes, other.boxes)
        assert one.label.equal(other.label)
        assert one.size.equal(other.size)
