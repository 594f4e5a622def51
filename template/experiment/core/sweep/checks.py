"""A sweep file checked against the configuration before a trial is wasted on it.

Template's file: updates replace it.
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.load import merge_settings
from ..config.meaning import unrecorded
from ..config.yaml_reader import Located, from_value
from ..errors import UserError
from .distributions import LARGEST, Parameter
from .sweep_file import Sweep, read_sweep

if TYPE_CHECKING:
    from ..config.merge import MergedConfig

TYPICAL = 0.37  # a share at which no rounding hides the type of a distribution's values


def check_sweep(path: Path, config_class: type, arguments: Namespace | None = None) -> int:
    """How many parameters a sweep file has; each must be a setting, each value must fit it.

    Raises:
        UserError: The first thing that is wrong: file, line and nearest name.
    """
    sweep = read_sweep(path)
    check_values(sweep, config_class, arguments or Namespace())
    return len(sweep.parameters)


def check_values(sweep: Sweep, config_class: type, arguments: Namespace) -> None:
    """Try every value of every parameter in the configuration that ``arguments`` ask for.

    What is tried is always a trial that the sweep may come to: the first value of each parameter,
    then one of them changed.

    Raises:
        UserError: A parameter is no setting, or a value has the wrong type or is out of range.
    """
    _refuse_unrecorded(sweep, config_class)
    merged = merge_settings(config_class, arguments)
    firsts = {parameter.key: next(_values(parameter)) for parameter in sweep.parameters}
    _try(merged, firsts)
    for parameter in sweep.parameters:
        for value in list(_values(parameter))[1:]:
            _try(merged, {**firsts, parameter.key: value})


def refuse_typed(sweep: Sweep, arguments: Namespace) -> None:
    """Refuse a command line that sets what the sweep varies."""
    typed = {word.partition("=")[0] for word in arguments.overrides} | set(vars(arguments))
    for parameter in sweep.parameters:
        if parameter.key in typed:
            raise UserError(f"command line: {parameter.key} is what {sweep.path.name} varies")


def _refuse_unrecorded(sweep: Sweep, config_class: type) -> None:
    """Refuse what changes no result, such as the web page's settings: all trials would be alike."""
    without = {name: f"{name} changes no result, and no trial" for name in unrecorded(config_class)}
    for parameter in sweep.parameters:
        if reason := without.get(parameter.key.partition(".")[0]):
            raise UserError(f"{parameter.given.place}: {parameter.key} cannot be varied: {reason}")
    for word in sweep.command:
        key = word.removeprefix("--").partition("=")[0]
        if "=" in word and (reason := without.get(key.partition(".")[0])):
            raise UserError(f"{sweep.path.name}: command sets {key}: {reason}")


def _try(merged: "MergedConfig", point: dict[str, Located]) -> None:
    trial = merged.copy()
    for key, given in point.items():
        trial.set(key, given)
    trial.build()


def _values(parameter: Parameter) -> Iterator[Located]:
    """Every value that is listed; of a distribution its ends, if it has any, and a typical one."""
    parts = parameter.given.value
    if parameter.choices is not None:
        listed = [parts["value"]] if "value" in parts else parts["values"].value
        yield from listed
        return
    if parameter.is_bounded:
        yield _at(parameter, 0.0, parts["min"])
        yield _at(parameter, LARGEST, parts["max"])
    yield _at(parameter, TYPICAL, parameter.given)


def _at(parameter: Parameter, u: float, given: Located) -> Located:
    value: Any = from_value(parameter.quantile(u)).value
    return Located(value, given.place)
