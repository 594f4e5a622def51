"""Have the tools write their own exports of boxes, as test_boxes.py reads them.

Run once, in an environment of its own:

    uv venv /tmp/exporters && VIRTUAL_ENV=/tmp/exporters uv pip install \\
        datumaro==1.13.12 supervision label-studio-sdk
    /tmp/exporters/bin/python tests/exports/make_boxes.py

Three images of 80 x 40, 40 x 80 and 50 x 50 pixels with one box each, from (10, 5) to (30, 35), of
a cat, a dog and a cat. CVAT writes YOLO 1.1, COCO 1.0 and VOC 1.1 by a fork of datumaro.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
SIZES = {"a": (80, 40), "b": (40, 80), "d": (50, 50)}
CLASSES = ["cat", "dog", "cat"]


def main() -> None:
    source = HERE / ".images"
    source.mkdir(exist_ok=True)
    for name, size in SIZES.items():
        Image.new("RGB", size).save(source / f"{name}.png")
    for tool in (datumaro, supervision, label_studio):
        shutil.rmtree(HERE / tool.__name__, ignore_errors=True)
        tool(source, HERE / tool.__name__)
    shutil.rmtree(source)


def datumaro(source: Path, target: Path) -> None:
    """With the subsets that CVAT has."""
    from datumaro.components.annotation import Bbox
    from datumaro.components.dataset import Dataset
    from datumaro.components.dataset_base import DatasetItem
    from datumaro.components.media import Image as Media

    items = [
        DatasetItem(
            id=name,
            subset="Validation" if name == "d" else "Train",
            media=Media.from_file(path=str(source / f"{name}.png")),
            annotations=[Bbox(10, 5, 20, 30, label=["cat", "dog"].index(kind), id=number)],
        )
        for number, (name, kind) in enumerate(zip(SIZES, CLASSES, strict=True))
    ]
    data = Dataset.from_iterable(items, categories=["cat", "dog"])
    for name, written in (("yolo", "yolo"), ("coco", "coco_instances"), ("voc", "voc_detection")):
        data.export(str(target / name), written, save_media=True)


def supervision(source: Path, target: Path) -> None:
    import supervision as tool

    paths = [str(source / f"{name}.png") for name in SIZES]
    found = {
        path: tool.Detections(
            xyxy=np.array([[10.0, 5, 30, 35]]), class_id=np.array([["cat", "dog"].index(kind)])
        )
        for path, kind in zip(paths, CLASSES, strict=True)
    }
    data = tool.DetectionDataset(classes=["cat", "dog"], images=paths, annotations=found)
    yolo, coco, voc = (target / name for name in ("yolo", "coco", "voc"))
    data.as_yolo(str(yolo / "images"), str(yolo / "labels"), str(yolo / "data.yaml"))
    data.as_coco(str(coco / "images"), str(coco / "annotations.json"))
    data.as_pascal_voc(str(voc / "images"), str(voc / "annotations"))


def label_studio(source: Path, target: Path) -> None:
    """Of uploaded images, before whose names Label Studio puts a number."""
    from label_studio_sdk.converter import Converter

    uploads = target / "upload" / "1"
    uploads.mkdir(parents=True)
    tasks: list[dict[str, Any]] = []
    for number, (name, kind) in enumerate(zip(SIZES, CLASSES, strict=True)):
        upload = uploads / f"0a1b2c3{number}-{name}.png"
        shutil.copy(source / f"{name}.png", upload)
        tasks.append(_task(number, upload.name, kind, *SIZES[name]))
    file = target / "tasks.json"
    file.write_text(json.dumps(tasks))
    config = (
        '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">'
        '<Label value="cat"/><Label value="dog"/></RectangleLabels></View>'
    )
    for name, kind in (
        ("yolo", "YOLO_WITH_IMAGES"),
        ("yolo_without_images", "YOLO"),
        ("coco", "COCO"),
        ("voc", "VOC"),
    ):
        converter = Converter(
            config=config,
            project_dir=str(target),
            upload_dir=str(target / "upload"),
            download_resources=True,
        )
        converter.convert(str(file), str(target / name), kind, is_dir=False)
    file.unlink()


def _task(number: int, file: str, kind: str, width: int, height: int) -> dict[str, Any]:
    box = {
        "x": 1000 / width,
        "y": 500 / height,
        "width": 2000 / width,
        "height": 3000 / height,
        "rotation": 0,
        "rectanglelabels": [kind],
    }
    result = {
        "id": "x",
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": box,
    }
    annotation = {
        "id": number,
        "completed_by": 1,
        "created_at": "2024-01-01T00:00:00Z",
        "result": [result],
    }
    image = {"image": f"/data/upload/1/{file}"}
    return {"id": number, "data": image, "annotations": [annotation]}


if __name__ == "__main__":
    main()
