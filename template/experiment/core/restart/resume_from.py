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

What may be another than it was when a run goes on stands in change_policy.py.
"""

import json
import os
from argparse import Namespace
from pathlib import Path

from .. import ranks
from ..checkpoint.find_checkpoint import Chosen, choose_last, choose_path, choose_resumable_best
from ..checkpoint.metadata import read_metadata
from ..checkpoint.weights_from import choose_weights, starts_from
from ..config.diff import recorded_changes
from ..config.dump import dump_config
from ..config.run_config import RunConfig
from ..console import say
from ..errors import UserError
from ..files import PROJECT, shown
from ..restart import change_policy
from ..runs import code_snapshot
from ..runs.exclude_list import is_same_list, keep_list
from ..runs.layout import LAST, PREVIOUS
from ..runs.run import JOIN, Run
from ..runs.run_folders import make_newest, named_folder, new_folder, newest_unfinished
from .rollback import finish_rollbacks

RESUME = "EXPERIMENT_RESUME"  # the checkpoint, for the processes that join
ANOTHER = "for a new run another --name"


def open_run(arguments: Namespace, config: RunConfig, supervised: bool = False) -> Run:
    """Find or make the run's folder, lock it, and choose where training starts.

    A process that trains for a supervisor, or beside another, joins the run that was chosen.
    Of those that srun or torchrun started, the first chooses.

    A finished run comes back with the status ``finished``: there is nothing to do.

    Raises:
        UserError: The name is in use, its configuration is another, or the checkpoint is missing.
    """
    if JOIN in os.environ and ("LOCAL_RANK" in os.environ or supervised):
        return _join(Path(os.environ[JOIN]), config, supervised)  # the first process decided
    if not ranks.is_one_of_several():
        return _open(arguments, config)
    if ranks.rank() > 0:
        os.environ.update(ranks.hear())
        return _join(Path(os.environ[JOIN]), config, supervised)
    decided: dict[str, str] = {}
    try:
        run = _open(arguments, config)
        decided = {JOIN: str(run.folder.resolve()), RESUME: str(run.resume or "")}
    finally:
        ranks.tell(decided)
    return run


def _open(arguments: Namespace, config: RunConfig) -> Run:
    if arguments.allow_change and not arguments.name:
        raise UserError("--allow-change is for a run that exists: name it with --name")
    output = Path(arguments.output)
    folder = _folder(arguments, config, output)
    run = Run(folder, "fit", config.seed)
    run.lock()
    name = folder.relative_to(output).as_posix()
    run.summary.setdefault("name", name)
    try:
        if not run.has_begun:
            run.forget()
        differing = recorded_changes(run.config_file, config)
        change_policy.check_permission(run, differing, arguments.allow_change)
        more = change_policy.goes_on(run, differing, config)
        choose_weights(arguments.weights_from, run, output)
        if run.status == "finished" and arguments.resume == "auto" and not more:
            return run
        finish_rollbacks(run.folder)
        chosen = _choose(arguments.resume, run)
        metadata = read_metadata(chosen.path) if chosen else None
        change_policy.check_position(run, differing, config, metadata)
        keep_list(run, config)
    except UserError:
        run.withdraw()
        raise
    run.resume = chosen.path if chosen else None
    for line in [*change_policy.describe(run, differing, config), chosen.remark if chosen else ""]:
        if line:
            say(line)
    os.environ[JOIN] = f"{folder.resolve()}"
    change_policy.record(run, differing, metadata)
    run.begin(name, dump_config(config))
    make_newest(folder, output)
    os.environ[RESUME] = str(run.resume or "")
    return run


def finished(run: Run, config: RunConfig) -> str:
    """That there is nothing to do, and what to type for more."""
    done, differing = run.summary.get("epochs"), recorded_changes(run.config_file, config)
    epochs = change_policy.recorded_epochs(differing, config)
    how = f" after {done} epochs"
    if epochs is None or config.trainer.max_steps is not None:
        return f"{run.name} is finished{how}; for more give more --max-steps, {ANOTHER}"
    more = f"--epochs {epochs + 1} or more"
    if change_policy.stopped_early(run, config, epochs):
        how = f", stopped early after {done} of {epochs} epochs"
        more += " (patience begins anew)"
    return f"{run.name} is finished{how}; for more give {more}, {ANOTHER}"


def _join(folder: Path, config: RunConfig, supervised: bool) -> Run:
    resume = os.environ.get(RESUME)
    run = Run.at(folder, "fit")
    run.seed, run.resume = config.seed, Path(resume) if resume else None
    run.joined, run.supervised = not supervised, supervised
    return run


def _folder(arguments: Namespace, config: RunConfig, output: Path) -> Path:
    if arguments.name:
        return named_folder(arguments.name, output)
    if arguments.resume == "none":
        return new_folder(output)
    print_ = code_snapshot.fingerprint(PROJECT)

    def same(folder: Path) -> bool:
        recorded = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        if not starts_from(recorded, arguments.weights_from):
            return False
        if recorded.get("code") != print_ or recorded_changes(folder / "config.yaml", config):
            return False
        return is_same_list(folder, config)

    return newest_unfinished(output, same) or new_folder(output)


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
