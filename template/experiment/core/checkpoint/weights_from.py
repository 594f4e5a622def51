"""``--weights-from``: a new run that starts from the weights of another.

Template's file: updates replace it. Which weights go where is a matter of their names: give a part
of the network another name, and it starts anew.

Files are taken as people publish them: weights_file.py, read_weights.py and weight_names.py say
which. Weights alone are taken: no optimizer state, no schedule, no place in training. What was
chosen gets a second name in the run's folder, so that a start that dies before its first checkpoint
begins with the same weights, whatever has become of the other run meanwhile; later starts go on
from the run's own checkpoints.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..console import say
from ..errors import UserError
from ..files import link_or_copy, project_path, shown, typed_path
from ..runs.layout import SCORES, WEIGHTS_FROM
from ..runs.run import Run
from .find_checkpoint import choose_best, choose_last
from .weights_file import SUFFIXES, files_of, form_of

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST_LINES = 8  # of each kind
LITTLE = 0.5  # of the parameters
ABSENT = "not there"


# --- which weights; free of torch ----------------------------------------------------------------


def choose_weights(wanted: str | None, run: Run, output: Path) -> None:
    """Note in a new run which weights it starts from, and keep them beside it.

    Args:
        wanted: A run's name, whose best checkpoint is meant; a file or a folder of weights, behind
            a colon the part of it.
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
    path, key = _find(wanted, output)
    try:
        files = files_of(path)
        for file in files:
            form_of(file)
    except (UserError, OSError) as error:
        raise UserError(f"--weights-from: {error}") from None
    shutil.rmtree(run.folder / WEIGHTS_FROM, ignore_errors=True)
    for file in files:
        target = run.folder / WEIGHTS_FROM / file.name
        target.parent.mkdir(exist_ok=True)
        link_or_copy(file, target)
    run.summary["weights_from"] = {"wanted": wanted, "checkpoint": shown(path), "key": key}


def starts_from(summary: Mapping[str, Any], wanted: str | None) -> bool:
    """Whether a run's record names these weights."""
    return (summary.get("weights_from") or {}).get("wanted") == wanted


def _find(wanted: str, output: Path) -> tuple[Path, str | None]:
    """A file or folder, and the part of it that stands behind a colon; or a run's checkpoint."""
    from ..runs.run_folders import find_run

    path = typed_path(wanted)
    if path.is_file():
        return path, None
    try:
        folder = find_run(wanted, output)
    except UserError as error:
        beginning, colon, key = wanted.rpartition(":")
        if path.is_dir():
            return (_of_run(path) if (path / SCORES).is_file() else path), None
        if colon and key and (inside := typed_path(beginning)).exists():
            return inside, key
        if path.suffix in SUFFIXES:
            raise UserError(f"--weights-from {wanted}: there is no such file") from None
        raise UserError(f"--weights-from: {error}") from None
    return _of_run(folder / "checkpoints"), None


def _of_run(checkpoints: Path) -> Path:
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
    from .read_weights import read_weights
    from .weight_names import named_as

    present, source = module.state_dict(), record["checkpoint"]
    try:
        files = sorted((run.folder / WEIGHTS_FROM).iterdir())
        found = read_weights(files, source, record.get("key"))
        weights, renamed = named_as(present, found, source)
    except UserError as error:
        raise UserError(f"--weights-from: {error}") from None
    fit = compare(present, weights)
    if not any(weights[name].is_floating_point() for name in fit.loaded):  # counters fit anything
        raise UserError(f"--weights-from {record['wanted']}: {_nothing_fits(found, fit, present)}")
    share = _load(module, {name: weights[name] for name in fit.loaded})
    for line in _lines(fit, source, renamed, _cast(present, weights, fit)):
        say(line)
    for line in _other_ranges(run, source):
        say(line)
    if share < LITTLE:
        say(
            f"WARNING: these are {share:.0%} of this model's parameters; the rest starts anew. Is "
            "it the same architecture?"
        )
    run.update(weights_from={**record, **fit._asdict()})


def _load(module: "nn.Module", weights: "Mapping[str, Tensor]") -> float:
    """Take weights that fit; the share of the module's parameters that they are."""
    module.load_state_dict(dict(weights), strict=False)
    taken = {id(value) for name, value in module.named_parameters() if name in weights}
    sizes = {id(value): value.numel() for value in module.parameters()}
    return sum(sizes[key] for key in taken) / max(1, sum(sizes.values()))


def _nothing_fits(found: "Mapping[str, Tensor]", fit: Fit, present: "Mapping[str, Tensor]") -> str:
    there, here = next(iter(found), "nothing"), next(iter(present), "nothing")
    shapes = [f"{name} {reason}" for name, reason in fit.anew.items() if reason != ABSENT]
    of_shape = f"; of another shape: {', '.join(shapes[:3])}" if shapes else ""
    return f"no name and shape fits this model: there is {there}, here is {here}{of_shape}"


def _cast(present: "Mapping[str, Tensor]", weights: "Mapping[str, Tensor]", fit: Fit) -> set[str]:
    """The types of numbers that become others, in words."""
    pairs = {(weights[name].dtype, present[name].dtype) for name in fit.loaded}
    return {f"{_word(there)} to {_word(here)}" for there, here in pairs if there != here}


def _word(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")


def compare(present: "Mapping[str, Tensor]", weights: "Mapping[str, Tensor]") -> Fit:
    """Sort the names of a module's weights and of a checkpoint's."""
    from .weight_names import fits

    loaded, anew = [], {}
    for name, value in present.items():
        if name not in weights:
            anew[name] = ABSENT
        elif fits(weights[name], value):
            loaded.append(name)
        else:
            anew[name] = _difference(weights[name], value)
    # Of weights that are shared under several names, some formats keep one.
    shared = {present[name].data_ptr() for name in loaded if present[name].numel()}
    anew = {
        name: reason
        for name, reason in anew.items()
        if reason != ABSENT or present[name].data_ptr() not in shared
    }
    return Fit(loaded, anew, [name for name in weights if name not in present])


def _difference(there: "Tensor", here: "Tensor") -> str:
    if there.shape != here.shape:
        return f"{tuple(there.shape)} there, {tuple(here.shape)} here"
    return f"{_word(there.dtype)} there, {_word(here.dtype)} here"


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


def _lines(fit: Fit, source: str, renamed: str, cast: set[str]) -> list[str]:
    count = len(fit.loaded) + len(fit.anew)
    lines = [f"weights of {source}: {len(fit.loaded)} of {count} loaded, no optimizer state"]
    lines += [f"  names        {renamed}"] if renamed else []
    lines += [f"  numbers      {', '.join(sorted(cast))}"] if cast else []
    other = [f"  starts anew  {k}: {why}" for k, why in fit.anew.items() if why != ABSENT]
    absent = [f"  starts anew  {k}: {why}" for k, why in fit.anew.items() if why == ABSENT]
    extra = [f"  left out     {name}: not in this model" for name in fit.left_out]
    for rest in (other, absent, extra):
        lines += rest[:MOST_LINES]
        if len(rest) > MOST_LINES:
            kind = rest[0][:15]
            more = len(rest) - MOST_LINES
            lines.append(f"{kind}and {more} more: weights_from in summary.json has them all")
    return lines
