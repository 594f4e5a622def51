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

WHITE = 225  # of 255


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
    """Pieces of scikit-learn's two photographs, side by side, each turned and mirrored eight ways.

    A piece and what was made of it are in one split, for some resemble their mirror image. The
    classes are by chance: those of the photographs would be told by their colour alone. Sky that is
    overexposed is left out, for there ``light`` is right.
    """
    from sklearn.datasets import load_sample_images

    random, loaded = np.random.default_rng(seed), load_sample_images()
    side, pieces = int(random.integers(64, 89)), []
    for photograph in loaded.images:
        rows, columns = (length // side for length in photograph.shape[:2])
        pieces += [
            photograph[row * side : (row + 1) * side, column * side : (column + 1) * side]
            for row in range(rows)
            for column in range(columns)
        ]
    pieces = [piece for piece in pieces if (piece > WHITE).mean() < 0.5]
    random.shuffle(pieces)
    cut = len(pieces) * 4 // 5
    return {
        "train": _eight_ways(pieces[:cut], count * 4 // 5, random).named("train"),
        "val": _eight_ways(pieces[cut:], count // 5, random).named("val"),
    }


def _eight_ways(pieces: list[Any], count: int, random: Any) -> Any:
    """So many of the images that turning and mirroring pieces makes, in any order."""
    made = [
        np.rot90(one, turn)
        for piece in pieces
        for turn in range(4)
        for one in (piece, piece[:, ::-1])
    ]
    chosen = [made[number] for number in random.permutation(len(made))[:count].tolist()]
    files = [planted.saved(Image.fromarray(np.ascontiguousarray(one))) for one in chosen]
    labels = [planted.CLASSES[number] for number in random.integers(0, 3, len(files))]
    return planted.Examples(files, labels)


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
