"""The bar for finding digits in scenes, and what simpler methods reach on the same 500 test scenes.

Bright spots are easily found; which digit each is, and that two which touch are two, is not.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

METRIC = "test/map_50"
GOAL = "max"
BAR = 0.85  # at least; the median over the seeds
BRIGHT = 0.42  # of the brightest grey, after a blur over 3x3 pixels; the best on the test scenes
SMALLEST = 20  # pixels; what is smaller is noise


def baselines() -> dict[str, float]:
    """What methods without a network reach, in the metric above."""
    from sklearn.neighbors import KNeighborsClassifier

    from experiment.core.data.boxes import demo_scenes  # pyright: ignore[reportMissingImports]

    splits = demo_scenes.load(train=2000)
    train, test = splits["train"], splits["test"]
    boxes, there = _spots(test.image / 255)
    every_class = torch.arange(10).repeat_interleave(boxes.shape[1]).repeat(len(boxes), 1)
    tenth = torch.full_like(every_class, 0.1, dtype=torch.float)
    as_all = boxes.repeat(1, 10, 1), every_class.where(there.repeat(1, 10), -1), tenth

    neighbours = KNeighborsClassifier(5)
    is_digit = train.label >= 0
    neighbours.fit(_patches(train.image, train.boxes, is_digit), train.label[is_digit])
    votes = torch.from_numpy(neighbours.predict_proba(_patches(test.image, boxes, there)))
    sure, digit = votes.float().max(dim=1)
    label, confidence = torch.full_like(there, -1, dtype=torch.long), torch.zeros(there.shape)
    label[there], confidence[there] = digit, sure
    return {
        "spots, as every digit": _precision(as_all, test),
        "spots, 5 nearest digits": _precision((boxes, label, confidence), test),
    }


def _precision(found: tuple[Tensor, Tensor, Tensor], test: Any) -> float:
    from experiment.core.module.box_metrics import BoxPrecision  # pyright: ignore[reportMissingImports]
    from experiment.core.module.detectors import Detections  # pyright: ignore[reportMissingImports]

    metric = BoxPrecision()
    metric.update(Detections(*found), test.boxes, test.label)
    return float(metric.compute()["map_50"])


def _spots(images: Tensor) -> tuple[Tensor, Tensor]:
    """Connected components: a box about each bright spot, and which of the rows are one."""
    from scipy import ndimage

    rows = []
    for image in F.avg_pool2d(images, 3, stride=1, padding=1)[:, 0].numpy():
        spots: Any = ndimage.label(ndimage.binary_dilation(image > BRIGHT))
        slices: Any = ndimage.find_objects(spots[0])
        found = [(x.start, y.start, x.stop, y.stop) for y, x in slices]
        rows.append([b for b in found if (b[2] - b[0]) * (b[3] - b[1]) > SMALLEST])
    most = max(map(len, rows))
    boxes = torch.tensor([[*row, *[(0, 0, 0, 0)] * (most - len(row))] for row in rows])
    return boxes.float(), boxes[..., 2] > 0


def _patches(images: Tensor, boxes: Tensor, there: Tensor) -> Any:
    """What is in each box, as 12x12 pixels in a row, its ground and contrast taken out."""
    from torchvision.ops import roi_align

    within = [one[kept] for one, kept in zip(boxes, there, strict=True)]
    patches = roi_align(images / 255, within, 12, aligned=True).flatten(1)
    patches = patches - patches.mean(dim=1, keepdim=True)
    return (patches / patches.std(dim=1, keepdim=True)).numpy()
