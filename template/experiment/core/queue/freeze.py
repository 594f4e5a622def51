"""What is kept of a job when it is queued, so that nothing edited afterwards changes it.

Template's file: updates replace it. A job's folder gets

==================  ============================================================================
``code/``           the project's code, which its run is started from
``base.yaml``       the whole configuration: settings that were typed are part of it
``sweep.yaml``      of a sweep: its file
``exclude.txt``     the list of ``data.exclude``, if there is one
``record.json``     where the code comes from, with ``git.diff`` and ``environment.txt``
``variables.json``  the environment, but for keys and passwords
==================  ============================================================================
"""

import shutil
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Any

from ..config.cli_options import DEFAULTS, OPTIONS
from ..config.diff import recorded_changes
from ..config.dump import dump_config
from ..config.load import load_settings
from ..config.run_config import RunConfig
from ..console import say
from ..errors import UserError
from ..files import PROJECT, shown
from ..restart.change_policy import check_permission
from ..runs.code_snapshot import snapshot
from ..runs.exclude_list import keep_list_of_sweep
from ..runs.layout import SWEEP_CONFIG
from ..runs.provenance import write_provenance
from ..runs.run import Run
from ..runs.run_folders import named_folder
from ..sweep.checks import check_values, refuse_typed
from ..sweep.folder import stem_of
from ..sweep.sweep_file import DEFAULT_FILE, read_sweep
from .job import UNDONE, Job
from .queue import CPU, Queue
from .variables import keep_variables

QUEUED = ("fit", "sweep")
CODE, SWEEP_FILE = "code", "sweep.yaml"
FROZEN = {"config", "set_json", "name", "output", "file"}  # the job's own take their place


def enqueue(
    queue: Queue, words: list[str], arguments: Namespace, config_type: type, device: str | None
) -> Job:
    """Check a command line as its command would, and put it into the queue.

    Args:
        queue: Of the runs' folder that the command line names.
        words: The command line.
        arguments: The same, parsed.
        config_type: The root dataclass of the configuration.
        device: None for the GPU with the least to do, or the processor where there is none.

    Raises:
        UserError: The first thing that is wrong with it; nothing is queued.
    """
    command = arguments.command
    if command not in QUEUED:
        raise UserError(f"{command} is not queued: it is no training; {' and '.join(QUEUED)} are")
    sweep = _checked_sweep(arguments, config_type) if command == "sweep" else None
    settings = load_settings(config_type, arguments)
    config: Any = settings.config
    device = device or least_busy(queue)
    _check_device(config, arguments, device)
    _check_run(queue, config, arguments)
    for remark in settings.remarks:
        say(remark)
    return queue.add(
        words,
        arguments.name,
        device,
        command=command,
        options=options_of(arguments),
        stem=stem_of(sweep) if sweep else "run",
        fill=partial(_fill, config=config, sweep=sweep),
    )


def least_busy(queue: Queue) -> str:
    """The GPU for which the fewest jobs are left; the processor where there is no GPU."""
    gpus = [device for device in queue.devices() if device != CPU]
    undone = [job.device for job in queue.jobs() if job.state in UNDONE]
    return min(gpus, key=undone.count, default=CPU)


def options_of(arguments: Namespace) -> list[str]:
    """What was typed and is no setting, such as ``--weights-from wide``."""
    options: list[str] = []
    for flag, name, metavar, _ in (option for rows in OPTIONS.values() for option in rows):
        value = getattr(arguments, name, None)
        if name in DEFAULTS and name not in FROZEN and value != DEFAULTS[name]:
            options.append(f"{flag}={value}" if metavar else flag)
    return options


def _checked_sweep(arguments: Namespace, config_type: type) -> Path:
    """The sweep's file, whose values the configuration takes."""
    sweep = read_sweep(Path(arguments.file) if arguments.file else DEFAULT_FILE)
    refuse_typed(sweep, arguments)
    check_values(sweep, config_type, arguments)
    if sweep.method == "bayes":
        from ..sweep.bayes import require_optuna

        require_optuna()
    return sweep.path


def _check_device(config: RunConfig, arguments: Namespace, device: str) -> None:
    """Refuse what needs more than the one device that a job has."""
    wanted, accelerator = config.trainer.devices, config.trainer.accelerator
    if config.trainer.num_nodes > 1:
        raise UserError("a queued job has one machine; trainer.num_nodes is more than 1")
    if device == CPU and accelerator in {"gpu", "cuda"}:
        raise UserError(f"trainer.accelerator={accelerator}: the job would be queued on the {CPU}")
    if device != CPU and str(wanted) not in {"auto", "1", "-1"} and accelerator != "cpu":
        raise UserError(
            f"trainer.devices={wanted}: a queued job has one GPU, which it sees as its only one; "
            f"leave trainer.devices at auto, and choose the GPU by --device"
        )
    if (arguments.devices_per_trial or "1") != "1":
        raise UserError(
            f"--devices-per-trial {arguments.devices_per_trial}: a queued sweep has one device"
        )


def _check_run(queue: Queue, config: RunConfig, arguments: Namespace) -> None:
    """Refuse what the run that is named would refuse; one without a name gets a new run."""
    if arguments.name is None:
        if arguments.allow_change:
            raise UserError("--allow-change is for a run that exists: name it with --name")
        return
    is_sweep = arguments.command == "sweep"
    folder = named_folder(arguments.name, queue.output, of_sweep=is_sweep)
    if not (folder / "config.yaml").is_file():
        return
    if is_sweep:
        raise UserError(f"{shown(folder)} is a run; give the sweep another --name")
    run = Run.at(folder, "fit")
    if run.has_begun:
        changes = recorded_changes(run.config_file, config)
        check_permission(run, changes, arguments.allow_change)


def _fill(folder: Path, config: RunConfig, sweep: Path | None) -> None:
    """Put everything into a job's folder that its run starts from."""
    snapshot(PROJECT, folder / CODE)
    (folder / SWEEP_CONFIG).write_text(dump_config(config), encoding="utf-8")
    keep_list_of_sweep(folder, config)
    if sweep is not None:
        shutil.copyfile(sweep, folder / SWEEP_FILE)
    write_provenance(PROJECT, folder)
    keep_variables(folder)
