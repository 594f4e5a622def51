"""Checkpoints that resume exactly: written whole, and only where nothing is half done.

Template's file: updates replace it. What is kept is set under ``checkpoint:`` in the configuration.
"""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.trainer.states import TrainerFn
from pytorch_lightning.utilities.exceptions import SIGTERMException
from torch import Tensor
from typing_extensions import override

from . import seeding
from .checkpoint_files import LAST, START_SUFFIX, link_or_copy, write_scores
from .config import CheckpointConfig
from .errors import UserError
from .guards import FiniteLoss
from .loop_position import Position, make_clean
from .time_limit import OutOfTime


class Checkpoint(ModelCheckpoint):
    """``last.ckpt`` at clean points, and the top k by a metric.

    A clean point lies between two batches or two epochs, where validation, schedules, logging and
    accumulation of the past are over. The top k hold exactly the weights that were scored. Scored
    at an epoch's end, they are a second name of that epoch's clean save. Scored in mid-epoch, they
    are for evaluation, and the clean save before them is kept beside as ``*.start.ckpt``.

    Args:
        folder: ``runs/<name>/checkpoints``.
        config: What is monitored and how many are kept.
        seed: The run's seed: dropout and the like are a function of it and the position.
    """

    def __init__(self, folder: Path, config: CheckpointConfig, seed: int) -> None:
        super().__init__(
            folder,
            filename="best-epoch{epoch:03d}-step{step:06d}",
            monitor=config.monitor,
            mode=config.mode,
            save_top_k=config.save_top_k,
            save_last=False,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
        self.folder, self.seed = folder, seed
        self.every_steps = config.every_n_steps or 0
        self._fresh_start = True  # nothing to save before the first batch of this process
        self._just_validated = False
        self._scored: dict[str, Tensor] | None = None  # at the epoch's end, until its clean save
        self._position: Position | None = None  # of the save under way
        self._saved_step = -1

    @property
    @override
    def state_key(self) -> str:
        return "Checkpoint"  # Lightning's is put together anew in every hook

    # --- where the loop is -----------------------------------------------------------------------

    @override
    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.dirpath = trainer.strategy.broadcast(str(self.folder))
        self._fs = _local_files()

    @override
    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Before training, which a run that lacks nothing but its end skips, hooks and all. Where
        # checkpoints are restored later (FSDP), it is not known yet which ones are to be kept.
        if trainer.is_global_zero and not trainer.strategy.restore_checkpoint_after_setup:
            self._mend_folder(trainer)

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._fresh_start = True
        self._saved_step = trainer.global_step
        fetcher = trainer.fit_loop._data_fetcher
        if trainer.ckpt_path and fetcher is not None:
            # Whoever asked for the number of steps had the loader made, and worker processes began
            # to fetch, before the checkpoint said where: they start again from here.
            iter(fetcher)

    @override
    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._fresh_start:
            # Trainer(max_steps=...) would take "no batch yet" for a validation boundary.
            trainer.fit_loop.epoch_loop.restarting = False
        else:
            self._save_clean(trainer, Position.EPOCH_OVER)
        seeding.seed_all(self.seed, seeding.EPOCH, trainer.current_epoch, trainer.global_rank)

    @override
    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self.every_steps and not self._fresh_start and self._is_due(trainer, batch_idx):
            self._save_clean(trainer, Position.BATCH_NEXT)
        self._fresh_start = self._just_validated = False
        position = (trainer.current_epoch, batch_idx, trainer.global_rank)
        seeding.seed_all(self.seed, seeding.TRAIN_STEP, *position)

    @override
    def on_train_batch_end(self, *args: Any, **kwargs: Any) -> None:
        pass  # Lightning would save here, before validation, schedules and logging are over

    @override
    def on_validation_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        position = (trainer.current_epoch, batch_idx, dataloader_idx, trainer.global_rank)
        seeding.seed_all(self.seed, seeding.EVAL_STEP, *position)

    @override
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking or trainer.state.fn != TrainerFn.FITTING:
            return
        self._just_validated = True
        if trainer.fit_loop.epoch_loop._is_training_done:
            self._scored = self._monitor_candidates(trainer)
        else:
            self._save_topk_checkpoint(trainer, self._monitor_candidates(trainer))

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._scored is None and not trainer.enable_validation:
            self._scored = self._monitor_candidates(trainer)  # a metric of training itself

    @override
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step > 0:
            self._save_clean(trainer, Position.EPOCH_OVER)

    @override
    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        # Raised between two batches, after an epoch or, SIGTERM, in the middle of a validation.
        if not isinstance(exception, (SIGTERMException, OutOfTime)) or trainer.evaluating:
            return
        epochs = trainer.fit_loop.epoch_progress.current
        batches = trainer.fit_loop.epoch_loop.batch_progress.current.completed
        inside_accumulation = batches % trainer.accumulate_grad_batches
        if epochs.ready == epochs.completed:
            self._save_clean(trainer, Position.EPOCH_OVER)
        elif not (inside_accumulation or self._just_validated):
            self._save_clean(trainer, Position.BATCH_NEXT)

    # --- saving ----------------------------------------------------------------------------------

    def _is_due(self, trainer: pl.Trainer, batch_idx: int) -> bool:
        steps = trainer.global_step - self._saved_step
        inside_accumulation = batch_idx % trainer.accumulate_grad_batches
        # Right after a validation Lightning would step a plateau schedule twice on resume.
        return steps >= self.every_steps and not inside_accumulation and not self._just_validated

    def _save_clean(self, trainer: pl.Trainer, position: Position) -> None:
        """Write ``last.ckpt`` and, if this epoch's score is among the top k, its second name."""
        for guard in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue]
            if isinstance(guard, FiniteLoss):
                guard.look(trainer, trainer.lightning_module)
        self._position, self._saved_step = position, trainer.global_step
        scored, self._scored = self._scored, None
        written = self._last_checkpoint_saved
        if scored is not None:
            self._save_topk_checkpoint(trainer, scored)  # comes back to _save_checkpoint
        if scored is None or self._last_checkpoint_saved == written:
            trainer.save_checkpoint(self.folder / LAST)
        self._position = None

    @override
    def _save_topk_checkpoint(
        self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]
    ) -> None:
        if self.save_top_k and self.monitor and self.monitor not in monitor_candidates:
            names = sorted(set(monitor_candidates) - {"epoch", "step"})
            raise UserError(
                f"checkpoint.monitor: {self.monitor} is not logged; logged are {', '.join(names)}"
            )
        super()._save_topk_checkpoint(trainer, monitor_candidates)

    @override
    def _save_checkpoint(self, trainer: pl.Trainer, filepath: str) -> None:
        self._last_checkpoint_saved = filepath
        if self._position is None:  # scored in mid-epoch: these weights, for evaluation
            trainer.save_checkpoint(filepath)
            if trainer.is_global_zero and (self.folder / LAST).exists():
                link_or_copy(self.folder / LAST, _start_of(Path(filepath)))
        else:
            trainer.save_checkpoint(self.folder / LAST)
            if trainer.is_global_zero:
                link_or_copy(self.folder / LAST, Path(filepath))
        if trainer.is_global_zero:
            self._write_scores()
            for logger in trainer.loggers:
                logger.after_save_checkpoint(self)

    @override
    def _remove_checkpoint(self, trainer: pl.Trainer, filepath: str) -> None:
        if trainer.is_global_zero:
            Path(filepath).unlink(missing_ok=True)
            _start_of(Path(filepath)).unlink(missing_ok=True)

    @override
    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["clean"] = None if self._position is None else self._position.value
        if self._position is not None:
            make_clean(checkpoint, self._position, trainer, pl_module)

    # --- the folder may have been moved, or the process killed between two files -----------------

    @override
    def state_dict(self) -> dict[str, Any]:
        return {
            "best_k_models": {Path(path).name: v for path, v in self.best_k_models.items()},
            "current_score": self.current_score,
            "newest_best": Path(self._last_checkpoint_saved).name,
        }

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        scores = state_dict["best_k_models"]
        self.best_k_models = {str(self.folder / name): value for name, value in scores.items()}
        self.current_score = state_dict["current_score"]
        self._last_checkpoint_saved = str(self.folder / state_dict["newest_best"])
        self._rank()

    def _mend_folder(self, trainer: pl.Trainer) -> None:
        """Finish what a kill between ``last.ckpt`` and its second name left undone."""
        newest = Path(self._last_checkpoint_saved)
        resumed = Path(str(trainer.ckpt_path)) if trainer.ckpt_path else None
        if resumed and str(newest) in self.best_k_models and not newest.exists():
            link_or_copy(resumed, newest)
        missing = [path for path in self.best_k_models if not Path(path).exists()]
        for path in missing:
            del self.best_k_models[path]
        self._rank()
        for path in self.folder.glob("best-*.ckpt"):
            kept = str(path).replace(START_SUFFIX, ".ckpt") in self.best_k_models
            if not kept and path != resumed:
                path.unlink()
        for path in self.folder.glob(".*.tmp"):  # of a save that was killed
            path.unlink()
        self._write_scores()

    def _rank(self) -> None:
        """Derive the best and the worst of the top k from their scores."""
        self.best_model_path = self.kth_best_model_path = ""
        self.best_model_score = None
        if self.best_k_models:
            ranked = sorted(self.best_k_models, key=lambda path: float(self.best_k_models[path]))
            ranked = ranked if self.mode == "min" else ranked[::-1]
            self.best_model_path, self.kth_best_model_path = ranked[0], ranked[-1]
            self.best_model_score = self.best_k_models[ranked[0]]
            self.kth_value = self.best_k_models[ranked[-1]]

    def _write_scores(self) -> None:
        scores = {Path(path).name: float(value) for path, value in self.best_k_models.items()}
        if self.folder.is_dir():
            write_scores(self.folder, self.monitor or "", self.mode, scores)


def _start_of(best: Path) -> Path:
    return best.with_name(best.name.removesuffix(".ckpt") + START_SUFFIX)


def _local_files() -> Any:
    from lightning_fabric.utilities.cloud_io import get_filesystem

    return get_filesystem("")
