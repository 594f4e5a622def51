"""The bar for telling what each pixel of a scene shows, and what simpler methods reach.

Which pixels are ink is easily seen; of which digit they are is not. All pixels as background are
right on nine tenths of the pixels, and on one class of eleven: hence the mean over all classes, of
which one that is never predicted counts as 0.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

METRIC = "test/miou"
GOAL = "max"
BAR = 0.77  # at least; the median over the seeds
BRIGHT = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)  # of the brightest grey; the best one counts


def baselines() -> dict[str, float]:
    """What methods without a network reach, in the metric above."""
    from sklearn.neighbors import KNeighborsClassifier

    from experiment.core.data.masks import demo  # pyright: ignore[reportMissingImports]

    splits = demo.load(train=200)
    train, test = splits["train"], splits["test"]
    blurred = F.avg_pool2d(test.pixels / 255, 3, stride=1, padding=1).squeeze(1)
    as_one_digit = [(blurred > bright).long() for bright in BRIGHT]
    neighbours = KNeighborsClassifier(5).fit(*_windows(train.pixels[:200], train.masks[:200]))
    few, _ = _windows(test.pixels[:50], test.masks[:50])
    nearest = torch.from_numpy(neighbours.predict(few)).view(50, 64, 64)
    return {
        "all background": _miou(torch.zeros_like(test.masks).long(), test.masks),
        "ink, as one digit": max(_miou(guess, test.masks) for guess in as_one_digit),
        "5 nearest windows": _miou(nearest, test.masks[:50]),
    }


def _miou(predicted: Tensor, masks: Tensor) -> float:
    from experiment.core.module import MaskOverlap  # pyright: ignore[reportMissingImports]

    metric = MaskOverlap(11, ignored=255)
    metric.update(predicted, masks)
    return float(metric.compute()["miou"])


def _windows(images: Tensor, masks: Tensor) -> tuple[Any, Any]:
    """The 9x9 pixels about each pixel, and its class."""
    windows = F.unfold(images / 255, 9, padding=4)  # (images, 81, pixels)
    return windows.transpose(1, 2).flatten(0, 1).numpy(), masks.flatten().numpy()
