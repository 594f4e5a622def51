"""What every experiment's LightningModule inherits.

Template's file: updates replace it. Override whatever you want in module.py.
"""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, Literal, cast

import pytorch_lightning as pl
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from .config import RunConfig
from .console import say
from .metrics import Averages
from .optim import make_optimizer
from .schedules import make_schedules, training_length
from .seeding import WEIGHTS, seed_all
from .sharding import shard

Split = Literal["train", "val", "test"]


class Module(pl.LightningModule):
    """A thin LightningModule: yours has the loss and the metrics, this has the rest.

    ======================  ====================================================================
    what it does            how to have it otherwise
    ======================  ====================================================================
    initial weights         drawn from ``seed``, whatever was drawn before
    hyper-parameters        saved as plain values, so that checkpoints load with torch's safe
                            default; call ``save_hyperparameters`` yourself
    ``configure_optimizers``  AdamW, no decay on biases and norms, fused where Lightning
                            allows, with the configured schedule; override it
    ``self.average(...)``   means over the epoch, logged as ``split/name``; ``self.log`` works too
    ``self.metrics``        torchmetrics by split, from ``add_metrics`` and ``update_metrics``;
                            computed, logged and reset at the epoch's end; or keep your own
    ======================  ====================================================================

    Args:
        config: The whole configuration.
        facts: What the data tells the model, a dataclass of plain values.
    """

    def __init__(self, config: RunConfig, facts: Any = None) -> None:
        super().__init__()
        self.config = config
        # Here, where the weights are made: reading the data may draw, and a restart reads less.
        seed_all(config.seed, WEIGHTS)
        self.save_hyperparameters({"config": _plain(config), "facts": _plain(facts)})
        self.averages = Averages()
        self.metrics = nn.ModuleDict()
        leave_out_idle_hooks(self, pl.LightningModule)

    def __setattr__(self, name: str, value: Any) -> None:
        # Lightning sets this name twice a hook through nn.Module's slow __setattr__.
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def average(self, split: Split, weight: float | Tensor, **values: Tensor) -> None:
        """Average scalars over the epoch, logged as ``split/name`` at its end.

        Args:
            split: ``train``, ``val`` or ``test``.
            weight: Examples in the batch, so that a smaller last batch counts less; or whatever
                else ``values`` are means over, such as tokens.
            values: Means over the batch, scalar tensors.
        """
        self.averages.add(split, weight, values)

    def add_metrics(self, metrics: Mapping[str, Metric]) -> None:
        """Keep torchmetrics for validation and test; show them batches with ``update_metrics``.

        Training has none on purpose: most cost more than a small model's step.
        """
        collection = MetricCollection(dict(metrics))
        for split in ("val", "test"):
            self.metrics[split] = collection.clone()

    def update_metrics(self, split: Split, *values: Any) -> None:
        """Show a batch to the torchmetrics of ``val`` or ``test``."""
        cast(MetricCollection, self.metrics[split]).update(*values)

    def configure_model(self) -> None:
        """Share the network out among devices, if ``trainer.strategy`` is fsdp."""
        shard(self)

    def configure_optimizers(self) -> Any:
        """AdamW, and the schedule of its learning rate."""
        optimizer = make_optimizer(self, self.config.optimizer, fused=self._may_fuse())
        length = training_length(self.trainer)
        return [optimizer], make_schedules(optimizer, self.config, length)

    def _may_fuse(self) -> bool:
        # Fused optimizers unscale gradients themselves, so Lightning refuses to clip before them.
        trainer = self.config.trainer
        clips = trainer.gradient_clip_norm or trainer.gradient_clip_value
        if trainer.precision != "32-true" and clips:
            say("optimizer: not fused, since in mixed precision gradients are clipped before it")
            return False
        return self.device.type in {"cpu", "cuda", "mps"}


# Those that Lightning calls in every step of the training.
STEP_HOOKS = (
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
)


def leave_out_idle_hooks(owner: Any, base: type) -> None:
    """Let Lightning pass over the hooks of a step that a callback or module does not override.

    It enters and leaves each of them, empty or not, which sums up to a tenth of a millisecond a
    step; what is not callable it skips.
    """
    for name in STEP_HOOKS:
        if getattr(type(owner), name) is getattr(base, name):
            owner.__dict__[name] = None


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
