"""What the tests of boxes share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from modules import Modules


@pytest.fixture
def make(experiment: Modules) -> Callable[..., Any]:
    def make_data(**values: Any) -> Any:
        return experiment("data").ExperimentData(experiment("config").DataConfig(**values))

    return make_data


@pytest.fixture
def refused(experiment: Modules, make: Callable[..., Any]) -> Callable[..., str]:
    """The sentence with which a folder is refused."""

    def sentence(root: Path, **values: Any) -> str:
        data = make(**{"source": "folder", "root": str(root), "image_size": 16, **values})
        with pytest.raises(experiment("core.errors").UserError) as error:
            data.setup()
        assert "\n" not in str(error.value)
        return str(error.value)

    return sentence


@pytest.fixture
def left_out(make: Callable[..., Any]) -> Callable[..., str]:
    """What a start says when the same folder is read with ``on_error=skip``."""

    def words(root: Path, objects: int, images: int = 4, **values: Any) -> str:
        values = {"source": "folder", "root": str(root), "image_size": 16, **values}
        data = make(on_error="skip", **values)
        data.setup()
        batches = [data.some(10, split) for split in ("train", "test") if data.has(split)]
        assert sum(len(batch.label) for batch in batches) == images
        assert sum(int((batch.label >= 0).sum()) for batch in batches) == objects
        return "\n".join(data.summary())

    return words


@pytest.fixture
def read(experiment: Modules, tmp_path: Path) -> Callable[..., tuple[dict[str, list[str]], str]]:
    """The stems of the images of each split of a folder, and what was noted about them."""

    def stems(root: Path = tmp_path, **values: Any) -> tuple[dict[str, list[str]], str]:
        config = experiment("config").DataConfig(source="folder", root=str(root), **values)
        found = experiment("core.data.boxes.folder").load(config, root)
        notes = [line for images in found.values() for line in images.notes.lines()]
        names = {
            split: [Path(images.name(index)).stem for index in range(len(images))]
            for split, images in found.items()
        }
        return names, "\n".join(notes)

    return stems
