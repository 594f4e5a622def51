"""Which run a start of ``fit`` belongs to, and which checkpoint it goes on from.

Template's file: updates replace it. Free of torch.

==================  ==========================================================================
``--name wide``     the run of that name: new, or gone on with; a finished one says so
no name             the newest unfinished run with the same configuration and code, else a new
                    numbered run
``--resume auto``   from ``last.ckpt``, or anew if there is none; ``last`` insists on one
``--resume best``   from the best checkpoint; ``none``: anew, refused where there are checkpoints
``--resume PATH``   from any checkpoint
==================  ==========================================================================
"""

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from . import code
from .checkpoint_files import (
    LAST,
    PREVIOUS,
    Chosen,
    choose_last,
    choose_path,
    choose_resumable_best,
)
from .config import RunConfig
from .console import say
from .errors import UserError
from .run import JOIN, PROJECT, Run, check_name, new_folder, newest_unfinished, shown
from .settings import dump_config, plain

# What may differ between two starts of one run: none of it changes what is learned.
FREE = ("logger", "trainer.max_epochs", "trainer.max_steps", "trainer.max_time", "checkpoint")
FREE += ("trainer.log_every_n_steps", "trainer.progress_bar", "trainer.test_after_fit")
FREE += ("data.num_workers", "data.root", "data.in_memory_mb", "callbacks.learning_rate_monitor")
FREE += ("callbacks.throughput",)
MISSING = object()


def open_run(arguments: Namespace, config: RunConfig, supervised: bool = False) -> Run:
    """Find or make the run's folder, lock it, and choose where training starts.

    A process that trains for a supervisor, or beside another, joins the run that was chosen.

    A finished run comes back with the status ``finished``: there is nothing to do.

    Raises:
        UserError: The name is in use, its configuration is another, or the checkpoint is missing.
    """
    if JOIN in os.environ and ("LOCAL_RANK" in os.environ or supervised):
        return _join(Path(os.environ[JOIN]), config, supervised)  # the first process decided
    output = Path(arguments.output)
    folder = _folder(arguments, config, output)
    run = Run(folder, "fit", config.seed)
    run.lock()
    name = folder.relative_to(output).as_posix()
    run.summary.setdefault("name", name)
    try:
        _check_unchanged(run, config)
        if run.status == "finished" and arguments.resume == "auto" and not _longer(run, config):
            return run
        chosen = _choose(arguments.resume, run)
    except UserError:
        run.withdraw()
        raise
    run.resume = chosen.path if chosen else None
    for line in [*_free_changes(run, config), chosen.remark if chosen else ""]:
        if line:
            say(line)
    os.environ[JOIN] = f"{folder.resolve()}"
    run.begin(name, dump_config(config))
    os.environ["EXPERIMENT_RESUME"] = str(run.resume or "")
    return run


def _join(folder: Path, config: RunConfig, supervised: bool) -> Run:
    resume = os.environ.get("EXPERIMENT_RESUME")
    run = Run.at(folder, "fit")
    run.seed, run.resume = config.seed, Path(resume) if resume else None
    run.joined, run.supervised = not supervised, supervised
    return run


def _folder(arguments: Namespace, config: RunConfig, output: Path) -> Path:
    if arguments.name:
        return output / check_name(arguments.name)
    if arguments.resume == "none":
        return new_folder(output)
    print_ = code.fingerprint(PROJECT)

    def same(folder: Path) -> bool:
        recorded = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        return recorded.get("code") == print_ and not changes(folder / "config.yaml", config)

    return newest_unfinished(output, same) or new_folder(output)


def changes(config_file: Path, config: RunConfig) -> dict[str, tuple[Any, Any]]:
    """The settings in which a run's file and a configuration differ: key to (recorded, now)."""
    if not config_file.exists():
        return {}
    recorded = _flat(OmegaConf.to_container(OmegaConf.load(config_file)))
    now = _flat(json.loads(json.dumps(plain(config))))
    pairs = {key: (recorded.get(key, MISSING), now.get(key)) for key in now}
    # A setting that a newer template brought is not in an older run's file: its default is meant.
    return {key: pair for key, pair in pairs.items() if MISSING not in pair and pair[0] != pair[1]}


def _check_unchanged(run: Run, config: RunConfig) -> None:
    differing = changes(run.config_file, config)
    fixed = {key: pair for key, pair in differing.items() if not _is_free(key)}
    if fixed:
        key, (before, now) = next(iter(fixed.items()))
        more = f", and {len(fixed) - 1} more" if len(fixed) > 1 else ""
        raise UserError(
            f"run {run.name} was started with {key}={before}, now it is {now}{more}; "
            "go on with the old value, or give the new experiment another --name"
        )


def _free_changes(run: Run, config: RunConfig) -> list[str]:
    """What is another from now on, without touching what was learned."""
    differing = changes(run.config_file, config)
    return [f"{key}: {now} from now on (was {before})" for key, (before, now) in differing.items()]


def _longer(run: Run, config: RunConfig) -> bool:
    """Whether more training is asked for than the finished run was given."""
    differing = changes(run.config_file, config)
    lengths = [differing.get(f"trainer.max_{unit}") for unit in ("epochs", "steps")]
    return any(pair and (pair[1] or 0) > (pair[0] or 0) for pair in lengths)


def _is_free(key: str) -> bool:
    return any(key == free or key.startswith(free + ".") for free in FREE)


def _choose(wanted: str, run: Run) -> Chosen | None:
    present = [run.checkpoints / n for n in (LAST, PREVIOUS) if (run.checkpoints / n).exists()]
    if wanted == "none":
        if present:
            raise UserError(f"{shown(present[0])} exists; to start anew use another --name")
        return None
    if wanted == "best":
        return choose_resumable_best(run.checkpoints)
    if wanted in {"auto", "last"}:
        chosen = choose_last(run.checkpoints)
        if chosen is None and wanted == "last":
            raise UserError(f"{shown(run.checkpoints)} holds no last.ckpt to resume from")
        return chosen
    return choose_path(wanted, "--resume", "auto, last, best, none or a path")


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(values, dict) or not values:
        return {prefix: values}
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat.update(_flat(value, f"{prefix}.{key}" if prefix else str(key)))
    return flat
