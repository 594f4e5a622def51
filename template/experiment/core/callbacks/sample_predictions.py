"""Pictures of what the model says of a few samples, the same ones each time.

Template's file: updates replace it. Turn it on under ``callbacks.sample_predictions``. What a
sample looks like is ``preview`` in data.py, and core/inspect/drawing.py; what is said of it is
``predict_step`` in module.py.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import FSDPStrategy
from pytorch_lightning.utilities.seed import isolate_rng

from ..config.callbacks import SamplePredictionsConfig
from ..console import say
from ..data.datasets import num_examples
from ..data.samples import with_prediction
from ..data.sampling import BatchKey
from ..data.splitting import evenly
from ..files import shown
from ..loggers.prediction_writer import rows
from ..runs.requests import SAMPLE, take
from ..runs.run import Run

SECONDS_BETWEEN_LOOKS = 1.0


class SamplePredictions(pl.Callback):
    """Draws validation samples with the model's predictions to ``samples/epoch-005.png``.

    Drawn as validation begins: with the weights that are validated, averaged ones included.

    Args:
        config: How many, and how often.
        run: In whose folder they are drawn.
    """

    def __init__(self, config: SamplePredictionsConfig, run: Run) -> None:
        self.config, self.pictures = config, SamplePictures(config.count, run)

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        is_due = epoch % self.config.every_n_epochs == 0 and not trainer.sanity_checking
        if is_due and trainer.is_global_zero:
            self.pictures.draw(trainer, pl_module, f"epoch-{epoch:03d}.png")


class SampleNow(pl.Callback):
    """Draws them once when it is asked for while training goes on: to ``samples/step-000120.png``.

    Nothing of training is another for it: no random number is drawn from its generators, and each
    part of the model is again in the mode that it was in.

    Args:
        run: Whose folder holds the request; see ``runs/requests.py``.
    """

    def __init__(self, run: Run, count: int) -> None:
        self.run, self.pictures = run, SamplePictures(count, run)
        self._looked = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        now = time.monotonic()
        if now - self._looked < SECONDS_BETWEEN_LOOKS or not trainer.is_global_zero:
            return
        self._looked = now
        if not take(self.run.folder, SAMPLE):
            return
        if isinstance(trainer.strategy, FSDPStrategy):
            say("samples: not in the middle of training whose weights lie on several GPUs")
            return
        modes = {module: module.training for module in pl_module.modules()}
        with isolate_rng():
            pl_module.eval()
            try:
                self.pictures.draw(trainer, pl_module, f"step-{trainer.global_step:06d}.png")
            finally:
                for module, mode in modes.items():
                    module.training = mode


class SamplePictures:
    """Pictures of the same few validation samples, each time with what is predicted of them.

    Args:
        count: How many.
        run: In whose folder they are drawn.
    """

    def __init__(self, count: int, run: Run) -> None:
        self.count, self.folder = count, run.folder / "samples"
        self._cannot = self._said = False

    def draw(self, trainer: pl.Trainer, module: pl.LightningModule, name: str) -> None:
        """Draw them as the model is now; on the first process only."""
        if self._cannot:
            return
        data: Any = getattr(trainer, "datamodule", None)
        try:
            samples = data.preview(self.count, "val")
        except (AttributeError, NotImplementedError):
            self._cannot = True
            say("callbacks.sample_predictions: preview() in experiment/data.py is missing: none")
            return
        path = self.folder / name
        self._save(samples, self._rows(trainer, module, data), path)
        for logger in trainer.loggers:
            if hasattr(logger, "log_image"):
                logger.log_image("samples", [str(path)])  # pyright: ignore[reportAttributeAccessIssue]

    def _rows(self, trainer: pl.Trainer, module: pl.LightningModule, data: Any) -> Iterator[Any]:
        """What the model says of each sample, as ``predict`` writes it."""
        dataset = data.examples("val")
        total = num_examples(dataset)
        chosen = evenly(total, min(self.count, total))
        batch = data.fetch("val", dataset)[BatchKey(0, 0, chosen)]
        batch = trainer.strategy.batch_to_device(batch)
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            columns: Any = module.predict_step(batch, 0)
        return rows([columns if isinstance(columns, dict) else {"prediction": columns}])

    def _save(self, samples: list[Any], said: Iterator[Any], path: Path) -> None:
        from ..inspect.drawing import save_grid

        # Fewer rows, where some samples are unreadable.
        pairs = zip(samples, said, strict=False)
        drawn = [with_prediction(sample, row) for sample, row in pairs]
        path.parent.mkdir(exist_ok=True)
        save_grid(drawn, path)
        if not self._said:
            self._said = True
            say(f"samples: {shown(self.folder)}")
