"""Promises of the batches: documented shape, a function of their place, boxes that end inside."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from modules import Modules
from PIL import Image


@pytest.fixture
def make(experiment: Modules, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The experiment's data, of fewer scenes."""
    scenes = experiment("core.data.boxes.demo_scenes")
    load = scenes.load
    monkeypatch.setattr(scenes, "load", lambda: load(train=200, test=50))

    def make_data(**values: Any) -> Any:
        values = {"batch_size": 16, **values}
        return experiment("data").ExperimentData(experiment("config").DataConfig(**values))

    return make_data


def digests(loader: Any) -> list[str]:
    return [
        hashlib.sha256(b"".join(field.numpy().tobytes() for field in batch)).hexdigest()
        for batch in loader
    ]


def test_a_batch_has_the_documented_shape(make: Callable[..., Any]) -> None:
    batch = next(iter(make().train_dataloader()))

    shapes = {name: tuple(getattr(batch, name).shape) for name in batch._fields}
    assert shapes == {
        "image": (16, 1, 64, 64),
        "boxes": (16, 5, 4),
        "label": (16, 5),
        "size": (16, 2),
    }
    assert (batch.image.dtype, batch.boxes.dtype) == (torch.float32, torch.float32)
    assert (batch.label.dtype, batch.size.dtype) == (torch.int64, torch.int64)
    assert all(type(field) is torch.Tensor for field in batch)
    assert abs(batch.image.mean()) < 0.3
    assert batch.boxes[batch.label < 0].abs().max() == 0
    sides = (batch.boxes[..., 2:] - batch.boxes[..., :2])[batch.label >= 0]
    assert sides.min() >= 2
    assert batch.boxes.max() <= 64


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_workers_do_not_change_a_batch(make: Callable[..., Any], in_memory_mb: int) -> None:
    alone = make(in_memory_mb=in_memory_mb, limit=60)
    shared = make(in_memory_mb=in_memory_mb, limit=60, num_workers=2)

    assert digests(alone.train_dataloader()) == digests(shared.train_dataloader())


def test_each_scene_of_a_batch_moves_by_its_own_draw(make: Callable[..., Any]) -> None:
    data = make(overfit_batches=None, indices=[7] * 16)

    batch = next(iter(data.train_dataloader()))

    assert len({tuple(boxes.flatten().tolist()) for boxes in batch.boxes}) == 16


def test_evaluation_shows_scenes_as_they_are(make: Callable[..., Any]) -> None:
    data = make()

    batch = next(iter(data.val_dataloader()))

    for boxes, scene in zip(batch.boxes, data.examples("val"), strict=False):
        assert boxes.equal(scene.boxes.as_subclass(torch.Tensor))


def test_scenes_in_another_size_keep_their_boxes(make: Callable[..., Any]) -> None:
    small, large = make(augment=False), make(augment=False, image_size=128)
    small.setup()
    large.setup()

    assert large.some(5).image.shape == (5, 1, 128, 128)
    torch.testing.assert_close(
        large.some(5).boxes.as_subclass(torch.Tensor),
        2 * small.some(5).boxes.as_subclass(torch.Tensor),
    )


def test_preview_shows_images_in_their_own_size(
    make: Callable[..., Any], experiment: Modules, tmp_path: Path
) -> None:
    for name, size in (("a", (80, 40)), ("b", (30, 60)), ("c", (50, 50)), ("d", (64, 32))):
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "labels").mkdir(exist_ok=True)
        Image.new("RGB", size, "red").save(tmp_path / "images" / f"{name}.png")
        (tmp_path / "labels" / f"{name}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / "classes.txt").write_text("cat\n")
    data = make(source="folder", root=str(tmp_path), image_size=64)

    samples = data.preview(10) + data.preview(10, "test")

    assert len(samples) >= 3
    for sample in samples:
        height, width = sample.image.shape[1:]
        assert (width, height) in {(80, 40), (30, 60), (50, 50), (64, 32)}
        quarter = torch.tensor([[width / 4, height / 4, width * 3 / 4, height * 3 / 4]])
        torch.testing.assert_close(sample.boxes, quarter, atol=0.5, rtol=0)
        assert sample.names == ["cat"]
    experiment("core.inspect.drawing").save_grid(samples, tmp_path / "grid.png")
    assert (tmp_path / "grid.png").stat().st_size > 500


def test_prediction_gives_boxes_in_each_images_own_pixels(
    make: Callable[..., Any], experiment: Modules, tmp_path: Path
) -> None:
    for name, size in (("a", (128, 64)), ("b", (64, 64))):
        Image.new("L", size).save(tmp_path / f"{name}.png")
    data = make()
    config = experiment("config").Config()
    config.model.min_confidence = 0.0
    module = experiment("module").ExperimentModule(config, data.facts).eval()
    corners = torch.tensor([[0.0, 16, 64, 48], [10, 50, 20, 60]]).repeat(2, 1, 1)
    Detections = experiment("core.module.detectors").Detections
    sure = torch.tensor([[0.5, 0.4], [0.25, 0.2]])
    found = Detections(corners, torch.full((2, 2), 3), sure)
    module.model.detect = lambda image: found
    data.predict_path = tmp_path

    loader = data.predict_dataloader()
    (batch,) = loader
    data.trainer = SimpleNamespace(predict_dataloaders=loader)
    columns = module.predict_step(batch, 0)

    assert [Path(name).name for name in data.predict_names()] == ["a.png", "b.png"]
    assert batch.label.tolist() == [[-1], [-1]]
    # What the model finds below the wide image, in the square's border, is not in the image.
    assert columns["boxes"] == [[[0, 0, 128, 64]], [[0, 16, 64, 48], [10, 50, 20, 60]]]
    assert columns["class"] == [["3"], ["3", "3"]]
    assert columns["confidence"] == [[0.5], [0.25, 0.2]]


def test_unsure_detections_are_not_written(make: Callable[..., Any], experiment: Modules) -> None:
    config = experiment("config").Config()
    config.model.min_confidence = 1.0
    data = make()
    module = experiment("module").ExperimentModule(config, data.facts).eval()

    columns = module.predict_step(next(iter(data.val_dataloader())), 0)

    assert columns["boxes"] == [[]] * 16
    assert columns["class"] == [[]] * 16


@pytest.mark.parametrize(
    ("section", "values", "sentence"),
    [
        ("DataConfig", {"source": "torchvision"}, "dataset is null"),
        ("DataConfig", {"max_objects": 0}, "max_objects"),
        ("ModelConfig", {"name": "yolo"}, "must be centernet or torchvision/NAME"),
        ("ModelConfig", {"box_weight": 0.0}, "box_weight"),
    ],
)
def test_settings_that_make_no_sense(
    experiment: Modules, section: str, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        getattr(experiment("config"), section)(**values)
