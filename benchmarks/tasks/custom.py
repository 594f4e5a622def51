"""The bar for hands of cards, and what simpler methods reach on the same hands, laid out flat.

The rule is about relations: no feature by itself, and no two, tell whether there is a pair.
"""

from typing import Any

from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

METRIC = "test/accuracy"
GOAL = "max"
BAR = 0.95  # the median over the seeds is at least this


def baselines() -> dict[str, float]:
    """What methods without a network reach, in the metric above."""
    from experiment.config import DataConfig  # pyright: ignore[reportMissingImports]
    from experiment.data import ExperimentData  # pyright: ignore[reportMissingImports]

    data = ExperimentData(DataConfig())
    train, test = (_table(data.examples(split)) for split in ("train", "test"))
    methods = {
        "majority": DummyClassifier(),
        "logistic regression": LogisticRegression(max_iter=2000),
        "3 nearest neighbours": KNeighborsClassifier(3),
        "gradient boosting": HistGradientBoostingClassifier(),
    }
    return {name: float(method.fit(*train).score(*test)) for name, method in methods.items()}


def _table(hands: Any) -> tuple[Any, Any]:
    batch = hands.dataset.get_batch(hands.indices)
    return batch.cards.flatten(1).numpy(), batch.label.numpy()
