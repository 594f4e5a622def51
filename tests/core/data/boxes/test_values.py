"""Deep images with boxes: one value range for all of them, as for images with a class."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image


def yolo(root: Path, dtype: Any, top: int, suffix: str, count: int = 6) -> Path:
    """Images with a box about a bright square, the brightest of ``top``."""
    for split in ("train", "val", "test"):
        for kind in ("images", "labels"):
            (root / kind / split).mkdir(parents=True)
        for index in range(count):
            values = np.zeros((16, 16), dtype=dtype)
            values[4:12, 4:12] = top - index
            Image.fromarray(values).save(root / "images" / split / f"{index}.{suffix}")
            row = "0 0.5 0.5 0.5 0.5\n"
            (root / "labels" / split / f"{index}.txt").write_text(row)
    (root / "classes.txt").write_text("square\n")
    return root


@pytest.mark.parametrize("in_memory_mb", [0, 100])
@pytest.mark.parametrize(
    ("dtype", "suffix", "top", "white"),
    [(np.uint16, "png", 200, 255), (np.uint16, "png", 4000, 4095), (">u2", "tiff", 60000, 65535)],
)
def test_deep_images_keep_their_depth(
    make: Callable[..., Any],
    tmp_path: Path,
    dtype: Any,
    suffix: str,
    top: int,
    white: int,
    in_memory_mb: int,
) -> None:
    yolo(tmp_path, dtype, top, suffix)

    data = make(source="folder", root=str(tmp_path), image_size=16, in_memory_mb=in_memory_mb)

    assert data.facts.value_range == [0.0, float(white)]
    batch = data.some(6, "val")
    image = batch.image.as_subclass(torch.Tensor)
    image = image / 255 if image.dtype == torch.uint8 else image
    wanted = torch.tensor([(top - index) / white for index in range(6)])
    torch.testing.assert_close(image[:, 0, 8, 8], wanted)
    assert sum(len(batch.size) for batch in data.train_dataloader()) == 6


def test_floats_are_stated_and_what_lies_outside_is_counted(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    yolo(tmp_path, "f4", 8, "tiff")
    Image.fromarray(np.full((16, 16), 99, "f4")).save(tmp_path / "images" / "test" / "0.tiff")
    values = {"source": "folder", "root": str(tmp_path), "image_size": 16}

    assert "data.value_range='[0, 8]'" in refusal(make(**values).setup)
    data = make(value_range=[0.0, 8.0], **values)

    assert data.facts.value_range == [0.0, 8.0]
    clipped = "images have values outside of data.value_range: clipped"
    assert any(f"{clipped} (1: " in line for line in data.summary())
    assert data.predict_dataset(tmp_path / "images" / "test").notes.counts == {clipped: 1}
