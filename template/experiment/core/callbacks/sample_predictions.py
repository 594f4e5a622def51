"""Pictures of what the model says of a few samples, the same ones each time.

Template's file: updates replace it. Turn it on under ``callbacks.sample_predictions``. What a
sample looks like is ``preview`` in data.py, and core/inspect/drawing.py; what is said of it is
``predict_step`` in module.py.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from ..config.callbacks import SamplePredictionsConfig
from ..console import say
from ..data.datasets import num_examples
from ..data.samples import with_prediction
from ..data.sampling import BatchKey
from ..data.splitting import evenly
from ..files import shown
from ..loggers.prediction_writer import rows
from ..runs.run import Run


class SamplePredictions(pl.Callback):
    """Draws validation samples with the model's predictions to ``samples/epoch-005.png``.

    Drawn as validation begins: with the weights that are validated, averaged ones included.

    Args:
        config: How many, and how often.
        run: In whose folder they are drawn.
    """

    def __init__(self, config: SamplePredictionsConfig, run: Run) -> None:
        self.config, self.folder = config, run.folder / "samples"
        self._cannot = self._said = False

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        is_due = epoch % self.config.every_n_epochs == 0 and not trainer.sanity_checking
        if not is_due or self._cannot or not trainer.is_global_zero:
            return
        data: Any = getattr(trainer, "datamodule", None)
        try:
            samples = data.preview(self.config.count, "val")
        except (AttributeError, NotImplementedError):
            self._cannot = True
            say("callbacks.sample_predictions: preview() in experiment/data.py is missing: none")
            return
        path = self.folder / f"epoch-{epoch:03d}.png"
        self._draw(samples, self._rows(trainer, pl_module, data), path)
        for logger in trainer.loggers:
            if hasattr(logger, "log_image"):
                logger.log_image("samples", [str(path)])  # pyright: ignore[reportAttributeAccessIssue]

    def _rows(self, trainer: pl.Trainer, module: pl.LightningModule, data: Any) -> Iterator[Any]:
        """What the model says of each sample, as ``predict`` writes it."""
        dataset = data.examples("val")
        total = num_examples(dataset)
        chosen = evenly(total, min(self.config.count, total))
        batch = data.fetch("val", dataset)[BatchKey(0, 0, chosen)]
        batch = trainer.strategy.batch_to_device(batch)
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            columns: Any = module.predict_step(batch, 0)
        return rows([columns if isinstance(columns, dict) else {"prediction": columns}])

    def _draw(self, samples: list[Any], said: Iterator[Any], path: Path) -> None:
        from ..inspect.drawing import save_grid

        # Fewer rows, where some samples are unreadable.
        pairs = zip(samples, said, strict=False)
        drawn = [with_prediction(sample, row) for sample, row in pairs]
        path.parent.mkdir(exist_ok=True)
        save_grid(drawn, path)
        if not self._said:
            self._said = True
            say(f"samples: {shown(self.folder)}")
