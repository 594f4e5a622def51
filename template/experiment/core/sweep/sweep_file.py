"""A sweep file in W&B's own format: what it says, and a sentence for what W&B would not take.

Template's file: updates replace it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.direction import direction_of
from ..config.yaml_reader import Located, from_file
from ..errors import UserError
from ..files import PROJECT
from ..spelling import did_you_mean, nearest
from .command_macros import MACROS, macro_name
from .distributions import Parameter
from .hyperband import Hyperband
from .parameters import read_parameters
from .typed_values import number, refuse_unknown, scalar, section, whole_number

DEFAULT_FILE = PROJECT / "sweeps" / "sweep.yaml"
METHODS = ("grid", "random", "bayes")
GOALS = ("minimize", "maximize")
DESCRIBING = ("name", "description", "project", "entity", "kind", "apiVersion", "controller")
KEYS = ("program", "method", "metric", "parameters", "command", "early_terminate", "run_cap")
# W&B's own default; ours, --set-json "${args_json}", is the only one on which every type survives.
DEFAULT_COMMAND = ["${env}", "${interpreter}", "${program}", "${args}"]


@dataclass(frozen=True)
class Metric:
    """What a sweep is after.

    Attributes:
        name: As the module logs it, such as ``val/loss``.
        goal: ``minimize`` or ``maximize``.
        target: Good enough: once a trial has it, no other is started.
        place: Where it is named.
    """

    name: str
    goal: str = "minimize"
    target: float | None = None
    place: str = ""

    def best(self, values: Iterable[float]) -> float | None:
        """The best of some values, None of none."""
        return (min if self.goal == "minimize" else max)(values, default=None)

    def reaches_target(self, value: float | None) -> bool:
        if value is None or self.target is None:
            return False
        return value <= self.target if self.goal == "minimize" else value >= self.target


@dataclass(frozen=True)
class Sweep:
    """What a sweep file says.

    Attributes:
        path: The file.
        parameters: What varies, in W&B's order, which is the alphabet's.
        metric: What is compared; None where the file names none.
        content: The file's plain values, to compare two files by.
    """

    path: Path
    method: str
    parameters: list[Parameter]
    metric: Metric | None
    early_terminate: Hyperband | None
    run_cap: int | None
    program: str
    command: list[str]
    content: dict[str, Any]

    @property
    def definition(self) -> dict[str, Any]:
        """What may not change while a sweep lasts: it decides which trials there are."""
        free = {"run_cap", *DESCRIBING}
        return {key: value for key, value in self.content.items() if key not in free}


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep file, without knowing the configuration.

    Raises:
        UserError: The first thing that is wrong, with file and line.
    """
    content = from_file(path)
    refuse_unknown(content, (*KEYS, *DESCRIBING), "a key of a sweep file")
    place = f"{_place(path, content)}: "
    method = _method(content, place)
    if "parameters" not in content:
        raise UserError(f"{place}a sweep needs parameters: which settings to vary")
    metric = _metric(content.get("metric"))
    early = content.get("early_terminate")
    if metric is None and (method == "bayes" or early is not None):
        asking = f"method: {method}" if method == "bayes" else "early_terminate"
        raise UserError(f"{place}{asking} needs a metric: which logged value to compare")
    cap = content.get("run_cap")
    command, has_null = _command(content.get("command")), _has_null(content["parameters"])
    if has_null is not None and not any("args_json" in word for word in command):
        raise UserError(
            f"{has_null.place}: null reaches main.py as the text None through the command's "
            "${args}; end command with --set-json and ${args_json}, which keep every type"
        )
    return Sweep(
        path=path,
        method=method,
        parameters=read_parameters(content["parameters"], method),
        metric=metric,
        early_terminate=_early_terminate(early),
        run_cap=None if cap is None else whole_number(cap, "run_cap", least=1),
        program=str(content["program"].plain()) if "program" in content else "main.py",
        command=command,
        content={name: given.plain() for name, given in content.items()},
    )


def _place(path: Path, content: dict[str, Located]) -> str:
    """The file, as its own lines name it."""
    first = next(iter(content.values()), None)
    return first.place.rpartition(":")[0] if first else str(path)


def _method(content: dict[str, Located], place: str) -> str:
    if "method" not in content:
        raise UserError(f"{place}a sweep needs a method: {', '.join(METHODS)}")
    given = content["method"]
    name = str(given.plain())
    if name not in METHODS:
        known = did_you_mean(nearest(name, METHODS)) or f"; there are {', '.join(METHODS)}"
        raise UserError(f"{given.place}: method {name} is none{known}")
    return name


def _metric(given: Located | None) -> Metric | None:
    if given is None:
        return None
    parts = section(given, "metric")
    refuse_unknown(parts, ("name", "goal", "target", "impute"), "a key of metric")
    if "name" not in parts:
        raise UserError(f"{given.place}: metric needs a name, such as val/loss")
    name, goal = str(scalar(parts["name"], "metric.name")), "minimize"
    if "goal" in parts:
        goal = str(parts["goal"].plain())
        if goal not in GOALS:
            raise UserError(
                f"{parts['goal'].place}: metric.goal is {goal}; it must be {' or '.join(GOALS)}"
            )
    elif direction_of(name) == "max":
        raise UserError(
            f"{given.place}: metric.goal is missing: W&B would minimize {name}; set goal: maximize"
        )
    target = parts.get("target")
    reached = None if target is None else number(target, "metric.target")
    return Metric(name, goal, reached, parts["name"].place)


def _early_terminate(given: Located | None) -> Hyperband | None:
    if given is None:
        return None
    parts = section(given, "early_terminate")
    refuse_unknown(
        parts, ("type", "min_iter", "max_iter", "s", "eta", "strict"), "a key of early_terminate"
    )
    kind = parts["type"].plain() if "type" in parts else None
    if kind != "hyperband":
        raise UserError(f"{given.place}: early_terminate.type is {kind}; W&B knows hyperband alone")
    if "min_iter" not in parts and not {"max_iter", "s"} <= set(parts):
        raise UserError(f"{given.place}: early_terminate needs min_iter, or max_iter and s")
    whole = {
        name: whole_number(parts[name], f"early_terminate.{name}", least=1)
        for name in ("min_iter", "max_iter", "s")
        if name in parts
    }
    eta = number(parts["eta"], "early_terminate.eta") if "eta" in parts else 3
    if eta <= 1:
        raise UserError(f"{parts['eta'].place}: early_terminate.eta is {eta}; it must be above 1")
    if "strict" in parts and parts["strict"].value is not False:
        raise UserError(f"{parts['strict'].place}: early_terminate.strict is not known here")
    rule = Hyperband(**whole, eta=eta)
    if not rule.bands:
        raise UserError(f"{given.place}: early_terminate has no band: take a larger max_iter")
    return rule


def _command(given: Located | None) -> list[str]:
    if given is None:
        return DEFAULT_COMMAND
    if not isinstance(given.value, list) or not given.value:
        raise UserError(f"{given.place}: command must be a list of words")
    words = [part.text if part.text is not None else str(part.plain()) for part in given.value]
    for part, word in zip(given.value, words, strict=True):
        macro = macro_name(word)
        if macro is not None and macro not in MACROS:
            known = did_you_mean(nearest(macro, MACROS)) or f"; there are {', '.join(MACROS)}"
            raise UserError(f"{part.place}: command: {word} is not a macro{known}")
    return words


def _has_null(given: Located) -> Located | None:
    """The first null among the values of the parameters."""
    parts = given.value.values() if isinstance(given.value, dict) else given.value
    if isinstance(parts, str) or not hasattr(parts, "__iter__"):
        return given if given.value is None else None
    return next(filter(None, (_has_null(part) for part in parts)), None)
