"""``--weights-from``: a new run that starts from the weights of another.

Template's file: updates replace it. Which weights go where is a matter of their names: give a part
of the network another name, and it starts anew.

Weights alone are taken: no optimizer state, no schedule, no place in training. What was chosen gets
a second name in the run's folder, so that a start that dies before its first checkpoint begins with
the same weights, whatever has become of the other run meanwhile; later starts go on from the run's
own checkpoints.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..console import say
from ..errors import UserError
from ..files import link_or_copy, project_path, shown
from ..runs.layout import WEIGHTS_FROM
from ..runs.run import Run
from .find_checkpoint import choose_best, choose_last, choose_path

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST_LINES = 20


# --- which weights; free of torch ----------------------------------------------------------------


def choose_weights(wanted: str | None, run: Run, output: Path) -> None:
    """Note in a new run which weights it starts from, and keep them beside it.

    Args:
        wanted: A run's name, whose best checkpoint is meant, or a file.
        run: The run that starts, locked.
        output: The folder of the runs.

    Raises:
        UserError: There are no such weights, or the run was started from others.
    """
    recorded = run.summary.get("weights_from")
    if wanted is None or (recorded and recorded["wanted"] == wanted):
        return
    if recorded or any(run.checkpoints.glob("*.ckpt")):
        started = f"from the weights of {recorded['wanted']}" if recorded else "without"
        raise UserError(
            f"--weights-from {wanted}: run {run.name} was started {started}, and goes on from its "
            "own checkpoint; give the new run another --name"
        )
    path = _find(wanted, output)
    link_or_copy(path, run.folder / WEIGHTS_FROM)
    run.summary["weights_from"] = {"wanted": wanted, "checkpoint": shown(path)}


def starts_from(summary: Mapping[str, Any], wanted: str | None) -> bool:
    """Whether a run's record names these weights."""
    return (summary.get("weights_from") or {}).get("wanted") == wanted


def _find(wanted: str, output: Path) -> Path:
    from ..runs.run_folders import find_run

    if Path(wanted).is_file():
        choices = "a run's name or a path"
        return choose_path(wanted, "--weights-from", choices, weights_suffice=True).path
    try:
        checkpoints = find_run(wanted, output) / "checkpoints"
    except UserError as error:
        raise UserError(f"--weights-from: {error}") from None
    if not any(checkpoints.glob("best-*.ckpt")) and (last := choose_last(checkpoints)):
        return last.path  # a run that keeps no best one
    return choose_best(checkpoints).path


# --- taking them ---------------------------------------------------------------------------------


class Fit(NamedTuple):
    """Which names of a checkpoint and a module fit each other.

    Args:
        loaded: In both, of one shape.
        anew: In the module alone or of another shape, with the reason: these stay initialised.
        left_out: In the checkpoint alone.
    """

    loaded: list[str]
    anew: dict[str, str]
    left_out: list[str]


def take_weights(module: "nn.Module", run: Run) -> None:
    """Load what fits into a new run's module, and say what was loaded and what was not.

    Raises:
        UserError: Nothing fits, or the file holds no weights.
    """
    record = run.summary.get("weights_from")
    if record is None or run.resume is not None:
        return
    weights = _read(run.folder / WEIGHTS_FROM, record["checkpoint"])
    present = module.state_dict()
    weights = _named_as(present, weights)
    fit = compare(present, weights)
    if not any(weights[name].is_floating_point() for name in fit.loaded):  # counters fit anything
        there, here = next(iter(weights), "nothing"), next(iter(present), "nothing")
        raise UserError(
            f"--weights-from {record['wanted']}: no name and shape fits this model: there is "
            f"{there}, here is {here}"
        )
    module.load_state_dict({name: weights[name] for name in fit.loaded}, strict=False)
    for line in _lines(fit, record["checkpoint"]) + _other_ranges(run, record["checkpoint"]):
        say(line)
    run.update(weights_from={**record, **fit._asdict()})


def compare(present: "Mapping[str, Tensor]", weights: "Mapping[str, Tensor]") -> Fit:
    """Sort the names of a module's weights and of a checkpoint's."""
    loaded, anew = [], {}
    for name, value in present.items():
        if name not in weights:
            anew[name] = "not there"
        elif weights[name].shape != value.shape:
            anew[name] = f"{tuple(weights[name].shape)} there, {tuple(value.shape)} here"
        else:
            loaded.append(name)
    return Fit(loaded, anew, [name for name in weights if name not in present])


def _read(path: Path, name: str) -> "dict[str, Tensor]":
    """The weights in a checkpoint of Lightning's, or in a file of a ``state_dict`` alone."""
    from pickle import UnpicklingError

    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"--weights-from: {name} cannot be read safely: {reason}") from None
    weights = content.get("state_dict", content) if isinstance(content, dict) else {}
    # torch.compile(model), unlike trainer.compile, puts a word before its names.
    return {
        str(key).replace("_orig_mod.", ""): value
        for key, value in weights.items()
        if isinstance(value, torch.Tensor)
    }


def _named_as(present: "Mapping[str, Tensor]", weights: "dict[str, Tensor]") -> "dict[str, Tensor]":
    """The weights by the module's names: a file of the network alone lacks its ``model.``."""
    if not weights.keys() & present.keys():
        for owner in {name.partition(".")[0] for name in present}:
            if any(f"{owner}.{name}" in present for name in weights):
                return {f"{owner}.{name}": value for name, value in weights.items()}
    return weights


def _other_ranges(run: Run, checkpoint: str) -> list[str]:
    """A line where the other run's images went by another value range: equal pixels differ then."""
    path, ranges = Path(checkpoint), []
    folder = (path if path.exists() else project_path(checkpoint)).absolute().parent.parent
    for file in (folder / run.facts_file.name, run.facts_file):
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # weights alone, from elsewhere
            return []
        ranges.append(facts.get("value_range") if isinstance(facts, dict) else None)
    there, here = ranges
    if None in ranges or there == here:
        return []
    return [
        f"value range: {there} of the images there, {here} here: the same pixels are other numbers "
        f"to these weights; data.value_range='{there}' makes them the same"
    ]


def _lines(fit: Fit, source: str) -> list[str]:
    count = len(fit.loaded) + len(fit.anew)
    lines = [f"weights of {source}: {len(fit.loaded)} of {count} loaded, no optimizer state"]
    rest = [f"  starts anew  {name}: {reason}" for name, reason in fit.anew.items()]
    rest += [f"  left out     {name}: not in this model" for name in fit.left_out]
    if len(rest) > MOST_LINES:
        more = len(rest) - MOST_LINES
        rest = [*rest[:MOST_LINES], f"  and {more} more: weights_from in summary.json has them all"]
    return lines + rest
