"""How much of a batch is padding, where images are fitted into squares.

Template's file: updates replace it.
"""

import numpy as np
from torch import Tensor

from .evidence import Evidence
from .looks.sample_look import parts_of
from .reading import SplitRead


def padding_share(split: SplitRead, evidence: Evidence) -> float | None:
    """The share of the pixels; None where images are not fitted into squares.

    That they are is known by the field ``size`` of an example, height and width before that, beside
    a square image: what is cut or stretched has none. Images of one split are drawn alike, so that
    a batch has the share that all have.
    """
    if split.kind != "image" or not _are_fitted(split, evidence):
        return None
    width, height = (split.numbers(name)[split.readable] for name in ("width", "height"))
    return float((1 - np.minimum(width, height) / np.maximum(width, height)).mean())


def _are_fitted(split: SplitRead, evidence: Evidence) -> bool:
    """By the first example that can be read."""
    first = split.indices[split.readable][:1].tolist()
    if not first:
        return False
    fields = dict(parts_of(evidence.data.examples(split.name)[first[0]]))
    image, size = fields.get("image"), fields.get("size")
    return (
        isinstance(image, Tensor)
        and isinstance(size, Tensor)
        and image.ndim == 3
        and image.shape[1] == image.shape[2]
        and size.shape == (2,)
    )
