"""The top k checkpoints by a metric: their files, their scores, and what a kill left undone.

Template's file: updates replace it. What is kept is set under ``checkpoint:`` in the configuration.
"""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor
from typing_extensions import override

from ..config.checkpoint import CheckpointConfig
from ..config.direction import not_logged, watched
from ..console import say
from ..errors import UserError
from ..files import link_or_copy
from ..module.direction import resolve_mode
from ..module.logged_names import is_of_training, is_of_validation
from ..runs.layout import LAST, PREVIOUS, START_SUFFIX
from .files import set_aside, start_of, write_scores


class TopCheckpoints(ModelCheckpoint):
    """Lightning's ranking, in a folder that may be moved, of files that may be missing.

    Args:
        folder: ``runs/<name>/checkpoints``.
        config: What is monitored and how many are kept.
    """

    def __init__(self, folder: Path, config: CheckpointConfig) -> None:
        super().__init__(
            folder,
            filename="best-epoch{epoch:03d}-step{step:06d}",
            monitor=config.monitor,
            mode=config.mode or "min",  # until setup, which has the module
            save_top_k=config.save_top_k,
            save_last=False,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )
        self.folder, self.watched = folder, watched(config)
        self._said = False  # that validations rank nothing

    @property
    @override
    def state_key(self) -> str:
        return "Checkpoint"  # Lightning's is put together anew in every hook

    @override
    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.dirpath = trainer.strategy.broadcast(str(self.folder))
        self._fs = _local_files()
        if stage == TrainerFn.FITTING and self.save_top_k:
            self.mode = resolve_mode(self.watched, pl_module)
            self.kth_value = torch.tensor(math.inf if self.mode == "min" else -math.inf)

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
        self.rank()

    def rank(self) -> None:
        """Derive the best and the worst of the top k from their scores."""
        self.best_model_path = self.kth_best_model_path = ""
        self.best_model_score = None
        if self.best_k_models:
            ranked = sorted(self.best_k_models, key=lambda path: float(self.best_k_models[path]))
            ranked = ranked if self.mode == "min" else ranked[::-1]
            self.best_model_path, self.kth_best_model_path = ranked[0], ranked[-1]
            self.best_model_score = self.best_k_models[ranked[0]]
            self.kth_value = self.best_k_models[ranked[-1]]

    def mend(self, trainer: pl.Trainer) -> None:
        """Finish what a kill between ``last.ckpt`` and its second name left undone."""
        newest = Path(self._last_checkpoint_saved)
        resumed = Path(str(trainer.ckpt_path)) if trainer.ckpt_path else None
        if resumed and resumed.absolute() == (self.folder / PREVIOUS).absolute():
            set_aside(self.folder / LAST)  # the next save would make it the one before
        if resumed and str(newest) in self.best_k_models and not newest.exists():
            link_or_copy(resumed, newest)
        missing = [path for path in self.best_k_models if not Path(path).exists()]
        for path in missing:
            del self.best_k_models[path]
        self.rank()
        for path in self.folder.glob("best-*.ckpt"):
            kept = str(path).replace(START_SUFFIX, ".ckpt") in self.best_k_models
            if not kept and path != resumed:
                path.unlink()
        self.write_scores()

    def clear_unfinished(self) -> None:
        """Remove what saves that were killed left."""
        for path in self.folder.glob(".*.tmp"):
            path.unlink()

    def write_scores(self) -> None:
        """Record the scores by file name."""
        scores = {Path(path).name: float(value) for path, value in self.best_k_models.items()}
        if self.folder.is_dir():
            write_scores(self.folder, self.monitor or "", self.mode, scores)

    @override
    def _save_topk_checkpoint(
        self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]
    ) -> None:
        if self.save_top_k and self.monitor and self.monitor not in monitor_candidates:
            raise UserError(not_logged("checkpoint", self.monitor, monitor_candidates))
        super()._save_topk_checkpoint(trainer, monitor_candidates)

    def _ranks_by_training(self, trainer: pl.Trainer) -> bool:
        """Whether a validation in mid-epoch ranks nothing, which is said once."""
        if not is_of_training(trainer, str(self.monitor)):
            return False
        if not self._said and self.save_top_k:
            self._said = True
            say(
                f"checkpoint.monitor: {self.monitor} is whole at an epoch's end: validations in "
                "the middle of one rank nothing"
            )
        return True

    def _scores_of_validation(self, trainer: pl.Trainer) -> dict[str, Tensor]:
        """What is to rank an epoch; {}: validation does not log it, so its end may."""
        validated = is_of_validation(trainer, str(self.monitor))
        return self._monitor_candidates(trainer) if validated else {}

    @override
    def _remove_checkpoint(self, trainer: pl.Trainer, filepath: str) -> None:
        if trainer.is_global_zero:
            with suppress(OSError):  # a broken disk; the next start removes what is not ranked
                Path(filepath).unlink(missing_ok=True)
                start_of(Path(filepath)).unlink(missing_ok=True)


def _local_files() -> Any:
    from lightning_fabric.utilities.cloud_io import get_filesystem

    return get_filesystem("")
