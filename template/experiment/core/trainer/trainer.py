"""The Trainer, as the configuration wants it.

Template's file: updates replace it. In main.py, ``build_trainer(config, run, ...)`` takes any
further argument of Lightning's Trainer.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import ProgressBar, StochasticWeightAveraging
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.profilers import PassThroughProfiler

from ..callbacks.confusion_matrix import ConfusionMatrix, sure_of
from ..callbacks.heartbeat import Heartbeat
from ..callbacks.last_batch import LastBatch
from ..callbacks.make_callbacks import make_callbacks
from ..callbacks.nan_guard import NanGuard
from ..callbacks.overfit import Overfit, overfits
from ..callbacks.progress_bar import make_progress
from ..callbacks.short_epoch import ShortEpoch
from ..callbacks.time_limit import TimeLimit
from ..callbacks.validate_last_step import LastStep
from ..checkpoint.apply_changes import ChangedSettings
from ..checkpoint.apply_rollback import AfterRollback
from ..checkpoint.atomic_io import AtomicCheckpointIO
from ..checkpoint.metadata import read_metadata
from ..checkpoint.model_checkpoint import Checkpoint
from ..checkpoint.module_flags import ModuleFlags
from ..checkpoint.partial_epoch import PartialEpoch
from ..checkpoint.repeat_epoch_start import EpochStart
from ..checkpoint.save_metadata import SaveMetadata
from ..config.run_config import RunConfig
from ..data.step_seeds import StepSeeds
from ..distributed.fsdp import SameBuffers, make_strategy
from ..distributed.stop_together import StopTogether
from ..errors import UserError, first_line
from ..inspect.profiler import StepTimes
from ..loggers.make_loggers import make_loggers
from ..loggers.wandb_alerts import WandbAlerts
from ..module.epoch_log import EpochMetrics
from ..module.freezing import Freeze
from ..module.skip_idle_hooks import SkipIdleHooks
from ..ranks import is_in_srun, is_in_torchrun
from ..runs.run import Run
from .compile import Compile
from .precision import usable_precision


def build_trainer(config: RunConfig, run: Run, **arguments: Any) -> pl.Trainer:
    """A Trainer for the run's command.

    Args:
        config: The whole configuration; ``config.trainer`` above all.
        run: Where everything is written.
        arguments: Further arguments of Lightning's Trainer, which win; ``callbacks`` are added.

    Raises:
        UserError: Lightning refuses the combination.
    """
    _prepare_process(config)
    _check_devices(config)
    training = run.command == "fit"
    ours = [*_callbacks(config, run, training), *arguments.pop("callbacks", [])]
    has_bar = any(isinstance(callback, ProgressBar) for callback in ours)
    for callback in ours:
        _refuse_inexact(callback)
    profiled = training and config.trainer.profile
    settings: dict[str, Any] = {
        **_trainer_settings(config),
        "default_root_dir": run.folder,
        "logger": _loggers(config, run) if training else False,
        "callbacks": ours,
        "plugins": [AtomicCheckpointIO(), *_environment()],
        "profiler": StepTimes(run.folder / "profile.txt") if profiled else NoProfiler(),
        "enable_checkpointing": training,
        "enable_progress_bar": has_bar,
        "enable_model_summary": False,
        "use_distributed_sampler": False,  # the DataModule's batch sampler knows the ranks
        **arguments,
    }
    try:
        return pl.Trainer(**settings)
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise UserError(f"trainer: {first_line(error)}") from error


def _refuse_inexact(callback: pl.Callback) -> None:
    if isinstance(callback, StochasticWeightAveraging):
        raise UserError(
            "callbacks.extra: Lightning's StochasticWeightAveraging does not go on after a kill as "
            "if nothing had happened; callbacks.swa={} does"
        )


def _loggers(config: RunConfig, run: Run) -> list[Logger]:
    resumed_step = read_metadata(run.resume).step if run.resume else None
    return make_loggers(run, config.logger, resumed_step)


class NoProfiler(PassThroughProfiler):
    """Measures nothing, at no cost: Lightning's own makes a generator for each of 50 hooks a step.

    ``--profile`` puts inspect/profiler.py in its place.
    """

    nothing = nullcontext()

    def profile(self, action_name: str) -> AbstractContextManager[Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.nothing


def _callbacks(config: RunConfig, run: Run, training: bool) -> list[pl.Callback]:
    callbacks: list[pl.Callback] = [EpochMetrics(), SkipIdleHooks()]
    if training:
        seeds = StepSeeds(run.seed)
        checkpoint = Checkpoint(run.checkpoints, config.checkpoint, seeds)
        callbacks = [EpochStart(seeds, checkpoint), *callbacks, ModuleFlags(config)]
        callbacks += [NanGuard(run, config.trainer.log_every_n_steps), PartialEpoch()]
        callbacks += [SaveMetadata(run, config), ChangedSettings(config)]
        # Both may end training before a batch: before the hooks of anybody else.
        callbacks += [AfterRollback(run), StopTogether()]
        if config.trainer.max_time:
            callbacks.append(TimeLimit(run, config.trainer.max_seconds))
        callbacks += [LastBatch(), ShortEpoch(), Heartbeat(run), WandbAlerts(run, config.alert)]
        if config.trainer.strategy == "fsdp":
            callbacks.append(SameBuffers())
        if config.trainer.compile:
            callbacks.append(Compile())
        if overfits(config):
            callbacks.append(Overfit())
        if config.optimizer.freeze:
            callbacks.append(Freeze(config.optimizer.freeze))
        callbacks += make_callbacks(config.callbacks, config.checkpoint, run)
        if config.trainer.max_steps:
            callbacks.append(LastStep())
        callbacks.append(checkpoint)
    if run.command in ("fit", "test"):
        callbacks.append(ConfusionMatrix(run, sure_of(config)))
    if config.trainer.progress_bar:
        callbacks.append(make_progress())
    return callbacks


def _trainer_settings(config: RunConfig) -> dict[str, Any]:
    """Those that are Lightning's own, by Lightning's names."""
    trainer = config.trainer
    by_norm = trainer.gradient_clip_value is None
    return {
        "max_epochs": -1 if trainer.max_epochs is None else trainer.max_epochs,
        "max_steps": -1 if trainer.max_steps is None else trainer.max_steps,
        "accelerator": trainer.accelerator,
        "devices": trainer.devices,
        "num_nodes": trainer.num_nodes,
        "strategy": make_strategy(config),
        "precision": usable_precision(trainer),
        "accumulate_grad_batches": trainer.accumulate_grad_batches,
        "gradient_clip_val": trainer.gradient_clip_norm if by_norm else trainer.gradient_clip_value,
        "gradient_clip_algorithm": "norm" if by_norm else "value",
        "log_every_n_steps": trainer.log_every_n_steps,
        "val_check_interval": trainer.val_check_interval,
        "check_val_every_n_epoch": trainer.check_val_every_n_epoch,
        "limit_train_batches": trainer.limit_train_batches,
        "limit_val_batches": trainer.limit_val_batches,
        "limit_test_batches": trainer.limit_test_batches,
        # Not False: to be told so much, torch imports its compiler.
        "deterministic": trainer.deterministic or None,
    }


def _environment() -> list[ClusterEnvironment]:
    """Who starts the ranks under SLURM: srun, several tasks; Lightning itself, as everywhere, one.

    Lightning's own requeueing stays off: it saves wherever the signal comes, in mid-step.
    """
    if is_in_srun():
        return [SLURMEnvironment(auto_requeue=False)]
    alone = "SLURM_JOB_ID" in os.environ and not is_in_torchrun()
    return [LightningEnvironment()] if alone else []


def _check_devices(config: RunConfig) -> None:
    devices, cores = config.trainer.devices, os.cpu_count() or 1
    on_cpu = config.trainer.accelerator == "cpu" or not torch.accelerator.is_available()
    if on_cpu and str(devices).isdecimal() and int(str(devices)) > cores:
        raise UserError(f"trainer.devices is {devices}; this machine has {cores} CPU cores")


def _prepare_process(config: RunConfig) -> None:
    if not torch.cuda.is_available():
        # Lightning sets this to 1; without a GPU torch's optimizers then look for NVIDIA's library
        # in every step.
        os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
    # Adam's second moments fall below the smallest normal number, where a CPU is 100 times slower.
    torch.set_flush_denormal(True)
    if torch.cuda.is_available() and config.trainer.precision == "32-true":
        torch.set_float32_matmul_precision("high")
