"""torchvision's VOCSegmentation and OxfordIIITPet, from files laid out as it lays them out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from masked_files import Read, classes, mask, said, stems
from modules import Modules
from PIL import Image

Write = Callable[..., Path]


@pytest.fixture
def read(experiment: Modules, tmp_path: Path) -> Read:
    def images(**values: Any) -> dict[str, Any]:
        config = experiment("core.config").MaskDataConfig(
            source="torchvision", cache=str(tmp_path / "cache"), **values
        )
        return experiment("core.data.masks.torchvision_sets").load(config, tmp_path / "data")

    return images


def write_voc(write: Write) -> None:
    base = "VOCdevkit/VOC2012"
    for name, values in (("a", mask(0, 15, 255)), ("b", mask(0, 20)), ("c", mask(0, 1))):
        image = Image.fromarray(values)
        image.putpalette([part % 256 for part in range(768)])
        write(f"{base}/JPEGImages/{name}.jpg")
        write(f"{base}/SegmentationClass/{name}.png", image)
        write(f"{base}/SegmentationObject/{name}.png", image)
    write(f"{base}/JPEGImages/d.jpg")
    write(f"{base}/ImageSets/Segmentation/train.txt", "a\nb\n")
    write(f"{base}/ImageSets/Segmentation/val.txt", "c\n")


def test_voc(read: Read, write: Write) -> None:
    write_voc(write)

    found = read(dataset="VOCSegmentation")

    assert stems(found) == {"train": ["a", "b"], "val": ["c"]}
    assert len(found["train"].class_names) == 21
    assert found["train"].class_names[15] == "person"
    assert classes(found["train"]) == mask(0, 15, 255).tolist()
    assert "masks hold class numbers 0..20, 255 ignored" in said(found)


def test_pets(read: Read, write: Write) -> None:
    base = "oxford-iiit-pet"
    for name in ("Abyssinian_1", "beagle_2"):
        write(f"{base}/images/{name}.jpg")
        write(f"{base}/annotations/trimaps/{name}.png", mask(1, 2, 3))
    write(f"{base}/annotations/trainval.txt", "Abyssinian_1 1 1 1\n")
    write(f"{base}/annotations/test.txt", "beagle_2 5 2 1\n")

    found = read(dataset="OxfordIIITPet")

    assert stems(found) == {"train": ["Abyssinian_1"], "test": ["beagle_2"]}
    assert found["train"].class_names == ["background", "pet"]
    assert classes(found["test"]) == mask(1, 0, 255).tolist()


def test_what_is_not_there_is_said(read: Read, write: Write) -> None:
    with pytest.raises(Exception, match=r"none of torchvision's .*; did you mean VOCSegmentation"):
        read(dataset="VOCSegmentaton")
    with pytest.raises(Exception, match="torchvision cannot get VOCSegmentation into "):
        read(dataset="VOCSegmentation")
    with pytest.raises(Exception, match="1999 is no year of VOCSegmentation, expected 2007 to"):
        read(dataset="VOCSegmentation", year="1999")
    write_voc(write)
    with pytest.raises(Exception, match=r"data.class_names is for data.source=folder"):
        read(dataset="VOCSegmentation", class_names=["a", "b"])
    missing = write("VOCdevkit/VOC2012/SegmentationClass/b.png", np.zeros((6, 8), np.uint8))
    missing.unlink()
    with pytest.raises(Exception, match=r"b.png cannot be read \("):
        read(dataset="VOCSegmentation")
