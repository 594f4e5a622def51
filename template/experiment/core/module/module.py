"""What every experiment's LightningModule inherits.

Template's file: updates replace it. Override whatever you want in module.py.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, cast

import pytorch_lightning as pl
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import Metric, MetricCollection

from ..config.dump import plain
from ..config.run_config import RunConfig
from ..console import say
from ..data.hidden_names import refuse_hiding
from ..data.seeding import WEIGHTS, seed_all
from ..distributed.fsdp import shard
from ..errors import UserError
from .epoch_log import (
    EPOCH_ENDS,
    EVAL,
    TRAIN,
    loader_suffix,
    log_epoch,
    logs_before_and_after,
    stage_of,
)
from .load_from_checkpoint import saved_arguments
from .metrics import Averages, as_scalar
from .optimizer import make_optimizer
from .parameter_groups import parameter_groups, say_groups
from .schedules import Length, make_schedules, schedule_factor, training_length


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
        self.metrics = nn.ModuleDict()
        self._metrics_by_loader: dict[tuple[str, str], MetricCollection] = {}
        self._shown: dict[tuple[str, str], str] = {}  # (split, loader) -> stage, in this epoch

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for hook in EPOCH_ENDS.keys() & vars(cls).keys():
            setattr(cls, hook, logs_before_and_after(vars(cls)[hook], EPOCH_ENDS[hook]))

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
        if name in EPOCH_ENDS and callable(value):  # a hook that is set on an instance
            value = partial(logs_before_and_after(_without_self(value), EPOCH_ENDS[name]), self)
        super().__setattr__(name, value)

    def average(self, split: str, weight: float | Tensor, **values: Any) -> None:
        """Average scalars over the epoch, logged as ``split/name`` at its end.

        Args:
            split: ``train``, ``val``, ``test`` or a name of yours, such as ``adversarial``.
            weight: Examples in the batch, so that a smaller last batch counts less; or whatever
                else ``values`` are means over, such as tokens.
            values: Means over the batch: scalar tensors or numbers.
        """
        suffix = loader_suffix(self)
        named = {f"{split}/{name}{suffix}": as_scalar(name, v) for name, v in values.items()}
        self.averages.add(stage_of(self, split), weight, named)

    def add_metrics(
        self, metrics: Mapping[str, Metric], splits: Sequence[str] = ("val", "test")
    ) -> None:
        """Keep torchmetrics for some splits; show them batches with ``update_metrics``.

        Training has none unless it is named: most cost more than a small model's step.

        Args:
            metrics: By their names in the log.
            splits: For which each is kept apart.
        """
        for key in map(_key, splits):
            if key not in self.metrics:
                self.metrics[key] = MetricCollection({})
            own: Any = {name: metric.clone() for name, metric in metrics.items()}
            cast(MetricCollection, self.metrics[key]).add_metrics(own)

    def update_metrics(self, split: str, *values: Any, **named: Any) -> None:
        """Show a batch to the torchmetrics of a split.

        Raises:
            UserError: ``add_metrics`` has none for it.
        """
        suffix = loader_suffix(self)
        self.metrics_for(split, suffix).update(*values, **named)
        self._shown[split, suffix] = stage_of(self, split)

    def metrics_for(self, split: str, suffix: str = "") -> MetricCollection:
        """The torchmetrics of a split, or of one of its loaders.

        Raises:
            UserError: ``add_metrics`` has none for it.
        """
        if _key(split) not in self.metrics:
            known = ", ".join(self.metrics) or "none"
            raise UserError(
                f"module.py: update_metrics({split!r}, ...): there are metrics for {known}; name "
                f"it in add_metrics(..., splits=[{split!r}, ...])"
            )
        collection = cast(MetricCollection, self.metrics[_key(split)])
        if not suffix:
            return collection
        if (split, suffix) not in self._metrics_by_loader:
            own = collection.clone()
            own.reset()
            self._metrics_by_loader[split, suffix] = own
        return self._metrics_by_loader[split, suffix].to(self.device)

    def shown_metrics(self, stage: str) -> list[tuple[str, str]]:
        """Split and loader of what was shown a batch since this was asked last."""
        shown = [key for key, shown_in in self._shown.items() if shown_in == stage]
        self._shown = {key: other for key, other in self._shown.items() if other != stage}
        return shown

    def on_train_epoch_end(self) -> None:
        log_epoch(self, TRAIN)

    def on_validation_epoch_end(self) -> None:
        log_epoch(self, EVAL)

    def on_test_epoch_end(self) -> None:
        log_epoch(self, EVAL)

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

    def _may_fuse(self) -> bool:
        # Fused optimizers unscale gradients themselves, so Lightning refuses to clip before them.
        trainer = self.config.trainer
        clips = trainer.gradient_clip_norm or trainer.gradient_clip_value
        if trainer.precision != "32-true" and clips:
            say("optimizer: not fused, since in mixed precision gradients are clipped before it")
            return False
        return self.device.type in {"cpu", "cuda", "mps"}


def _key(split: str) -> str:
    """A split's name in ``self.metrics``: torch has its own ``train`` and ``eval`` there."""
    name = split.replace(".", "_")
    return f"{name}_" if hasattr(nn.ModuleDict, name) else name


def _without_self(hook: Any) -> Any:
    return lambda _, *args, **kwargs: hook(*args, **kwargs)
