"""Objects that augmentation loses are counted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules

TASK = "object_detection"
Look = Callable[..., Any]


@pytest.mark.parametrize(("lost", "is_found"), [(0.0, False), (0.5, True)])
def test_objects_that_augmentation_loses(
    lost: float, is_found: bool, look: Look, modules: Modules
) -> None:
    data = modules("data").ExperimentData(modules("config").DataConfig(limit=200))
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
