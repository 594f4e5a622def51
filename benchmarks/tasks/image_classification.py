"""The bar for classifying digits, and what simpler methods reach on the same images.

Mean over the training set's pixels, scaled to [0, 1]; every method sees the same 1347 and 450.
"""

from typing import Any

from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

METRIC = "test/accuracy"
GOAL = "max"
BAR = 0.985  # the median over the seeds is at least this


def baselines() -> dict[str, float]:
    """What methods without a network reach, in the metric above."""
    from experiment.core.data.images import demo_digits  # pyright: ignore[reportMissingImports]

    splits = demo_digits.load()
    train, test = (_table(splits[name]) for name in ("train", "test"))
    methods = {
        "majority": DummyClassifier(),
        "logistic regression": LogisticRegression(max_iter=2000),
        "3 nearest neighbours": KNeighborsClassifier(3),
        "support vectors": SVC(C=10),
    }
    return {name: float(method.fit(*train).score(*test)) for name, method in methods.items()}


def _table(images: Any) -> tuple[Any, Any]:
    return images.pixels.flatten(1).numpy() / 255, images.labels.numpy()
