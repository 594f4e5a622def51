"""What every experiment's LightningModule inherits.

Template's file: updates replace it. Override whatever you want in module.py.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytorch_lightning as pl
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import Metric, MetricCollection

from ..config.dump import plain
from ..config.run_config import RunConfig
from ..console import say
from ..data.hidden_names import refuse_hidden, refuse_hiding
from ..data.seeding import WEIGHTS, seed_all
from ..distributed.fsdp import shard
from ..errors import UserError
from .epoch_hooks import HOOKS, logs_epochs, on_instance
from .epoch_log import place_of, suffix_of
from .load_from_checkpoint import saved_arguments
from .metrics import Averages, as_scalar
from .optimizer import make_optimizer
from .parameter_groups import parameter_groups, say_groups
from .schedules import Length, make_schedules, schedule_factor, training_length
from .split_metrics import SplitMetrics
from .understood_outcomes import show_outcome


@logs_epochs
class Module(pl.LightningModule):
    """A thin LightningModule: yours has the loss and the metrics, this has the rest.

    ======================  ====================================================================
    what it does            how to have it otherwise
    ======================  ====================================================================
    initial weights         drawn from ``seed``, whatever was drawn before
    hyper-parameters        saved as plain values, so that checkpoints load with torch's safe
                            default; call ``save_hyperparameters`` yourself
    ``make_optimizer``      of the parameter groups: ``optimizer.name``, no decay on biases and
                            norms, fused where Lightning allows; override it
    ``learning_rate_factor``  the course of the learning rate: ``schedule``; override it
    ``configure_optimizers``  both of these; override it for several optimizers
    ``self.average(...)``   means over the epoch, logged as ``split/name``; ``self.log`` works too
    ``self.metrics``        torchmetrics by split, from ``add_metrics`` and ``update_metrics``;
                            computed, logged and reset at the epoch's end; or keep your own
    ``network_to_export``   what ``export`` takes out: what ``predict_step`` calls; override it
    ``expected``            what ``smoke`` and the tests would ask about, and is meant: expected.py
    ======================  ====================================================================

    Of several validation or test loaders each has its own: ``val/loss/noisy``, by its key in a
    dict, or ``val/loss/dataloader_idx_1``, as Lightning has it.

    Args:
        config: The whole configuration.
        facts: What the data tells the model, a dataclass of plain values.
    """

    expected: ClassVar[Mapping[str, Sequence[str]]] = {}

    def __init__(self, config: RunConfig, facts: Any = None) -> None:
        super().__init__()
        self.config = config
        # Here, where the weights are made: reading the data may draw, and a restart reads less.
        seed_all(config.seed, WEIGHTS)
        self.save_hyperparameters({"config": plain(config), "facts": plain(facts)})
        self.averages = Averages()
        self.metrics = SplitMetrics()
        self.hooks_under_way: set[str] = set()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        refuse_hidden(cls, Module)
        logs_epochs(cls)

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **kwargs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Lightning's; the configuration and the facts are built of what the checkpoint holds."""
        given = saved_arguments(cls, checkpoint_path)
        return super().load_from_checkpoint(checkpoint_path, *args, **{**given, **kwargs})

    def __setattr__(self, name: str, value: Any) -> None:
        # Lightning sets this name twice a hook through nn.Module's slow __setattr__.
        if name == "_current_fx_name":
            self.__dict__[name] = value
            return
        refuse_hiding(self, Module, name, value)
        if name in HOOKS:  # one that is set on an instance
            value = on_instance(value, name, self)
        super().__setattr__(name, value)

    def average(self, split: str, weight: float | Tensor, **values: Any) -> None:
        """Average scalars over the epoch, logged as ``split/name`` at its end.

        Args:
            split: ``train``, ``val``, ``test`` or a name of yours, such as ``adversarial``.
            weight: Examples in the batch, so that a smaller last batch counts less; or whatever
                else ``values`` are means over, such as tokens.
            values: Means over the batch: scalar tensors or numbers.

        Raises:
            UserError: The same name is averaged in training and in validation, or in a hook that
                belongs to no epoch.
        """
        stage, suffix = place_of(self, split)
        if stage is None:  # prediction, which has no log
            return
        named = {f"{split}/{name}{suffix}": as_scalar(name, v) for name, v in values.items()}
        if self.averages.add(stage, weight, named) and self._trainer is not None:
            self.averages.claim(stage, named)

    def add_metrics(
        self, metrics: Mapping[str, Metric], splits: str | Sequence[str] = ("val", "test")
    ) -> None:
        """Keep torchmetrics for some splits; show them batches with ``update_metrics``.

        Training has none unless it is named: most cost more than a small model's step.

        Args:
            metrics: By their names in the log.
            splits: For which each is kept apart.
        """
        for split in [splits] if isinstance(splits, str) else splits:
            self._split_metrics().add(split, metrics)

    def update_metrics(self, split: str, *values: Any, **named: Any) -> None:
        """Show a batch to the torchmetrics of a split.

        Raises:
            UserError: ``add_metrics`` has none for it.
        """
        stage, suffix = place_of(self, split)
        if stage is not None:
            self._metrics(split, suffix).update(*values, **named)
            show_outcome(self, split, suffix, values, named)

    def metrics_for(self, split: str, loader: str | int | None = None) -> MetricCollection:
        """The torchmetrics of a split, to be shown batches or looked at until the epoch is over.

        Args:
            split: Which ``add_metrics`` was told.
            loader: Of several loaders one, by its key in the dict or its number in the list; None:
                the one that is being read.

        Raises:
            UserError: ``add_metrics`` has none for it, or there is no such loader.
        """
        return self._metrics(split, suffix_of(self, split, loader))

    def _metrics(self, split: str, suffix: str) -> MetricCollection:
        metrics = self._split_metrics()
        if split not in metrics.key_of:
            known = ", ".join(metrics.key_of) or "none"
            raise UserError(
                f"module.py: update_metrics({split!r}, ...): there are metrics for {known}; name "
                f"it in add_metrics(..., splits=[{split!r}, ...])"
            )
        collection = metrics.of(split, suffix)
        return collection.to(self.device) if suffix else collection

    def _split_metrics(self) -> SplitMetrics:
        if not isinstance(self.metrics, SplitMetrics):
            raise UserError(
                "module.py: self.metrics is where add_metrics() keeps its torchmetrics; give what "
                "you keep there another name"
            )
        return self.metrics

    def configure_model(self) -> None:
        """Share the network out among devices, if ``trainer.strategy`` is fsdp."""
        shard(self)

    def configure_optimizers(self) -> Any:
        """One optimizer of all groups, and the course of its learning rate."""
        config = self.config.optimizer
        groups = parameter_groups(self, config)
        if config.freeze or config.layer_decay or config.groups:
            say_groups(self, groups)
        optimizer = self.make_optimizer(groups)
        if not isinstance(optimizer, Optimizer):
            raise UserError(
                f"module.py: make_optimizer() returns {optimizer!r}; expected a "
                "torch.optim.Optimizer (several come from configure_optimizers())"
            )
        return [optimizer], make_schedules(
            optimizer, self.config, training_length(self.trainer), self
        )

    def make_optimizer(self, groups: list[dict[str, Any]]) -> Optimizer:
        """The optimizer that ``optimizer.name`` names.

        Args:
            groups: As torch takes them: ``params``, ``lr`` and ``weight_decay``; what is frozen is
                in none, and ``optimizer.groups`` and ``layer_decay`` have had their say.
        """
        return make_optimizer(groups, self.config.optimizer, fused=self._may_fuse())

    def learning_rate_factor(self, step: int, total_steps: float) -> float:
        """What each group's peak rate is multiplied by; a pure function, so that runs go on alike.

        Args:
            step: The optimizer step, counted from 0.
            total_steps: Of the whole training; infinite where nobody knows.
        """
        epoch = training_length(self.trainer).epoch if self._trainer else math.inf
        return schedule_factor(self.config.schedule, Length(total_steps, epoch))(step)

    def network_to_export(self, batch: Any) -> tuple[nn.Module, tuple[Tensor, ...]] | None:
        """The network that ``main.py export`` takes out, and what its ``forward`` gets of a batch.

        None: the one that ``predict_step`` calls, with the tensors that it is called with. Another
        one, or what a method of its own computes: ``return self.encoder, (batch.image,)``.
        """
        return None

    def _may_fuse(self) -> bool:
        # Fused optimizers unscale gradients themselves, so Lightning refuses to clip before them.
        trainer = self.config.trainer
        clips = trainer.gradient_clip_norm or trainer.gradient_clip_value
        if trainer.precision != "32-true" and clips:
            say("optimizer: not fused, since in mixed precision gradients are clipped before it")
            return False
        return self.device.type in {"cpu", "cuda", "mps"}
