"""Promises of the batches: documented shape, a function of their place, masks that follow."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules
from PIL import Image


@pytest.fixture
def make(experiment: Modules, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The experiment's data, of fewer scenes."""
    demo = experiment("core.data.masks.demo")
    load = demo.load
    monkeypatch.setattr(demo, "load", lambda: load(train=200, test=50))

    def make_data(**values: Any) -> Any:
        values = {"batch_size": 16, **values}
        return experiment("data").ExperimentData(experiment("config").DataConfig(**values))

    return make_data


def pairs(root: Path, *sizes: tuple[int, int]) -> Path:
    """A folder of images, white on the left and black on the right, with masks that say so."""
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    for number, (width, height) in enumerate(sizes):
        mask = np.zeros((height, width), np.uint8)
        mask[:, : width // 2] = 1
        Image.fromarray(255 * mask).save(root / f"images/{number}.png")
        Image.fromarray(mask).save(root / f"masks/{number}.png")
    return root


class Fixed(torch.nn.Module):
    """A network that says the same of any image."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.logits


def digests(loader: Any) -> list[str]:
    return [
        hashlib.sha256(b"".join(field.numpy().tobytes() for field in batch)).hexdigest()
        for batch in loader
    ]


def test_a_batch_has_the_documented_shape(make: Callable[..., Any]) -> None:
    batch = next(iter(make().train_dataloader()))

    shapes = {name: tuple(getattr(batch, name).shape) for name in batch._fields}
    assert shapes == {"image": (16, 1, 64, 64), "mask": (16, 64, 64), "size": (16, 2)}
    assert (batch.image.dtype, batch.mask.dtype) == (torch.float32, torch.uint8)
    assert all(type(field) is torch.Tensor for field in batch)
    assert abs(batch.image.mean()) < 0.5
    assert set(batch.mask.unique().tolist()) == {*range(11), 255}


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_workers_do_not_change_a_batch(make: Callable[..., Any], in_memory_mb: int) -> None:
    alone = make(in_memory_mb=in_memory_mb, limit=60)
    shared = make(in_memory_mb=in_memory_mb, limit=60, num_workers=2)

    assert digests(alone.train_dataloader()) == digests(shared.train_dataloader())


def test_each_scene_of_a_batch_moves_by_its_own_draw(make: Callable[..., Any]) -> None:
    data = make(indices=[7] * 16)

    batch = next(iter(data.train_dataloader()))

    assert len({mask.numpy().tobytes() for mask in batch.mask}) > 8  # of 81 shifts
    # What comes in from beyond the edge is black, as no ground is, and does not count.
    black = (0 - data.facts.mean[0]) / data.facts.std[0]
    outside = (batch.image[:, 0] - black).abs() < 1e-3
    assert 0.01 < outside.float().mean() < 0.3
    assert (batch.mask[outside] == 255).float().mean() > 0.9


def test_evaluation_shows_scenes_as_they_are(make: Callable[..., Any]) -> None:
    data = make()

    batch = next(iter(data.val_dataloader()))

    for mask, scene in zip(batch.mask, data.examples("val"), strict=False):
        assert mask.equal(scene.mask.as_subclass(torch.Tensor))
    assert not (batch.mask == 255).any()


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_a_folder_is_fitted_into_squares(
    make: Callable[..., Any], in_memory_mb: int, tmp_path: Path
) -> None:
    root = pairs(tmp_path / "data", *[(40, 90), (90, 40), (64, 64), (30, 30)] * 5)
    cache = str(tmp_path / "cache")

    data = make(source="folder", root=str(root), cache=cache, in_memory_mb=in_memory_mb)
    data.setup()

    batch = data.some(10)
    for image, mask, size in zip(*batch, strict=True):
        height, width = size.tolist()
        share = min(height, width) / max(height, width)
        counted = mask != 255
        assert counted.sum() == pytest.approx(64 * 64 * share, rel=0.06)
        assert image[0][~counted].sum() == 0
        left = (mask == 1) & (image[0] > 128)
        assert left.sum() == pytest.approx(int(counted.sum()) / 2, rel=0.1)
        assert height != width or counted.all()
    assert data.facts.num_classes == 2


def test_preview_shows_images_in_their_own_size(
    make: Callable[..., Any], experiment: Modules, tmp_path: Path
) -> None:
    sizes = [(40, 90), (90, 40), (64, 64), (30, 30)]
    root = pairs(tmp_path / "data", *sizes * 5)
    data = make(source="folder", root=str(root), cache=str(tmp_path / "cache"))

    samples = data.preview(10) + data.preview(3, "test")

    for sample in samples:
        assert sample.mask.shape == sample.image.shape[1:]
        assert (sample.mask.shape[1], sample.mask.shape[0]) in sizes
        assert (sample.mask.float() * 255 - sample.image[0]).abs().mean() < 20
    experiment("core.inspect.drawing").save_grid(samples, tmp_path / "grid.png")
    assert (tmp_path / "grid.png").stat().st_size > 500


def test_prediction_answers_in_each_images_own_size(
    make: Callable[..., Any], experiment: Modules, tmp_path: Path
) -> None:
    for name, size in (("a", (128, 64)), ("b", (50, 50))):
        Image.new("L", size, 200).save(tmp_path / f"{name}.png")
    data = make()
    module = experiment("module").ExperimentModule(experiment("config").Config(), data.facts)
    logits = torch.zeros(2, 11, 64, 64)
    logits[:, 3, :, :32] = 1  # the left half is a 2, the rest background
    module.model = Fixed(logits)
    data.predict_path = tmp_path

    loader = data.predict_dataloader()
    (batch,) = loader
    data.trainer = SimpleNamespace(predict_dataloaders=loader)
    columns = module.predict_step(batch, 0)

    assert [Path(name).name for name in data.predict_names()] == ["a.png", "b.png"]
    assert (batch.mask == 255).all()
    assert columns["classes"] == [{"background": 0.5, "2": 0.5}] * 2
    for mask, overlay, (width, height) in zip(
        columns["mask"], columns["overlay"], [(128, 64), (50, 50)], strict=True
    ):
        expected = np.zeros((height, width), np.uint8)
        expected[:, : width // 2] = 3
        assert (mask.mode, np.asarray(mask).tolist()) == ("P", expected.tolist())
        shown = np.asarray(overlay)
        assert shown.shape == (height, width, 3)
        assert np.abs(shown[:, width // 2 :].astype(int) - 200).max() <= 1
        assert np.ptp(shown[0, 0]) > 30  # in colour


@pytest.mark.parametrize(
    ("section", "values", "sentence"),
    [
        ("DataConfig", {"source": "torchvision"}, "dataset is null"),
        ("DataConfig", {"image_size": 4}, "image_size"),
        ("ModelConfig", {"name": "segformer"}, "must be unet or torchvision/NAME"),
        ("ModelConfig", {"levels": 0}, "levels"),
    ],
)
def test_settings_that_make_no_sense(
    experiment: Modules, section: str, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        getattr(experiment("config"), section)(**values)
