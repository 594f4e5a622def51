"""What ``main.py inspect data`` does: look, say what was found, and write the page.

Template's file: updates replace it. The data is what ``build`` in main.py makes of it, for a run in
a folder of its own that is deleted afterwards.
"""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from ..config.load import Settings
from ..console import say, speak_into
from ..data.datamodule import DataModule
from ..data.datasets import is_stream, num_examples
from ..errors import FINISHED, UserError
from ..files import PROJECT, shown, write_text
from ..inspect.dataset.as_json import to_json
from ..inspect.dataset.examine import examine
from ..inspect.dataset.in_words import in_words
from ..inspect.dataset.inspection import Inspection, Seriousness
from ..inspect.dataset.page import page
from ..inspect.dataset.to_leave_out import to_leave_out
from ..loggers.wandb_inspection import log_inspection
from ..runs.disk_errors import unwritable
from ..runs.run import Run
from .progress_line import progress_line
from .write_exclude_list import refuse_existing, write_exclude_list

FOLDER, PAGE = "inspect-data", "index.html"  # in the folder of the runs
FOUND_AN_ERROR = 1


def look_at_data(settings: Settings[Any], arguments: Namespace, build: Any) -> int:
    """Carry out ``inspect data``; the exit code."""
    folder = Path(arguments.output) / FOLDER
    file = Path(arguments.inspected) if arguments.inspected else folder / PAGE
    _refuse_folder(file)
    if arguments.exclude:
        refuse_existing(Path(arguments.exclude))
    with _standard_output_for_json(arguments.json), _datamodule(settings.config, build) as data:
        if not arguments.json:
            for line in data.summary():
                say(line)
        inspection = _examined(data, arguments.most)
        if arguments.json:
            text = to_json(inspection) + "\n"
        else:
            title = f"{PROJECT.name}: {settings.config.data.source}"
            text = page(inspection, data, title, data.seed)
        logged = log_inspection(inspection, data, settings.config.logger, folder)
        to_exclude = to_leave_out(inspection, data) if arguments.exclude else None
    if not arguments.json:
        for line in in_words(inspection):
            say(line)
        _write(file, text)
        say(f"page      {shown(file)}")
    elif arguments.inspected:
        _write(file, text)
    else:
        sys.stdout.write(text)
    if logged and not arguments.json:
        say(f"W&B       {logged}")
    if to_exclude is not None:
        with _standard_output_for_json(arguments.json):
            write_exclude_list(Path(arguments.exclude), to_exclude)
    serious = any(one.seriousness == Seriousness.ERROR for one in inspection.findings)
    return FOUND_AN_ERROR if serious and arguments.strict else FINISHED


def _examined(data: Any, most: int | None) -> Inspection:
    there = [data.examples(split) for split in data.datasets if data.holds(split)]
    counts = [num_examples(dataset) for dataset in there if not is_stream(dataset)]
    total = sum(count if most is None else min(count, most) for count in counts)
    with progress_line("looking", total) as progress:
        return examine(data, most, data.seed, progress)


@contextmanager
def _datamodule(config: Any, build: Any) -> Iterator[Any]:
    """The data, and nothing that a look at it leaves behind.

    Raises:
        UserError: It is not core's DataModule, which knows its examples by their numbers.
    """
    config.trainer.progress_bar, config.trainer.accelerator = False, "cpu"
    # Files are read when they are looked at; one that is broken is a finding, and ends nothing.
    config.data.in_memory_mb, config.data.on_error, config.data.overfit_batches = 0, "skip", None
    wandb, config.logger.wandb = config.logger.wandb, "off"
    with tempfile.TemporaryDirectory(prefix="inspect-", ignore_cleanup_errors=True) as folder:
        data, _, _ = build(config, Run(Path(folder), "inspect", config.seed))
        config.logger.wandb = wandb
        if not isinstance(data, DataModule):
            raise UserError(
                "experiment/data.py: inspect data needs core's DataModule, and "
                f"{type(data).__name__} does not inherit it"
            )
        data.prepare_data()
        data.setup("fit")
        yield data


@contextmanager
def _standard_output_for_json(wanted: bool) -> Iterator[None]:
    """Whatever is said goes to standard error meanwhile, so that a program reads JSON alone."""
    if not wanted:
        yield
        return
    with redirect_stdout(sys.stderr), speak_into(sys.stderr):
        yield


def _refuse_folder(file: Path) -> None:
    if file.is_dir():
        raise UserError(f"--output {shown(file)} is a folder; name a file, such as look.html")


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    except OSError as error:
        raise unwritable(file, error) from None
