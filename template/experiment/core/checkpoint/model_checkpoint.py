"""Checkpoints that resume exactly: written whole, and only where nothing is half done.

Template's file: updates replace it. What is kept is set under ``checkpoint:`` in the configuration.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn
from pytorch_lightning.utilities.exceptions import SIGTERMException
from pytorch_lightning.utilities.seed import isolate_rng
from torch import Tensor
from typing_extensions import override

from ..config.checkpoint import CheckpointConfig
from ..console import say
from ..data.step_seeds import StepSeeds
from ..errors import OutOfTime, UserError
from ..files import link_or_copy
from ..module.logged_names import is_of_training
from ..runs.disk_errors import unwritable
from ..runs.layout import LAST
from .atomic_io import least_bytes
from .disk_space import NotSaved, Saves, disk_problem, room_problem, room_warning
from .files import start_of
from .loop_progress import EPOCHS_ONLY, Position, make_clean, starts_at_any_batch, state_position
from .partial_epoch import epoch_so_far
from .save_timer import SaveTimer
from .top_k import TopCheckpoints


class Checkpoint(TopCheckpoints):
    """``last.ckpt`` at clean points, and the top k by a metric.

    A clean point lies between two batches or two epochs, where validation, schedules, logging and
    accumulation of the past are over, and before any hook of what comes next. The top k hold
    exactly the weights that were scored. Scored at an epoch's end, they are a second name of that
    epoch's clean save. Scored in mid-epoch, they are for evaluation, and the clean save before them
    is kept beside as ``*.start.ckpt``.

    Args:
        folder: ``runs/<name>/checkpoints``.
        config: What is monitored and how many are kept.
        seeds: Of the run: dropout and the like are a function of its seed and the position.
    """

    def __init__(self, folder: Path, config: CheckpointConfig, seeds: StepSeeds) -> None:
        super().__init__(folder, config)
        self.seeds, self.kept_best = seeds, config.save_top_k
        self.every_steps = config.every_n_steps or 0
        self.clock = SaveTimer(config.every_minutes, folder.parent)
        self.saves = Saves(folder)
        self._fresh_start = True  # nothing to save before the first batch of this process
        self._just_validated = False
        self._any_batch = True  # whether the training data can start in mid-epoch
        self._scored: dict[str, Tensor] | None = None  # at the epoch's end, until its clean save
        self._position: Position | None = None  # of the save under way
        self._saved_step = -1

    # --- where the loop is -----------------------------------------------------------------------

    @override
    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Before training, which a run that lacks nothing but its end skips, hooks and all. Where
        # checkpoints are restored later (FSDP), it is not known yet which ones are to be kept.
        mend, problem = not trainer.strategy.restore_checkpoint_after_setup, None
        if trainer.is_global_zero:
            problem = self._prepare_folder(trainer, pl_module, mend)
        if problem := trainer.strategy.broadcast(problem):
            raise UserError(problem)

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._fresh_start = True
        self._saved_step = trainer.global_step
        self.clock.restart()
        self._any_batch = starts_at_any_batch(trainer)
        if not self._any_batch and trainer.is_global_zero:
            say(EPOCHS_ONLY)
        fetcher = trainer.fit_loop._data_fetcher
        if self._any_batch and trainer.ckpt_path and fetcher is not None:
            # Whoever asked for the number of steps had the loader made, and worker processes began
            # to fetch, before the checkpoint said where: they start again from here.
            iter(fetcher)

    def before_epoch(self, trainer: pl.Trainer) -> None:
        """Save what the epochs so far came to; EpochStart calls it before all other hooks."""
        if not self._fresh_start:
            self._save_clean(trainer, Position.EPOCH_OVER)
            self.saves.end_in_vain()

    def before_batch(self, trainer: pl.Trainer, batch_idx: int) -> None:
        """Save in the middle of an epoch, if it is time; before all other hooks, too."""
        self.seeds.look()
        is_time = self.clock.is_over(trainer)
        if (is_time or self.every_steps) and self._is_due(trainer, batch_idx, is_time):
            with isolate_rng(include_cuda=False):  # not every run saves here
                self._save_clean(trainer, Position.BATCH_NEXT)
            self.saves.end_in_vain()

    @override
    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._fresh_start:
            # Trainer(max_steps=...) would take "no batch yet" for a validation boundary.
            trainer.fit_loop.epoch_loop.restarting = False
        self.seeds.epoch(trainer.current_epoch, trainer.global_rank)
        fetcher = trainer.fit_loop._data_fetcher
        if self._fresh_start and not self._any_batch and fetcher is not None:
            iter(fetcher)  # what a loader of your own draws now is what it draws in every start

    @override
    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._fresh_start = self._just_validated = False
        self.seeds.step(batch_idx, trainer.global_rank)

    # Lightning would save here, before validation, schedules and logging are over. What is None it
    # passes over, at no cost.
    on_train_batch_end: Any = None

    @override
    def on_validation_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        position = (trainer.current_epoch, batch_idx, dataloader_idx)
        self.seeds.validation(*position, rank=trainer.global_rank)

    @override
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking or trainer.state.fn != TrainerFn.FITTING:
            return
        self._just_validated = True
        if trainer.fit_loop.epoch_loop._is_training_done:
            self._scored = self._scores_of_validation(trainer)
        elif not self._ranks_by_training(trainer):
            self._look(trainer)
            with self._outlived():
                self._save_topk_checkpoint(trainer, self._monitor_candidates(trainer))
            self.saves.end_in_vain()

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # {}: validation is over and has not logged it; what else there is comes before this hook.
        if self._scored == {} or is_of_training(trainer, str(self.monitor)):
            self._scored = self._monitor_candidates(trainer)

    @override
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step > 0:
            self._save_clean(trainer, Position.EPOCH_OVER)
            self.saves.end_in_vain(most=1)  # there is no next one

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
        if batches == 0 and epochs.ready != epochs.completed:
            return  # saved before the epoch's hooks, which will run again
        self.seeds.look()
        if epochs.ready == epochs.completed:
            self._save_clean(trainer, Position.EPOCH_OVER)
        elif not (inside_accumulation or self._just_validated):
            self._save_clean(trainer, Position.BATCH_NEXT)

    # --- saving ----------------------------------------------------------------------------------

    def _is_due(self, trainer: pl.Trainer, batch_idx: int, is_time: bool) -> bool:
        steps = trainer.global_step - self._saved_step
        if steps == 0 or self._fresh_start or not (is_time or steps >= self.every_steps):
            return False
        inside_accumulation = batch_idx % trainer.accumulate_grad_batches
        # Right after a validation Lightning would step a plateau schedule twice on resume.
        return not inside_accumulation and not self._just_validated

    def _save_clean(self, trainer: pl.Trainer, position: Position) -> None:
        """Write ``last.ckpt`` and, if this epoch's score is among the top k, its second name."""
        if position is Position.BATCH_NEXT and not self._any_batch:
            return
        self._look(trainer)
        self._position, self._saved_step = position, trainer.global_step
        self.clock.restart()
        scored, self._scored = self._scored, None
        with self._outlived():
            written = self._last_checkpoint_saved
            if scored is not None:
                self._save_topk_checkpoint(trainer, scored)  # comes back to _save_checkpoint
            if scored is None or self._last_checkpoint_saved == written:
                self._write(trainer, self.folder / LAST)
        self._position = None

    def _look(self, trainer: pl.Trainer) -> None:
        """Let callbacks refuse what is about to be saved, such as weights that are NaN."""
        for callback in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue]
            if look := getattr(callback, "before_checkpoint", None):
                look(trainer, trainer.lightning_module)

    @override
    def _save_checkpoint(self, trainer: pl.Trainer, filepath: str) -> None:
        self._last_checkpoint_saved = filepath
        best, last = Path(filepath), self.folder / LAST
        if self._position is None:  # scored in mid-epoch: these weights, for evaluation
            self._write(trainer, best, second=(last, start_of(best)))
        else:
            self._write(trainer, last, second=(last, best))
        if trainer.is_global_zero:
            for logger in trainer.loggers:
                logger.after_save_checkpoint(self)

    def _write(
        self, trainer: pl.Trainer, path: Path, second: tuple[Path, Path] | None = None
    ) -> None:
        """Save, and give a file a second name; all processes learn alike whether it worked.

        Raises:
            NotSaved: The disk refused.
        """
        problem = None
        try:
            _save(trainer, path)
            if second and trainer.is_global_zero:
                if second[0].exists():
                    link_or_copy(*second)
                self.write_scores()
        except (OSError, RuntimeError) as error:
            problem = disk_problem(error)
            if problem is None:
                raise
        if problem := trainer.strategy.broadcast(problem):
            raise NotSaved(problem)

    @contextmanager
    def _outlived(self) -> Iterator[None]:
        """Save; where the disk refuses, the ranking stays what it was and training goes on."""
        scores, score = dict(self.best_k_models), self.current_score
        newest = self._last_checkpoint_saved
        try:
            yield
        except NotSaved as failure:
            self.best_k_models, self.current_score = scores, score
            self._last_checkpoint_saved = newest
            self.rank()
            self.saves.failed(str(failure))
        else:
            self.saves.worked()

    def _prepare_folder(
        self, trainer: pl.Trainer, module: pl.LightningModule, mend: bool
    ) -> str | None:
        """Clear away what kills left, and see that there is room; why there is none, or None."""
        try:
            self.clear_unfinished()
            least = least_bytes(module, trainer.optimizers)
            if problem := room_problem(self.folder, least):
                return problem
            if warning := room_warning(self.folder, least, self.kept_best):
                say(warning)
            if mend:
                self.mend(trainer)
        except OSError as error:
            return str(unwritable(self.folder, error))
        return None

    @override
    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["clean"] = None if self._position is None else self._position.value
        if self._position is not None:
            make_clean(checkpoint, self._position, trainer, pl_module, self.seeds.looks)
        checkpoint["position"] = state_position(checkpoint, trainer)

    @override
    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self.seeds.looks = (epoch_so_far(checkpoint, trainer) or {}).get("looks")


def _save(trainer: pl.Trainer, path: Path) -> None:
    try:
        trainer.save_checkpoint(path)
    except (OSError, RuntimeError) as error:
        if disk_problem(error):
            trainer.strategy.barrier("Trainer.save_checkpoint")  # where the other processes wait
        raise
