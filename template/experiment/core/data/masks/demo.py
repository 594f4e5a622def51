"""Scenes of several handwritten digits, with a class for each pixel: a digit, or background.

Template's file: updates replace it. To train on your own data, set ``data.source``.

The scenes are those in which boxes are found, ``boxes/demo_scenes.py``: a pixel belongs to a digit
where its ink has more than 0.3 of the full strength. Other digits to test on than to train on.
"""

from ..boxes import demo_scenes
from .masked_images import MaskedImages, from_pixels

CLASS_NAMES = ["background", *(str(digit) for digit in range(10))]


def load(train: int = 4400, test: int = 500) -> dict[str, MaskedImages]:
    """Scenes to train on and to test on; always the same ones."""
    return {
        split: from_pixels(
            scenes.image,
            (scenes.classes(ground=-1) + 1).byte(),  # the ground first: it is the background
            CLASS_NAMES,
            "scenes of scikit-learn's digits",
        )
        for split, scenes in demo_scenes.load(train, test).items()
    }
