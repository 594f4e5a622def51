"""Whether two modules with the same weights say the same of a batch; for ``main.py smoke``.

Template's file: updates replace it.
"""

from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.utilities.model_helpers import is_overridden

from ..data.seeding import seed_all
from ..errors import UserError
from ..inspect.equality import equal
from ..module.expected import Expected
from ..trainer.design_checks import has_step
from .smoke_batches import RANDOM_NAMES, has_own_predict_loader, once_each, predict_loaders
from .smoke_errors import Skipped, sentence

MISSING = ("validation", "log", "predict")  # what there may be none of
PREDICT = ("predict_step",)
SAME, RANDOM, OTHER = "same", "random", "other"


@dataclass
class Judge:
    """Asks a module and its twin, which has the same weights, by a Trainer.

    Args:
        trainer: One for predicting, on the CPU: there the same numbers come twice.
        module: The one that was trained.
        twin: The one that was made anew.
    """

    trainer: pl.Trainer
    module: pl.LightningModule
    twin: pl.LightningModule

    def predictions(self, loaders: Any) -> str:
        """SAME, RANDOM (the module says something else of itself), or OTHER."""
        return self._compare(lambda module: self.trainer.predict(module, loaders))

    def validations(self, loader: Any) -> str | None:
        """The same of what validation logs; None where it logs nothing."""
        logged = self._of(self.module, lambda module: self._validate(module, loader))
        if not any(logged):
            return None
        return self._compare(lambda module: self._validate(module, loader))

    def _validate(self, module: pl.LightningModule, loader: Any) -> Any:
        return self.trainer.validate(module, loader, verbose=False)

    def _compare(self, ask: Any) -> str:
        original = self._of(self.module, ask)
        if equal(original, self._of(self.twin, ask)):
            return SAME
        return OTHER if equal(original, self._of(self.module, ask)) else RANDOM

    def _of(self, module: pl.LightningModule, ask: Any) -> Any:
        module.eval()
        seed_all(0)
        return ask(module)


def compare_outputs(judge: Judge, data: Any, expected: Expected, validated: bool) -> str:
    """Compare what ``predict`` would write; where there is no such thing, what validation logs.

    Args:
        judge: Has the two modules.
        data: The DataModule.
        expected: What is stated; it is asked about what is random, and about a predict_step that
            takes no batch of a split.
        validated: Whether there is a validation.

    Raises:
        UserError: The outputs differ: what they depend on is not all saved.
        Skipped: Nothing can be compared.
    """
    found = _predictions(judge, data, expected) if has_step(judge.module, "predict") else None
    if found is not None:
        random, same = ((), PREDICT) if found == SAME else (PREDICT, ())
        if found != OTHER:
            expected.compare("random", random, same, RANDOM_NAMES)
    elif validated:
        found = judge.validations(once_each(data, "val"))
    if found is None:
        raise Skipped("no predict_step or forward takes a batch, and validation logs nothing")
    if found == OTHER:
        raise UserError("the same weights in a new model give other outputs")
    return "same outputs" if found == SAME else "outputs are random"


def _predictions(judge: Judge, data: Any, expected: Expected) -> str | None:
    """What the judge says of predictions; None where no batch can be had that is taken."""
    loaders, split = predict_loaders(data)
    has_own = is_overridden("predict_step", judge.module)
    try:
        found = judge.predictions(loaders)
    except Exception as error:
        if has_own and split == "predict" and has_own_predict_loader(data):
            raise  # this is what it gets
        if has_own:  # else Lightning calls forward, which need not take a batch
            because = (
                f" of a split, since predict_step fails with one of {split}: {sentence(error)}"
            )
            expected.compare("missing", ["predict"], (), MISSING, because)
        return None
    if has_own:
        expected.compare("missing", (), ["predict"], MISSING)
    return found
