"""Which labels are suspect, by what a model says that has not learned from them.

Template's file: updates replace it. Confident learning, Northcutt et al. 2021 (arXiv:1911.00068):
a model may be surer of one class than of another, so that of each class :math:`j` its own threshold
:math:`t_j` counts, the mean chance that examples labelled :math:`j` have of :math:`j`. A label is
suspect if another class is above its threshold, and the likeliest of those that are.
"""

import numpy as np
from jaxtyping import Bool, Float, Int64
from numpy import ndarray


def thresholds(
    chances: Float[ndarray, "examples classes"], labels: Int64[ndarray, " examples"]
) -> Float[ndarray, " classes"]:
    """How sure the model is of each class where it is the label; infinite where it never is."""
    classes = chances.shape[1]
    count = np.bincount(labels, minlength=classes)
    total = np.bincount(labels, weights=own_chances(chances, labels), minlength=classes)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def suspects(
    chances: Float[ndarray, "examples classes"], labels: Int64[ndarray, " examples"]
) -> Bool[ndarray, " examples"]:
    """Which labels another class contests: off the diagonal of the confident joint."""
    confident = chances >= thresholds(chances, labels) - 1e-6
    contested = np.where(confident, chances, -1.0)
    return confident.any(axis=1) & (contested.argmax(axis=1) != labels)


def own_chances(
    chances: Float[ndarray, "examples classes"], labels: Int64[ndarray, " examples"]
) -> Float[ndarray, " examples"]:
    """The chance that each label has: the smaller, the more suspect, as Datalab ranks them.

    The margin before the likeliest other class ranked worse on three of the demo's models with
    flipped labels: an average precision of 0.9885 against 0.9931.
    """
    return np.take_along_axis(chances, labels[:, None], axis=1)[:, 0].astype(np.float64)
