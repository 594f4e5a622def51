"""The distributions of W&B's sweep files: their fields, their quantiles, their grids.

Template's file: updates replace it. Each has W&B's meaning, so that a file draws from the same
distribution here and there. A quantile maps u in [0, 1) to the value below which the share u lies:
fed with uniform random numbers it draws, and a search may move in u instead of in values.

===============================  =============================================================
``constant``                     ``value``
``categorical``                  one of ``values``; ``..._w_probabilities`` with ``probabilities``
``int_uniform``                  a whole number from ``min`` to ``max``, both included
``uniform``                      from ``min`` to ``max``
``log_uniform``                  exp of a uniform number: ``min`` and ``max`` are exponents of e
``log_uniform_values``           the same, but ``min`` and ``max`` are the values
``inv_log_uniform[_values]``     1 / x is distributed as the two above
``normal``, ``log_normal``       ``mu`` and ``sigma``, of the logarithm for the latter
``beta``                         ``a`` and ``b``
``q_...``                        the same, rounded to multiples of ``q``
===============================  =============================================================
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from ..config.yaml_reader import Located
from . import beta_distribution

BOUNDS, MOMENTS, SHAPE = ("min", "max"), ("mu", "sigma"), ("a", "b")
DEFAULTS = {"mu": 0.0, "sigma": 1.0, "a": 1.0, "b": 1.0, "q": 1.0}
FIELDS = {
    "constant": ("value",),
    "categorical": ("values",),
    "categorical_w_probabilities": ("values", "probabilities"),
    "int_uniform": BOUNDS,
    "uniform": BOUNDS,
    "log_uniform": BOUNDS,
    "log_uniform_values": BOUNDS,
    "inv_log_uniform": BOUNDS,
    "inv_log_uniform_values": BOUNDS,
    "normal": MOMENTS,
    "log_normal": MOMENTS,
    "beta": SHAPE,
    "q_uniform": (*BOUNDS, "q"),
    "q_log_uniform": (*BOUNDS, "q"),
    "q_log_uniform_values": (*BOUNDS, "q"),
    "q_normal": (*MOMENTS, "q"),
    "q_log_normal": (*MOMENTS, "q"),
    "q_beta": (*SHAPE, "q"),
}
POSITIVE = {f"{q}{name}" for q in ("", "q_") for name in ("log_uniform_values",)}
POSITIVE.add("inv_log_uniform_values")  # their bounds have a logarithm
LARGEST = 1 - 2**-53  # the last number before 1


@dataclass(frozen=True)
class Parameter:
    """One setting that a sweep varies.

    Attributes:
        path: Its names as the file nests them: ``("optimizer", "learning_rate")``, or the one name
            ``("optimizer.learning_rate",)``.
        distribution: A key of ``FIELDS``.
        fields: What the distribution needs.
        given: The same as it was written, with its place in the file.
    """

    path: tuple[str, ...]
    distribution: str
    fields: dict[str, Any]
    given: Located

    @property
    def key(self) -> str:
        """The dotted key of the setting."""
        return ".".join(self.path)

    @property
    def choices(self) -> list[Any] | None:
        """The values of a constant or a categorical; None for a distribution over numbers."""
        if self.distribution == "constant":
            return [self.fields["value"]]
        return self.fields.get("values")

    @property
    def is_bounded(self) -> bool:
        return "min" in self.fields

    def quantile(self, u: float) -> Any:
        """The value below which the share ``u`` of the distribution lies."""
        if self.choices is not None:
            return self.choices[self._choice(u)]
        if self.distribution == "int_uniform":
            least, most = self.fields["min"], self.fields["max"]
            return min(math.floor(least + u * (most + 1 - least)), most)
        value = QUANTILES[self.distribution.removeprefix("q_")](u, self.fields)
        return self._rounded(value) if "q" in self.fields else value

    def grid(self) -> list[Any] | None:
        """All values, as W&B's grid has them; None where there are too many to list."""
        if self.distribution in ("constant", "categorical"):
            return self.choices
        if self.distribution == "int_uniform":
            return list(range(self.fields["min"], self.fields["max"] + 1))
        if self.distribution == "q_uniform":  # as numpy.arange has them: max is left out
            least, most, q = (self.fields[name] for name in ("min", "max", "q"))
            step = (least + q) - least
            return [least + i * step for i in range(math.ceil((most - least) / q))]
        return None

    def _choice(self, u: float) -> int:
        values = self.fields.get("values", [None])
        if "probabilities" not in self.fields:
            return min(int(u * len(values)), len(values) - 1)
        sums = list(itertools.accumulate(self.fields["probabilities"]))
        return next((i for i, most in enumerate(sums) if u < most), len(sums) - 1)

    def _rounded(self, value: float) -> float | int:
        q = self.fields["q"]
        rounded = round(value / q) * q
        return rounded if isinstance(q, int) else float(f"{rounded:.12g}")  # 0.3, not 0.30000000004


def _uniform(u: float, fields: dict[str, Any]) -> float:
    return fields["min"] + u * (fields["max"] - fields["min"])


def _log_uniform(u: float, fields: dict[str, Any]) -> float:
    return math.exp(_uniform(u, fields))


def _log_uniform_values(u: float, fields: dict[str, Any]) -> float:
    return fields["min"] * math.exp(u * math.log(fields["max"] / fields["min"]))


def _inv_log_uniform(u: float, fields: dict[str, Any]) -> float:
    return math.exp(-_uniform(1 - u, fields))


def _normal(u: float, fields: dict[str, Any]) -> float:
    if fields["sigma"] == 0:
        return fields["mu"]
    inside = min(max(u, 1e-16), LARGEST)  # at 0 and 1 it is infinite
    return NormalDist(fields["mu"], fields["sigma"]).inv_cdf(inside)


def _log_normal(u: float, fields: dict[str, Any]) -> float:
    return math.exp(_normal(u, fields))


def _beta(u: float, fields: dict[str, Any]) -> float:
    return beta_distribution.quantile(u, fields["a"], fields["b"])


QUANTILES: dict[str, Callable[[float, dict[str, Any]], float]] = {
    "uniform": _uniform,
    "log_uniform": _log_uniform,
    "log_uniform_values": _log_uniform_values,
    "inv_log_uniform": _inv_log_uniform,
    "inv_log_uniform_values": _log_uniform_values,  # 1 / x too is even on a logarithmic scale
    "normal": _normal,
    "log_normal": _log_normal,
    "beta": _beta,
}
