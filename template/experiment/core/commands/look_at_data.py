"""What ``main.py inspect data`` does: look, say what was found, and write the page.

Template's file: updates replace it. The data is what ``build`` in main.py makes of it: for a run in
a folder of its own that is deleted afterwards, or for the run whose model shall be asked.
"""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..config.load import Settings
from ..console import say
from ..data.datamodule import DataModule
from ..data.datasets import is_stream, num_examples
from ..errors import FINISHED, UserError
from ..files import PROJECT, shown, write_text
from ..inspect.dataset.as_json import to_json
from ..inspect.dataset.examine import examine
from ..inspect.dataset.in_words import in_words
from ..inspect.dataset.inspection import Inspection
from ..inspect.dataset.page import page
from ..inspect.dataset.to_leave_out import to_leave_out
from ..inspect.report.seriousness import Seriousness
from ..loggers.wandb_inspection import log_inspection
from ..runs.disk_errors import unwritable
from ..runs.run import Run
from .draw_predictions import draw_predictions
from .predict_splits import examples_to_predict, predict_splits
from .progress_line import progress_line
from .standard_output import kept_for_json
from .write_exclude_list import refuse_existing, write_exclude_list

FOLDER, PAGE = "inspect-data", "index.html"  # in the folder of the runs
FOUND_AN_ERROR = 1
Trained = tuple[Run, Path]  # a run, and the checkpoint of it that is meant
Parts = tuple[Any, Any, Any]  # the DataModule, the LightningModule, the Trainer


def look_at_data(
    settings: Settings[Any], arguments: Namespace, build: Any, trained: Trained | None = None
) -> int:
    """Carry out ``inspect data``; the exit code."""
    folder = (trained[0].folder if trained else Path(arguments.output)) / FOLDER
    file = Path(arguments.inspected) if arguments.inspected else folder / PAGE
    refuse_folder(file)
    if arguments.exclude:
        refuse_existing(Path(arguments.exclude))
    config = settings.config
    with kept_for_json(arguments.json), _built(config, build, trained) as (parts, refusal):
        data = parts[0]
        if not arguments.json:
            for line in data.summary():
                say(line)
        inspection = _examined(parts, arguments.most, trained, refusal)
        if arguments.json:
            text = to_json(inspection) + "\n"
        else:
            title = f"{trained[0].name if trained else PROJECT.name}: {config.data.source}"
            text = page(inspection, data, title, data.seed)
        logged = log_inspection(inspection, data, config.logger, folder)
        to_exclude = to_leave_out(inspection, data) if arguments.exclude else None
    if not arguments.json:
        for line in in_words(inspection):
            say(line)
        write(file, text)
        say(f"page      {shown(file)}")
    elif arguments.inspected:
        write(file, text)
    else:
        sys.stdout.write(text)
    if logged and not arguments.json:
        say(f"W&B       {logged}")
    if to_exclude is not None:
        with kept_for_json(arguments.json):
            write_exclude_list(Path(arguments.exclude), to_exclude)
    serious = any(one.seriousness == Seriousness.ERROR for one in inspection.findings)
    return FOUND_AN_ERROR if serious and arguments.strict else FINISHED


def _examined(
    parts: Parts, most: int | None, trained: Trained | None, refusal: str | None
) -> Inspection:
    data, predicted, lines = parts[0], {}, []
    if trained:
        with progress_line("predicting", sum(examples_to_predict(data, most).values())) as progress:
            predicted, lines = predict_splits(parts, trained[1], most, progress)
    there = [data.examples(split) for split in data.datasets if data.holds(split)]
    counts = [num_examples(dataset) for dataset in there if not is_stream(dataset)]
    total = sum(count if most is None else min(count, most) for count in counts)
    with progress_line("looking", total) as progress:
        found = examine(data, most, data.seed, progress, False, predicted, refusal)
    found.skipped += lines
    if trained:
        draw_predictions(data, parts[1], found)
    return found


@contextmanager
def _built(config: Any, build: Any, trained: Trained | None) -> Iterator[tuple[Parts, str | None]]:
    """The data and what goes with it, and nothing that a look at it leaves behind.

    And what training says where it refuses the data: then the rest of it is looked at.

    Raises:
        UserError: The data cannot be looked at, whatever is left out of it.
    """
    config.trainer.progress_bar = False
    if trained:  # one process, which asks about each example once
        config.trainer.devices, config.trainer.num_nodes, config.trainer.strategy = 1, 1, "auto"
        config.trainer.limit_val_batches = config.trainer.limit_test_batches = None
    else:
        config.trainer.accelerator = "cpu"
    # Files are read when they are looked at; one that is broken is a finding, and ends nothing.
    config.data.in_memory_mb, config.data.overfit_batches = 0, None
    wandb, config.logger.wandb = config.logger.wandb, "off"
    with tempfile.TemporaryDirectory(prefix="inspect-", ignore_cleanup_errors=True) as folder:
        run = trained[0] if trained else Run(Path(folder), "inspect", config.seed)
        try:
            parts, refusal = _set_up(config, build, run), None
        except UserError as error:
            if config.data.on_error == "skip":
                raise
            config.data.on_error, refusal = "skip", str(error)
            parts = _set_up(config, build, run)
        config.logger.wandb = wandb
        yield parts, refusal


def _set_up(config: Any, build: Any, run: Run) -> Parts:
    """What training begins with.

    Raises:
        UserError: It refuses the data, or it is not core's DataModule, which knows its examples by
            their numbers.
    """
    parts = build(config, run)
    data = parts[0]
    if not isinstance(data, DataModule):
        raise UserError(
            "experiment/data.py: inspect data needs core's DataModule, and "
            f"{type(data).__name__} does not inherit it"
        )
    data.prepare_data()
    data.setup("fit")
    return parts


def refuse_folder(file: Path) -> None:
    """Refuse a page that is to be where a folder is."""
    if file.is_dir():
        raise UserError(f"--output {shown(file)} is a folder; name a file, such as look.html")


def write(file: Path, text: str) -> None:
    """Write a page or its JSON, with the folders that it lies in."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    except OSError as error:
        raise unwritable(file, error) from None
