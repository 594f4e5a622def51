"""``trainer.max_steps``: the weights of the last step are validated, wherever in an epoch it falls.

Template's file: updates replace it.
"""

from typing import Any

import pytorch_lightning as pl


class LastStep(pl.Callback):
    """Asks Lightning to stop at the last step, which it then validates as it does an early stop.

    Ended by ``max_steps`` alone, in mid-epoch, it would not: the weights that a schedule has just
    brought to rest would never be scored, nor be among the best.
    """

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        if trainer.global_step >= trainer.max_steps:
            trainer.should_stop = True
