"""W&B as a logger that never stops training, and that sees a run with many starts as one.

Template's file: updates replace it. What is logged where is set under ``logger:``.

==========================  ========================================================
no answer at the start      the run goes on offline, under the same id
its process dies            the same, from that step on
not all is sent at the end  after ``FINISH_SECONDS`` the rest is written for `wandb sync`
==========================  ========================================================
"""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image
from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only
from typing_extensions import override

from ..config.logger import LoggerConfig
from ..console import say
from ..errors import first_line
from ..imports import start_wandb
from ..runs.metrics_reader import MARK
from ..runs.provenance import recorded_commit
from ..runs.run import Run
from .wandb_resume import (
    STEP,
    History,
    arrived_step,
    last_step,
    mend_segment,
    online_folders,
    sync_command,
    upload_error,
)
from .wandb_service import FINISH_SECONDS, in_time, make_settings, teardown

LONG = 1000  # characters
# What a start tells of itself, where steps that W&B has may follow: they are made once more.
OF_A_START = {"restarts", MARK}


class Wandb(WandbLogger):
    """Lightning's W&B logger that goes on offline, with the same id, when W&B fails.

    Args:
        run: Whose id, name and folder are used.
        config: Where to, and what.
        offline: Write to the run's folder only.
    """

    def __init__(self, run: Run, config: LoggerConfig, *, offline: bool) -> None:
        self.run = run
        self.config = config
        self.history = History(run.metrics_file)
        self._hyperparameters: dict[str, Any] | Namespace = {}
        self._sent: list[int] = []  # steps of the rows that the server was given
        super().__init__(
            name=run.name,
            id=run.wandb_id,
            save_dir=str(run.folder),
            offline=offline,
            project=config.project,
            entity=config.entity,
            tags=list(config.tags),
            group=run.name.rpartition("/")[0] or None,
            settings=make_settings(recorded_commit(run.folder)),
        )

    @property
    @override
    def experiment(self) -> Any:
        if self._experiment is None and getattr(rank_zero_only, "rank", 0) == 0:
            self._connect()
        return super().experiment

    @property
    def folder(self) -> Path:
        """Where W&B writes."""
        return self.run.folder / "wandb"

    @property
    def segments(self) -> list[str]:
        """W&B's folders of what the server has not got, one for each start offline."""
        return list(self.run.summary["wandb"].get("segments", []))

    @override
    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        row = dict(metrics)
        if self.experiment is None:
            return
        if step is not None and row.keys() <= OF_A_START:
            step = max(step, self.history.newest)  # after the steps that are made once more
        elif not self.history.is_news(row, step):
            return
        try:
            self._send(row, step)
        except Exception as error:  # W&B's process was killed
            self._go_offline(error)  # and send what our own record has, this row included

    @override
    @rank_zero_only
    def log_hyperparams(self, params: dict[str, Any] | Namespace) -> None:
        self._hyperparameters = without_long_texts(params)
        with suppress(Exception):
            super().log_hyperparams(self._hyperparameters)

    @override
    @rank_zero_only
    def watch(
        self, model: Any, log: str | None = None, log_freq: int = 100, log_graph: bool = False
    ) -> None:
        """Draw histograms of gradients, parameters or both, of a network or several."""
        with suppress(Exception):
            super().watch(model, log or self.config.watch, log_freq, log_graph)

    @rank_zero_only
    def log_picture(self, name: str, picture: Image.Image, step: int) -> None:
        """Show a picture beside the curves."""
        import wandb

        with suppress(Exception):  # the file in the run's folder is there anyway
            if self.history.is_news({name: picture}, step):
                self._send({name: wandb.Image(picture)}, step)

    @rank_zero_only
    def log_sounds(
        self, name: str, files: Sequence[Path], captions: Sequence[str], step: int
    ) -> None:
        """Let sounds be heard."""
        import wandb

        with suppress(Exception):  # the same
            words = [*captions, *[None] * len(files)]
            sounds = [wandb.Audio(file, caption=words[i]) for i, file in enumerate(files)]
            if self.history.is_news({name: sounds}, step):
                self._send({name: sounds}, step)

    @rank_zero_only
    def log_rows(
        self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], step: int
    ) -> None:
        """Show a table."""
        import wandb

        with suppress(Exception):  # the same
            table = wandb.Table(columns=list(columns), data=[list(row) for row in rows])
            if self.history.is_news({name: table}, step):
                self._send({name: table}, step)

    @override
    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Nothing: checkpoints stay here."""

    @rank_zero_only
    def finish(self, exit_code: int = 0) -> None:
        """Wait until all has arrived, but not for ever; what is logged from now on is lost."""
        if self._experiment is None or self._experiment.disabled:
            return
        experiment, trouble = self._experiment, None
        with in_time():
            try:
                experiment.finish(exit_code)
            except Exception as error:  # it took too long, or there is nobody left to wait for
                in_vain = isinstance(error, TimeoutError) or not str(error)
                late = f"not all has arrived in {FINISH_SECONDS:g} s"
                trouble = late if in_vain else _first_line(error)
            trouble = trouble or upload_error(Path(experiment.settings.sync_dir))
            if trouble:
                self._go_offline(trouble)
                with suppress(Exception):
                    self.experiment.finish(exit_code)
            teardown()  # now, while what it says of a process that was killed can be left out
        self._experiment = start_wandb(mode="disabled")

    def _connect(self) -> None:
        """Open the run once: online if that was asked for and works, else offline."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for segment in self.segments:
            mend_segment(self.folder / segment)
        if not self._offline:
            try:
                self._open_online()
                return
            except Exception as error:  # no network, a refused key, a server that answers 500
                trouble = _first_line(error)
                teardown()  # without it the second start fails: "run ID is in use"
                self._offline = True
                say(f"W&B does not answer ({trouble}): logging offline, with the same id")
        try:
            self._open_offline()
        except Exception as error:  # nothing that W&B cannot do stops training
            say(f"W&B cannot be used ({_first_line(error)}): off; see metrics.jsonl")
            self._experiment = start_wandb(mode="disabled")

    def _open_online(self) -> None:
        self._experiment = self._open("online")
        came_so_far = self._experiment.summary.get(STEP) if self._experiment.resumed else None
        self._record("online", [])
        self._catch_up(None if came_so_far is None else int(came_so_far))

    def _open_offline(self) -> None:
        """A new segment that goes on where the last one ends, or what has arrived online."""
        before = [name for name in self.segments if (self.folder / name).is_dir()]
        came_so_far = (
            last_step(self.folder / before[-1])
            if before
            else arrived_step(online_folders(self.folder), self._sent)
        )
        self._experiment = self._open("offline")
        self._record("offline", [*before, Path(self._experiment.settings.sync_dir).name])
        self._catch_up(came_so_far)

    def _go_offline(self, error: Exception | str) -> None:
        """After W&B has failed in the middle or at the end: write what it has lost."""
        trouble = error if isinstance(error, str) else _first_line(error)
        teardown()
        for segment in self.segments:
            mend_segment(self.folder / segment)
        self._offline, self._experiment = True, None
        try:
            self._open_offline()
            if self._hyperparameters:
                super().log_hyperparams(self._hyperparameters)
        except Exception as second:
            say(f"W&B failed ({trouble}; then {_first_line(second)}): off; see metrics.jsonl")
            self._experiment = start_wandb(mode="disabled")
            return
        command = sync_command(self.folder, self.segments)
        say(f"W&B failed ({trouble}): logging offline; upload with: {command}")

    def _open(self, mode: Any) -> Any:
        wanted = {name: v for name, v in self._wandb_init.items() if name != "anonymous"}
        experiment = start_wandb(**wanted, mode=mode)
        experiment.define_metric(STEP)
        experiment.define_metric("*", step_metric=STEP, step_sync=True)
        return experiment

    def _catch_up(self, since: int | None) -> None:
        for step, row in self.history.missing(since):
            self._send(row, step)

    def _send(self, row: dict[str, Any], step: int | None) -> None:
        self._experiment.log(row if step is None else {**row, STEP: step})  # pyright: ignore[reportOptionalMemberAccess]
        if not self._offline:
            self._sent.append(step if step is not None else (self._sent or [0])[-1])

    def _record(self, mode: str, segments: list[str]) -> None:
        record = self.run.summary["wandb"]
        url = self.experiment.url or record.get("url")
        new = {"mode": mode, "url": url, "segments": segments}
        self.run.update(wandb={**record, **new})


def _first_line(error: Exception) -> str:
    return first_line(error)[:120]


def without_long_texts(value: Any) -> Any:
    """Hyper-parameters as a table can show them: of a whole tokenizer, say, only its length."""
    if isinstance(value, Mapping):
        return {key: without_long_texts(entry) for key, entry in value.items()}
    if isinstance(value, str) and len(value) > LONG:
        return f"{len(value):,} characters"
    return value
