"""What ``update_metrics`` is shown, handed on to callbacks that look at it, where it is understood.

Template's file: updates replace it. So a confusion matrix, or a list of suspect labels, needs
nothing more of module.py than its metrics do. What is not one of these forms is not guessed at:

======================  ==========================================================================
classes                 scores or chances ``(batch, classes)``, labels ``(batch,)``
masks                   class numbers ``(batch, height, width)``, or scores ``(batch, classes,
                        height, width)``; masks ``(batch, height, width)``
boxes                   ``Detections``, boxes ``(batch, objects, 4)``, labels ``(batch, objects)``
texts                   scores ``(batch, tokens, vocab_size)``, targets ``(batch, tokens)``
======================  ==========================================================================

There have to be as many classes as the facts have ``class_names``, or ``vocab_size`` for texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from ..inspect.outcomes import BoxOutcome, ClassOutcome, MaskOutcome, Outcome, TokenOutcome
from .detectors import Detections

SUM = 1e-3  # how far chances may be from 1 together, in half precision


class OutcomeWatcher(pl.Callback):
    """A callback that is told what the metrics of validation and test are shown."""

    def see(self, trainer: pl.Trainer, split: str, suffix: str, shown: Sequence[Any]) -> None:
        """Look at a batch's outcome.

        Args:
            trainer: Which evaluates.
            split: Whose metrics they are.
            suffix: What tells the loader, if there are several: ``/noisy``.
            shown: What ``update_metrics`` was given; ``outcome_of`` understands it.
        """
        raise NotImplementedError


def show_outcome(
    module: Any, split: str, suffix: str, values: Sequence[Any], named: Mapping[str, Any]
) -> None:
    """Tell those who watch what the metrics of a split were shown."""
    trainer = module._trainer
    if trainer is None or not trainer.evaluating:
        return
    watchers = [one for one in trainer.callbacks if isinstance(one, OutcomeWatcher)]
    if watchers:
        rest = [named[name] for name in ("preds", "target") if name in named]  # as torchmetrics has
        shown = [*values, *rest] if len(rest) == len(named) else []
        for watcher in watchers:
            watcher.see(trainer, split, suffix, shown)


def outcome_of(shown: Sequence[Any], facts: Any) -> Outcome | None:
    """What was shown, in a form that can be compared; None where it is not understood.

    Args:
        shown: What ``update_metrics`` was given.
        facts: Have the names of the classes, or the size of the vocabulary.
    """
    classes = len(getattr(facts, "class_names", None) or ())
    match shown:
        case [Detections() as found, Tensor() as boxes, Tensor() as labels] if classes:
            return BoxOutcome(found.boxes, found.label, found.confidence, boxes, labels)
        case [Tensor() as said, Tensor() as true] if not true.is_floating_point():
            return _of_tensors(said, true, classes, getattr(facts, "vocab_size", None))
    return None


def _of_tensors(said: Tensor, true: Tensor, classes: int, vocabulary: int | None) -> Outcome | None:
    if not said.is_floating_point():
        is_mask = classes and true.dim() == 3 and said.shape == true.shape
        return MaskOutcome(said, true) if is_mask else None
    if classes and true.dim() == 1 and said.shape == (len(true), classes):
        return ClassOutcome(_chances(said), true)
    if classes and true.dim() == 3 and said.shape == (len(true), classes, *true.shape[1:]):
        return MaskOutcome(said.argmax(dim=1), true)
    if not classes and vocabulary and true.dim() == 2 and said.shape == (*true.shape, vocabulary):
        return TokenOutcome(said, true)
    return None


def _chances(scores: Tensor) -> Tensor:
    """Chances as they are; of anything else the softmax, as torchmetrics has it."""
    scores = scores.float()
    are_chances = (scores >= 0).all() & ((scores.sum(dim=1) - 1).abs() < SUM).all()
    return scores if bool(are_chances) else scores.softmax(dim=1)
