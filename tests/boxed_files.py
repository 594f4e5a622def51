"""The same few images with boxes, in the formats that people have them in."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Box = tuple[str, int, int, int, int]  # class, left, top, right, bottom
# Of each image: its width and height, and its objects.
IMAGES: dict[str, tuple[tuple[int, int], list[Box]]] = {
    "a": ((80, 40), [("cat", 10, 5, 30, 35), ("dog", 40, 0, 80, 40)]),
    "b": ((40, 80), [("dog", 0, 20, 40, 60)]),
    "c": ((64, 64), []),
    "d": ((50, 50), [("cat", 1, 2, 3, 4), ("cat", 10, 10, 20, 30), ("dog", 30, 30, 50, 50)]),
}


def write_images(folder: Path, names: str = "abcd", mode: str = "RGB") -> None:
    """Objects are bright on black."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        size, objects = IMAGES[name]
        image = Image.new(mode, size)
        for _, left, top, right, bottom in objects:
            image.paste(255 if mode == "L" else (255,) * 3, (left, top, right, bottom))
        image.save(folder / f"{name}.png")


def coco(names: str = "abcd") -> dict[str, Any]:
    """The contents of COCO's file; its class numbers have gaps, as the real ones do."""
    images, annotations = [], []
    for number, name in enumerate(names):
        (width, height), objects = IMAGES[name]
        images.append(
            {"id": 100 + number, "file_name": f"{name}.png", "width": width, "height": height}
        )
        for kind, left, top, right, bottom in objects:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": 100 + number,
                    "category_id": {"cat": 17, "dog": 18}[kind],
                    "bbox": [left, top, right - left, bottom - top],
                    "area": (right - left) * (bottom - top),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": 18, "name": "dog"}, {"id": 17, "name": "cat"}]
    return {"images": images, "annotations": annotations, "categories": categories}


def write_coco(root: Path, content: dict[str, Any] | None = None, names: str = "abcd") -> Path:
    """COCO's own layout; returns the root."""
    for split in ("train", "val"):
        write_images(root / f"{split}2017", names)
        file = root / "annotations" / f"instances_{split}2017.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content or coco(names)))
    (root / "annotations" / "captions_train2017.json").write_text("{}")
    return root


def yolo_rows(name: str) -> str:
    (width, height), objects = IMAGES[name]
    return "".join(
        f"{['cat', 'dog'].index(kind)} {(left + right) / 2 / width:.6f} "
        f"{(top + bottom) / 2 / height:.6f} {(right - left) / width:.6f} "
        f"{(bottom - top) / height:.6f}\n"
        for kind, left, top, right, bottom in objects
    )


def write_yolo(root: Path, names: str = "abcd", *, split: bool = True) -> Path:
    """Ultralytics' layout; an image without objects has no text file."""
    for part in ("train", "val") if split else ("",):
        write_images(root / "images" / part, names)
        (root / "labels" / part).mkdir(parents=True)
        for name in names:
            if rows := yolo_rows(name):
                (root / "labels" / part / f"{name}.txt").write_text(rows)
    (root / "data.yaml").write_text("path: .\ntrain: images/train\nnames:\n  0: cat\n  1: dog\n")
    return root


def voc_xml(name: str, objects: list[Box], size: tuple[int, int], *, extra: str = "") -> str:
    found = "".join(
        f"<object><name>{kind}</name><difficult>0</difficult><bndbox><xmin>{left + 1}</xmin>"
        f"<ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        for kind, left, top, right, bottom in objects
    )
    return (
        f"<annotation><filename>{name}.jpg</filename><size><width>{size[0]}</width>"
        f"<height>{size[1]}</height><depth>3</depth></size>{found}{extra}</annotation>"
    )


def write_voc(root: Path, names: str = "abcd") -> Path:
    """What VOCDetection downloads and unpacks."""
    folder = root / "VOCdevkit" / "VOC2012"
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (folder / part).mkdir(parents=True)
    write_images(folder / "JPEGImages", names)
    for name in names:
        size, objects = IMAGES[name]
        (folder / "JPEGImages" / f"{name}.png").rename(folder / "JPEGImages" / f"{name}.jpg")
        (folder / "Annotations" / f"{name}.xml").write_text(voc_xml(name, objects, size))
    for split in ("train", "val", "trainval"):
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names) + "\n")
    return root


def noisy_scenes(folder: Path, count: int, size: tuple[int, int] = (64, 64)) -> Path:
    """YOLO files of noise, ``count`` a split, each with boxes of two classes: made in a moment."""
    random = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        (folder / split).mkdir(parents=True)
        for number in range(count):
            noise = random.integers(0, 255, (size[1], size[0]), dtype=np.uint8)
            Image.fromarray(noise).save(folder / split / f"{number:03}.png")
            rows = [f"{kind} {0.3 + 0.4 * kind} 0.5 0.25 0.5" for kind in (0, 1)]
            (folder / split / f"{number:03}.txt").write_text("\n".join(rows))
    names = "train: train\nval: val\ntest: test\nnames: [cat, dog]\nnc: 2\n"
    (folder / "data.yaml").write_text(names)
    return folder
