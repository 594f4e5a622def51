"""What a run's checkpoint says of the held-out examples, for ``inspect data --run NAME``.

Template's file: updates replace it. It goes by what ``update_metrics`` in module.py is shown.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl

from ..callbacks.confusion_matrix import sure_of
from ..checkpoint.match_model import fitting_weights
from ..data.datasets import Subset, is_stream, num_examples
from ..inspect.dataset.predicted import Collector, Predicted, PredictedTexts
from ..inspect.dataset.reading import chosen_indices
from ..module.understood_outcomes import OutcomeWatcher, outcome_of
from ..trainer.design_checks import has_step

FORMS = "core/module/understood_outcomes.py lists the forms that are understood"
SPLITS = ("val", "test")


class KeepOutcomes(OutcomeWatcher):
    """Keeps what is said of each example.

    Args:
        split: Whose metrics are meant.
        facts: What the data tells the model.
        collector: Gets each batch.
        progress: Is told how many examples there were.
    """

    def __init__(
        self, split: str, facts: Any, collector: Collector, progress: Callable[[int], None]
    ) -> None:
        self.split, self.facts, self.collector = split, facts, collector
        self.progress = progress

    def see(self, trainer: pl.Trainer, split: str, suffix: str, shown: Sequence[Any]) -> None:
        outcome = outcome_of(shown, self.facts) if split == self.split else None
        if outcome is not None:
            self.progress(self.collector.add(outcome))


def examples_to_predict(data: Any, most: int | None) -> dict[str, int]:
    """How many examples of each held-out split a model can be asked about."""
    known = [split for split in SPLITS if data.has(split) and not is_stream(data.datasets[split])]
    counts = {split: num_examples(data.examples(split)) for split in known}
    return {split: len(chosen_indices(n, most, data.seed)) for split, n in counts.items()}


def predict_splits(
    parts: tuple[Any, Any, Any],
    checkpoint: Path,
    most: int | None,
    progress: Callable[[int], None],
) -> tuple[dict[str, Predicted], list[str]]:
    """Evaluate the held-out splits, and keep what is said of each example.

    Args:
        parts: The DataModule, the LightningModule, and a Trainer of one process.
        checkpoint: The weights.
        most: At most so many examples of each split, those that ``examine`` looks at.
        progress: Is told how many more examples were predicted.

    Returns:
        By split; and lines that say what is not known, and why.

    Raises:
        UserError: The weights do not fit the model.
    """
    data, module, _ = parts
    predicted: dict[str, Predicted] = {}
    lines = ["train: not predicted, since what was learned from tells nothing of its labels"]
    there = examples_to_predict(data, most)
    for split in SPLITS:
        if split not in there:
            lines.append(f"{split}: no examples with labels and numbers: nothing is predicted")
        elif not has_step(module, split):
            step = "validation_step" if split == "val" else "test_step"
            lines.append(f"{split}: module.py has no {step}: nothing is predicted")
        elif found := _predicted(parts, checkpoint, split, most, progress):
            predicted[split] = found
        else:
            lines.append(
                f"{split}: what module.py shows update_metrics is no class, box, mask or token for "
                f"each example ({FORMS}): no suspects, no weak groups, no confusion matrix"
            )
    if any(isinstance(one, PredictedTexts) for one in predicted.values()):
        lines.append("no confusion matrix: texts have no classes")
    return predicted, lines


def _predicted(
    parts: tuple[Any, Any, Any],
    checkpoint: Path,
    split: str,
    most: int | None,
    progress: Callable[[int], None],
) -> Predicted | None:
    data, module, trainer = parts
    dataset = data.examples(split)
    chosen = chosen_indices(num_examples(dataset), most, data.seed)
    loader = data.loader(split, Subset(dataset, chosen))
    facts, sure = data.known_facts, sure_of(getattr(module, "config", None))
    collector = Collector(getattr(facts, "class_names", None) or (), sure, split)
    watcher = KeepOutcomes(split, facts, collector, progress)
    stage = trainer.validate if split == "val" else trainer.test
    trainer.callbacks.append(watcher)
    try:
        with fitting_weights(checkpoint):
            stage(module, loader, ckpt_path=checkpoint, verbose=False, weights_only=True)
    finally:
        trainer.callbacks.remove(watcher)
    skipped = getattr(loader.dataset, "skipped", None)
    read = np.ones(len(chosen), bool) if skipped is None else ~skipped.numpy()
    return collector.predicted(chosen[read])
