"""Data sets that nothing is wrong with, of several generators, and of several kinds of examples."""

import sys
from collections.abc import Callable
from typing import Any

from project import ROOT

sys.path.insert(0, str(ROOT / "tests"))

import numpy as np
import planted  # pyright: ignore[reportMissingImports]
import planted_objects as objects  # pyright: ignore[reportMissingImports]
from PIL import Image

APART = 26  # pixels between the places where photographs are cut


def parted(examples: Any) -> dict[str, Any]:
    """Four fifths to train on, in names of their own."""
    cut = len(examples) * 4 // 5
    return {
        "train": planted.Examples(examples.items[:cut], examples.labels[:cut]).named("train"),
        "val": planted.Examples(examples.items[cut:], examples.labels[cut:]).named("val"),
    }


def handwriting(count: int, seed: int) -> dict[str, Any]:
    """scikit-learn's digits as files: of 8 pixels, grey, of some forty hands."""
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    random = np.random.default_rng(seed)
    chosen = random.choice(len(loaded.images), min(count, len(loaded.images)), replace=False)
    files = [
        planted.saved(Image.fromarray((loaded.images[n] * 255 / 16).astype(np.uint8)))
        for n in chosen.tolist()
    ]
    return parted(planted.Examples(files, [str(loaded.target[n]) for n in chosen.tolist()]))


def photographs(count: int, seed: int) -> dict[str, Any]:
    """Pieces of scikit-learn's two photographs, each turned or mirrored one of eight ways.

    They are cut at places that lie apart, so that none is nearly another, and are large: smaller
    ones may be all sky or all background, and are named as light, dark or blurred, which they are.
    The classes are by chance: those of the photographs would be told by their colour alone.
    """
    from sklearn.datasets import load_sample_images

    random, loaded = np.random.default_rng(seed), load_sample_images()
    side, pieces = int(random.integers(230, 270)), []
    for photograph in loaded.images:
        height, width = photograph.shape[:2]
        for y in range(0, height - side, APART):
            for x in range(0, width - side, APART):
                piece = np.rot90(photograph[y : y + side, x : x + side], int(random.integers(4)))
                pieces.append(piece[:, ::-1] if random.random() < 0.5 else piece)
    chosen = [pieces[number] for number in random.permutation(len(pieces))[:count].tolist()]
    files = [planted.saved(Image.fromarray(np.ascontiguousarray(one))) for one in chosen]
    labels = [planted.CLASSES[number] for number in random.integers(0, 3, len(files))]
    return parted(planted.Examples(files, labels))


def handbook(count: int, seed: int) -> dict[str, Any]:
    """Paragraphs of Python's own handbook, with classes by chance."""
    from pydoc_data.topics import topics

    random = np.random.default_rng(seed)
    paragraphs = list(
        dict.fromkeys(
            " ".join(part.split())
            for name in sorted(topics)
            for part in topics[name].split("\n\n")
            if len(part.split()) >= 12
        )
    )
    chosen = random.permutation(len(paragraphs))[:count].tolist()
    labels = [("calm", "loud")[number] for number in random.integers(0, 2, len(chosen))]
    return parted(planted.Examples([paragraphs[number] for number in chosen], labels))


SETS: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "images": lambda count, seed: parted(planted.images(count, seed)),
    "handwriting": handwriting,
    "photographs": photographs,
    "boxes": lambda count, seed: parted(objects.boxed(count, seed)),
    "masks": lambda count, seed: parted(objects.masked(count, seed)),
    "texts": lambda count, seed: parted(planted.texts(count, seed)),
    "handbook": handbook,
}
