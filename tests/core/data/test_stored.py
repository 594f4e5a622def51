"""No release alters an augmentation unnoticed: what a seed makes of an image, as stored numbers.

``pytest tests/core/data -k stored --remake`` stores today's; until v0.1.0 that is allowed.
"""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch.testing import assert_close
from torchvision import tv_tensors
from torchvision.transforms import v2

STORED = Path(__file__).parents[2] / "stored" / "augmentations.json"
BILINEAR = v2.InterpolationMode.BILINEAR
# One of each way in which core/data/batch_transforms.py transforms a batch.
CASES: dict[str, Callable[[], v2.Transform]] = {
    "affine": lambda: v2.RandomAffine((-10, 10), (0.1, 0.1), (0.9, 1.1), interpolation=BILINEAR),
    "brightness, one by one": lambda: v2.ColorJitter(0.5, 0.5),
    "crop": lambda: v2.RandomCrop(4, padding=2),
    "erased": lambda: v2.RandomErasing(0.9),
    "flip": lambda: v2.RandomHorizontalFlip(0.5),
    "normalized": lambda: v2.Normalize([0.2], [0.3]),
    "resized crop": lambda: v2.RandomResizedCrop(4, interpolation=BILINEAR),
    "rotation": lambda: v2.RandomRotation((-30, 30), interpolation=BILINEAR),
}


@pytest.mark.parametrize("name", CASES)
def test_an_augmentation_keeps_its_numbers(
    name: str, experiment: Callable[[str], ModuleType], request: pytest.FixtureRequest
) -> None:
    image = tv_tensors.Image(np.random.default_rng(0).random((3, 1, 6, 6)))
    batch = experiment("data").Batch(image, torch.arange(3))
    torch.manual_seed(0)

    output = experiment("core.data.batch_transforms").BatchTransform(CASES[name]())(batch).image

    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if request.config.getoption("--remake"):
        stored[name] = output.tolist()
        rows = (f"{json.dumps(key)}: {json.dumps(stored[key])}" for key in sorted(stored))
        STORED.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    assert output.dtype == torch.float64
    expected = torch.tensor(stored[name], dtype=torch.float64)
    assert_close(output.as_subclass(torch.Tensor), expected, atol=1e-6, rtol=0)


def test_nothing_else_is_stored() -> None:
    assert set(json.loads(STORED.read_text())) == set(CASES)
