"""The parameters of a sweep file: which distribution each has, and that its fields make sense.

Template's file: updates replace it.
"""

import math
from collections.abc import Iterator
from typing import Any

from ..config.yaml_reader import Located
from ..errors import UserError
from ..spelling import did_you_mean, nearest
from .distributions import DEFAULTS, FIELDS, POSITIVE, Parameter
from .typed_values import number, refuse_text_of_older_yaml, refuse_unknown, section, whole_number

LISTED = {"constant", "categorical", "categorical_w_probabilities"}


def read_parameters(given: Located, method: str) -> list[Parameter]:
    """Every parameter, nested ones included, in W&B's order: by name at each level.

    Raises:
        UserError: The first thing that is wrong, with file and line.
    """
    if not isinstance(given.value, dict) or not given.value:
        raise UserError(f"{given.place}: a sweep needs parameters: which settings to vary")
    parameters = [_parameter(path, part) for path, part in _leaves(given.value)]
    places: dict[str, str] = {}
    for parameter in parameters:
        if first := places.get(parameter.key):
            raise UserError(
                f"{parameter.given.place}: {parameter.key} is already varied at {first}"
            )
        places[parameter.key] = parameter.given.place
        if method == "grid" and parameter.grid() is None:
            raise UserError(
                f"{parameter.given.place}: {parameter.key} is {parameter.distribution}, which "
                "method: grid cannot list; give it values, or take method: random"
            )
    return parameters


def _leaves(
    given: dict[str, Located], above: tuple[str, ...] = ()
) -> Iterator[tuple[Any, Located]]:
    """Each parameter with its path; W&B nests them under a further ``parameters``."""
    for name, part in sorted(given.items()):
        parts = section(part, ".".join((*above, name)))
        if "parameters" in parts:
            refuse_unknown(parts, ("parameters",), "beside parameters allowed")
            yield from _leaves(section(parts["parameters"], name), (*above, name))
        else:
            yield (*above, name), part


def _parameter(path: tuple[str, ...], given: Located) -> Parameter:
    key, parts = ".".join(path), given.value
    refuse_text_of_older_yaml(given)
    distribution = _distribution(key, given)
    names = FIELDS[distribution]
    refuse_unknown(parts, ("distribution", *names), f"a field of {key}, which is {distribution}")
    for name in names:
        if name not in parts and name not in DEFAULTS:
            raise UserError(f"{given.place}: {key} is {distribution}: it needs {name}")
    if distribution in LISTED:
        fields = {name: parts[name].plain() for name in names}
        _check_listed(key, fields, parts)
    else:
        fields = {name: _field(key, name, distribution, parts) for name in names}
        _check_numbers(key, distribution, fields, parts)
    return Parameter(path, distribution, fields, given)


def _distribution(key: str, given: Located) -> str:
    """What the file names or, as W&B concludes, what its fields fit."""
    parts = given.value
    if "distribution" in parts:
        named = parts["distribution"]
        name = str(named.plain())
        if name not in FIELDS:
            known = did_you_mean(nearest(name, FIELDS)) or f"; there are {', '.join(FIELDS)}"
            raise UserError(f"{named.place}: {key}: {name} is not a distribution{known}")
        return name
    if "value" in parts:
        return "constant"
    if "values" in parts:
        return "categorical_w_probabilities" if "probabilities" in parts else "categorical"
    if "min" in parts and "max" in parts:
        whole = all(type(parts[name].value) is int for name in ("min", "max"))
        return "int_uniform" if whole else "uniform"
    refuse_unknown(parts, ("value", "values", "min", "max", "distribution"), f"a field of {key}")
    raise UserError(f"{given.place}: {key} has nothing to vary: give it values, or min and max")


def _field(key: str, name: str, distribution: str, parts: dict[str, Located]) -> float | int:
    if name not in parts:
        return DEFAULTS[name]
    if distribution == "int_uniform":
        return whole_number(parts[name], f"{key}: {name}")
    return number(parts[name], f"{key}: {name}")


def _check_listed(key: str, fields: dict[str, Any], parts: dict[str, Located]) -> None:
    values = fields.get("values", [None])
    if not isinstance(values, list) or not values:
        place = parts["values"].place
        raise UserError(f"{place}: {key}: values must be a list with something in it")
    chances = fields.get("probabilities")
    if chances is None:
        return
    place = parts["probabilities"].place
    if not isinstance(chances, list) or len(chances) != len(values):
        raise UserError(f"{place}: {key}: probabilities must be one number for each value")
    if not all(type(chance) in (int, float) and chance >= 0 for chance in chances):
        raise UserError(f"{place}: {key}: probabilities must be numbers of at least 0")
    if not math.isclose(sum(chances), 1, rel_tol=1e-5):
        raise UserError(f"{place}: {key}: probabilities sum to {sum(chances):g}; they must to 1")


def _check_numbers(
    key: str, distribution: str, fields: dict[str, Any], parts: dict[str, Located]
) -> None:
    if "min" in fields:
        least, most = fields["min"], fields["max"]
        if least >= most:
            place = parts["min"].place
            raise UserError(
                f"{place}: {key}: min is {least}; it must be below max, which is {most}"
            )
        if distribution in POSITIVE and least <= 0:
            place = parts["min"].place
            raise UserError(f"{place}: {key}: min is {least}; {distribution} needs one above 0")
        if distribution.endswith("log_uniform") and most > 700:
            named = "min and max are exponents of e; for values take log_uniform_values"
            raise UserError(f"{parts['max'].place}: {key}: max is {most}: {named}")
    for name in ("q", "a", "b"):
        if name in fields and fields[name] <= 0:
            raise UserError(f"{parts[name].place}: {key}: {name} must be above 0")
    if fields.get("sigma", 0) < 0:
        raise UserError(f"{parts['sigma'].place}: {key}: sigma must be at least 0")
