"""The bar for telling what each pixel of a scene shows, and what simpler methods reach.

Which pixels are ink is easily seen; of which digit they are is not. All of them as background are
nine right pixels in ten, and one class of eleven: hence the mean over all classes, of which one
that is never predicted counts as 0.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

METRIC = "test/miou"
GOAL = "max"
BAR = 0.77  # at least; the median over the seeds
BRIGHT = (0.35, 0.4, 0.45, 0.5)  # of the brightest grey, after a blur; the best one counts
WINDOW = 13  # pixels a side
SCENES = 100  # of those to test on, for the neighbours


def baselines() -> dict[str, float]:
    """What methods without a network reach, in the metric above."""
    from experiment.core.data.masks import demo  # pyright: ignore[reportMissingImports]

    splits = demo.load(train=200)
    train, test = splits["train"], splits["test"]
    ink = [_blurred(test.pixels) > bright for bright in BRIGHT]
    digits = _nearest(train, test.pixels[:SCENES], ink[0][:SCENES])  # the others are within it
    return {
        "all background": _miou(torch.zeros_like(ink[0]), test.masks),
        "ink, as one digit": max(_miou(there, test.masks) for there in ink),
        "ink, 5 nearest windows": max(_miou(digits * i[:SCENES], test.masks[:SCENES]) for i in ink),
    }


def _blurred(images: Tensor) -> Tensor:
    return F.avg_pool2d(images / 255, 3, stride=1, padding=1).squeeze(1)


def _nearest(train: Any, images: Tensor, ink: Tensor) -> Tensor:
    """Each pixel of ink as the digit that is in the middle of the most similar windows."""
    from sklearn.neighbors import KNeighborsClassifier

    is_digit = train.masks > 0
    windows, digits = _windows(train.pixels, is_digit)[::3], train.masks[is_digit][::3]
    neighbours = KNeighborsClassifier(5, algorithm="brute").fit(windows, digits)
    found = torch.zeros_like(ink, dtype=torch.uint8)
    found[ink] = torch.from_numpy(neighbours.predict(_windows(images, ink)))
    return found


def _windows(images: Tensor, there: Tensor) -> Any:
    """The pixels about each of those, in a row."""
    windows = F.unfold(images / 255, WINDOW, padding=WINDOW // 2)  # (images, pixels about, pixels)
    return windows.transpose(1, 2)[there.flatten(1)].numpy()


def _miou(predicted: Tensor, masks: Tensor) -> float:
    from experiment.core.module import MaskOverlap  # pyright: ignore[reportMissingImports]

    metric = MaskOverlap(11, ignored=255)
    metric.update(predicted.long(), masks)
    return float(metric.compute()["miou"])
