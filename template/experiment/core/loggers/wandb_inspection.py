"""What was seen of a data set, on W&B: tables, and images whose boxes and masks can be toggled.

Template's file: updates replace it. A run of its own, of the kind ``inspect``, for each look.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from ..config.logger import LoggerConfig
from ..console import say
from ..data.masks.masked_images import IGNORED
from ..data.samples import BoxSample, ImageSample, MaskSample, TextSample
from ..files import shown, writable
from ..imports import start_wandb
from ..inspect.confusion_drawing import draw_confusion
from ..inspect.dataset.augmented import Examples, look_at
from ..inspect.dataset.findings import count_of, ids_of, ranked
from ..inspect.dataset.inspection import Inspection, SplitLook
from ..inspect.dataset.raw_examples import as_they_lie
from ..inspect.dataset.split_sections import random_page
from ..inspect.dataset.thumbnails import caption_of, small
from ..inspect.drawing import draw
from ..runs.run import Run
from .wandb_mode import wandb_mode
from .wandb_service import in_time, make_settings, teardown

COLUMNS = ("seriousness", "detector", "text", "advice", "count", "ids")
IDS = 100  # of a finding
CONFIDENCE = re.compile(r": \d+%$")  # as data/samples.py writes it


def log_inspection(
    inspection: Inspection, datamodule: Any, config: LoggerConfig, folder: Path
) -> str:
    """Log it where the configuration says; where it went, empty for nowhere.

    With ``logger.wandb: auto`` only where there is a key: nobody has asked for files offline.

    Args:
        inspection: What was seen.
        datamodule: Whose examples are shown.
        config: Where to.
        folder: For W&B's own files.
    """
    mode = wandb_mode(config.wandb, Run(folder)) if config.wandb != "off" else "off"
    if mode == "off" or (config.wandb == "auto" and mode == "offline"):
        return ""
    try:
        return _log(inspection, datamodule, config, folder, mode)
    except Exception as error:  # the page is there anyway
        teardown()
        say(f"W&B failed ({(str(error).splitlines() or [type(error).__name__])[0]})")
        return ""


def _log(
    inspection: Inspection, datamodule: Any, config: LoggerConfig, folder: Path, mode: str
) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    run = start_wandb(
        dir=str(folder),
        mode=mode,
        project=config.project,
        entity=config.entity,
        tags=list(config.tags),
        job_type="inspect",
        name="inspect-data",
        settings=make_settings(None),
    )
    run.log(_row(inspection, datamodule, config))
    with in_time():
        run.finish()
    teardown()
    return run.url if mode == "online" else shown(Path(run.settings.sync_dir))


def _row(inspection: Inspection, datamodule: Any, config: LoggerConfig) -> dict[str, Any]:
    """All that is logged, by its name."""
    import wandb

    row: dict[str, Any] = {}
    if config.tables:
        findings: list[Any] = list(_findings(inspection))
        row["inspect/findings"] = wandb.Table(columns=list(COLUMNS), data=findings)
    pages = {
        split.name: (split, look_at(datamodule, split.name, random_page(split, datamodule.seed)))
        for split in inspection.splits
    }
    contested = Examples(before=list(inspection.pictures.values()))
    classes = class_numbers(datamodule, [*(found for _, found in pages.values()), contested])
    for name, (split, found) in pages.items():
        found.before = as_they_lie(datamodule, name, found)
        if config.tables:
            row[f"inspect/{name}/examples"] = _table(split, found, classes)
        pictures = [media(sample, classes) for sample in found.before]
        if config.images and all(isinstance(one, wandb.Image) for one in pictures) and pictures:
            row[f"inspect/{name}/images"] = pictures
    return row | _after_training(inspection, config, classes)


def _after_training(
    inspection: Inspection, config: LoggerConfig, classes: dict[str, int]
) -> dict[str, Any]:
    """What a trained model took for what, and what it says on the examples that it contests."""
    import wandb

    row: dict[str, Any] = {}
    for one in inspection.confusions:
        if config.images:
            row[f"inspect/{one.title}/confusion"] = wandb.Image(draw_confusion(one))
        if config.tables:
            columns: list[Any]
            rows: list[Any]
            columns, rows = map(list, one.table())
            row[f"inspect/{one.title}/confusion_table"] = wandb.Table(columns=columns, data=rows)
    if config.images:
        for (detector, example), sample in inspection.pictures.items():
            named = replace(sample, text=f"{example.split}: {example.id}")
            row.setdefault(f"inspect/{detector}", []).append(media(named, classes))
    return row


def class_numbers(datamodule: Any, pages: Sequence[Examples]) -> dict[str, int]:
    """One number for each class, the same for all images: W&B goes by that of the first."""
    names = [str(name) for name in getattr(datamodule.facts, "class_names", None) or ()]
    for found in pages:
        for sample in (*found.before, *found.after):
            if isinstance(sample, BoxSample):
                names += map(_class_of, (*sample.names, *sample.predicted_names))
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _findings(inspection: Inspection) -> Iterator[list[Any]]:
    for finding in ranked(inspection.findings):
        ids = "\n".join(writable(name) for name in ids_of(finding)[:IDS])
        kind = finding.seriousness.name.lower()
        yield [
            kind,
            finding.detector,
            writable(finding.text),
            finding.advice,
            count_of(finding),
            ids,
        ]


def _table(split: SplitLook, found: Examples, classes: dict[str, int]) -> Any:
    """A random page of a split: each example as it is, and as the model gets it."""
    import wandb

    ids = dict(zip(split.indices, split.ids, strict=False))
    after = list(found.after) or [None] * len(found.before)
    rows: list[Any] = []
    for place, (one, other) in enumerate(zip(found.before, after, strict=True)):
        index = found.indices[place] if len(found.indices) == len(found.before) else None
        name = "" if index is None else writable(ids.get(index, ""))
        changed = None if other is None else media(other, classes)
        rows.append([name, index, writable(caption_of(one)), media(one, classes), changed])
    return wandb.Table(columns=["id", "index", "label", "as it is", "to the model"], data=rows)


@singledispatch
def media(sample: Any, classes: dict[str, int]) -> Any:
    """A sample in W&B's form: what ``inspect/drawing.py`` draws, or a text.

    Args:
        sample: In a form of data/samples.py, or one of the researcher's.
        classes: A number for each class.
    """
    import wandb

    return wandb.Image(draw(small(sample)))


@media.register
def _(sample: TextSample, classes: dict[str, int]) -> str:
    return writable(sample.text + sample.continuation)


@media.register
def _(sample: ImageSample, classes: dict[str, int]) -> Any:
    import wandb

    return wandb.Image(_plain(sample.image), caption=writable(sample.text))


@media.register
def _(sample: BoxSample, classes: dict[str, int]) -> Any:
    import wandb

    layers = {"true": _boxes(sample.boxes, sample.names, classes)}
    if len(sample.predicted_boxes):
        layers["predicted"] = _boxes(sample.predicted_boxes, sample.predicted_names, classes)
    return wandb.Image(_plain(sample.image), caption=writable(sample.text), boxes=layers)


@media.register
def _(sample: MaskSample, classes: dict[str, int]) -> Any:
    import wandb

    names = {number: writable(str(name)) for number, name in enumerate(sample.class_names)}
    masks = {"true": sample.mask, "predicted": sample.predicted_mask}
    layers = {
        name: {"mask_data": mask.cpu().numpy(), "class_labels": {**names, IGNORED: "not counted"}}
        for name, mask in masks.items()
        if mask is not None
    }
    return wandb.Image(_plain(sample.image), caption=writable(sample.text), masks=layers)


def _boxes(boxes: Tensor, names: Sequence[str], classes: dict[str, int]) -> dict[str, Any]:
    """A layer of boxes, each class of which can be switched on and off."""
    unnamed = {} if names else {"object": len(classes)}
    known = {**classes, **unnamed}
    words = [str(name) for name in names] or ["object"] * len(boxes)
    data = [
        {
            "position": {"minX": left, "minY": top, "maxX": right, "maxY": bottom},
            "domain": "pixel",
            "class_id": known[_class_of(word)],
            "box_caption": writable(word),
        }
        for (left, top, right, bottom), word in zip(boxes.tolist(), words, strict=True)
    ]
    return {"box_data": data, "class_labels": {n: writable(name) for name, n in known.items()}}


def _class_of(name: object) -> str:
    """The class that a box is of: with a prediction stands its confidence, ``dog: 87%``."""
    return CONFIDENCE.sub("", str(name))


def _plain(image: Tensor) -> Image.Image:
    """The image alone, in its own size, which boxes and masks are measured in."""
    values = image.detach().cpu()
    if values.is_floating_point():
        values = (values.clamp(0, 1) * 255).round()
    array = np.ascontiguousarray(values.byte().permute(1, 2, 0).numpy())
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array).convert("RGB")
