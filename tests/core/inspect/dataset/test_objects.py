"""Objects that augmentation loses are counted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boxed_files import noisy_scenes
from modules import Modules

TASK = "object_detection"
Look = Callable[..., Any]


def scenes(modules: Modules, folder: Path) -> Any:
    config = modules("config").DataConfig(source="folder", root=str(folder), image_size=64)
    return modules("data").ExperimentData(config)


@pytest.mark.parametrize(("lost", "is_found"), [(0.0, False), (0.5, True)])
def test_objects_that_augmentation_loses(
    lost: float, is_found: bool, look: Look, modules: Modules, tmp_path: Path
) -> None:
    data = scenes(modules, noisy_scenes(tmp_path, 40))
    usual = data.transforms

    def losing(split: str) -> Any:
        chain = usual(split)

        def transform(sample: Any) -> Any:
            done = chain(sample)
            gone = torch.rand(len(done.label)) < (lost if split == "train" else 0)
            return done._replace(label=torch.where(gone, -1, done.label))

        return transform

    data.transforms = losing

    texts = [f.text for f in look(data).findings if f.detector == "objects_lost"]

    assert len(texts) == is_found
    if is_found:
        part = int(texts[0].removeprefix("augmentation loses ").partition(" %")[0])
        assert 35 <= part <= 65


@pytest.mark.parametrize(("size", "share"), [((60, 30), "50 %"), ((60, 40), None)])
def test_batches_of_padding(
    size: tuple[int, int], share: str | None, look: Look, modules: Modules, tmp_path: Path
) -> None:
    seen = look(scenes(modules, noisy_scenes(tmp_path, 4, size)))

    texts = [f.text for f in seen.findings if f.detector == "padding"]
    wanted = [f"{split}: {share} of a batch is padding" for split in ("train", "val", "test")]
    assert [text.partition(", which")[0] for text in texts] == (wanted if share else [])
    assert f"padding: {share or '33 %'} of a batch" in seen.splits[0].facts


def test_what_readers_drop_is_found(look: Look, modules: Modules, tmp_path: Path) -> None:
    file = noisy_scenes(tmp_path, 4) / "train/002.txt"
    file.write_text(f"{file.read_text()}\n1 0.5 0.5 0 0.5\n0 0.3 0.5 0.25 0.5\n")

    seen = look(scenes(modules, tmp_path))

    texts = [f.text for f in seen.findings if f.detector == "box_faults"]
    kinds = [
        "boxes have no width or no height: dropped",
        "boxes are said twice, with the same class",
    ]
    assert sorted(text.partition(" (")[0] for text in texts) == sorted(
        f"train: {kind}" for kind in (kinds[0], f"{kinds[1]}: one kept")
    )
    assert all("train/002.txt" in text for text in texts)


def test_a_class_with_pixels_is_an_object(modules: Modules) -> None:
    objects = modules("core.inspect.dataset.detectors.objects_lost").objects
    mask = torch.zeros(2, 8, 8, dtype=torch.uint8)
    mask[0, :4, :4], mask[1, 0, 0], mask[1, 4:] = 2, 1, 255  # 16 pixels, one, and ignored ones

    assert objects({"mask": mask}, 16).tolist() == [[1, 0, 1], [1, 0, 0]]
    assert objects({"mask": mask}, 1).tolist() == [[1, 0, 1], [1, 1, 0]]
    assert objects({"image": torch.zeros(2, 1, 8, 8)}, 1) is None
    boxes = torch.tensor([[[0, 0, 4, 4], [3, 3, 3, 5], [0, 0, 0, 0]]], dtype=torch.float32)
    counted = objects({"boxes": boxes, "label": torch.tensor([[1, 1, -1]])}, 16)
    assert np.array_equal(counted, [[0, 1]])  # the second has no area
