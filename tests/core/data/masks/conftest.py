"""What the tests of masks share: the readers, apart from any task."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from masked_files import Read
from modules import Modules
from PIL import Image


@pytest.fixture
def read(experiment: Modules, tmp_path: Path) -> Read:
    """The images of a folder with masks, by split."""

    def images(root: Path | None = None, **values: Any) -> dict[str, Any]:
        root = root or tmp_path / "data"
        values = {"source": "folder", "cache": str(tmp_path / "cache"), **values}
        config = experiment("core.config").MaskDataConfig(root=str(root), **values)
        return experiment("core.data.masks.folder").load(config, root)

    return images


@pytest.fixture
def refused(experiment: Modules, read: Read) -> Callable[..., str]:
    """The sentence with which a folder is refused."""

    def sentence(root: Path | None = None, **values: Any) -> str:
        with pytest.raises(experiment("core.errors").UserError) as error:
            read(root, **values)
        assert "\n" not in str(error.value)
        return str(error.value)

    return sentence


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes an image, or a mask, below the root."""

    def to_file(name: str, values: Any = None, **options: Any) -> Path:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(values, str):
            path.write_text(values)
        elif isinstance(values, Image.Image):
            values.save(path, **options)
        elif path.suffix == ".npy":
            np.save(path, values)
        else:
            pixels = np.full((6, 8, 3), 90, np.uint8) if values is None else values
            Image.fromarray(np.asarray(pixels)).save(path, **options)
        return path

    return to_file
