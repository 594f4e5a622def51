"""What a model said of a batch beside what is true, in the forms that can be compared.

Template's file: updates replace it. module/understood_outcomes.py makes these of what
``update_metrics`` in module.py is shown.
"""

from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor


class ClassOutcome(NamedTuple):
    """A class for each example.

    Shape:
        - chances: ``(batch, classes)``, which sum to 1
        - labels: ``(batch,)``, class numbers; below 0 where nobody knows
    """

    chances: Float[Tensor, "batch classes"]
    labels: Int[Tensor, " batch"]


class BoxOutcome(NamedTuple):
    """Boxes about the objects of each image, padded to equal length.

    Shape:
        - found: ``(batch, found, 4)``: left, top, right, bottom
        - found_labels: ``(batch, found)``, class numbers; -1 where there is none
        - confidence: ``(batch, found)``, from 0 to 1
        - true: ``(batch, objects, 4)``: left, top, right, bottom
        - labels: ``(batch, objects)``, class numbers; -1 where there is none
    """

    found: Float[Tensor, "batch found 4"]
    found_labels: Int[Tensor, "batch found"]
    confidence: Float[Tensor, "batch found"]
    true: Float[Tensor, "batch objects 4"]
    labels: Int[Tensor, "batch objects"]


class MaskOutcome(NamedTuple):
    """A class for each pixel.

    Shape:
        - predicted: ``(batch, height, width)``, class numbers
        - mask: ``(batch, height, width)``, class numbers; those that no class has do not count
    """

    predicted: Int[Tensor, "batch height width"]
    mask: Int[Tensor, "batch height width"]


class TokenOutcome(NamedTuple):
    """How far the tokens of each text were from what was expected.

    Shape:
        - logits: ``(batch, tokens, vocabulary)``
        - targets: ``(batch, tokens)``; below 0 where none counts
    """

    logits: Float[Tensor, "batch tokens vocabulary"]
    targets: Int[Tensor, "batch tokens"]


Outcome = ClassOutcome | BoxOutcome | MaskOutcome | TokenOutcome
