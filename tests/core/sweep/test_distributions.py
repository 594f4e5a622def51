"""Every distribution of W&B's schema, against its definition written out, and the grid's order."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import pytest
from assemble import Package, assemble

SHARES = [0.0, 1e-9, 0.02, 0.1, 0.25, 0.37, 0.5, 0.625, 0.75, 0.9, 0.999, 1 - 1e-6]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("distributions")))


@pytest.fixture(scope="module")
def parameter(package: Package) -> Callable[..., Any]:
    """``parameter(min=0, max=1)``, as a sweep file has it."""
    given = package.module("core.config.yaml_reader")
    read = package.module("core.sweep.parameters").read_parameters

    def make(method: str = "random", **fields: Any) -> Any:
        (made,) = read(given.from_value({"x": fields}), method)
        return made

    return make


def normal(u: float, mu: float, sigma: float) -> float:
    return NormalDist(mu, sigma).inv_cdf(min(max(u, 1e-16), 1 - 2**-53))


DEFINITIONS: list[tuple[dict[str, Any], Callable[[float], Any]]] = [
    ({"value": 3}, lambda u: 3),
    ({"values": ["a", None, [1, 2], True]}, lambda u: ["a", None, [1, 2], True][int(4 * u)]),
    (
        {"values": [1, 2, 3], "probabilities": [0.25, 0.5, 0.25]},
        lambda u: 1 if u < 0.25 else 2 if u < 0.75 else 3,
    ),
    ({"min": -3, "max": 5}, lambda u: min(math.floor(-3 + 9 * u), 5)),
    ({"min": 0, "max": 2.5}, lambda u: 2.5 * u),
    ({"distribution": "uniform", "min": 1, "max": 4}, lambda u: 1 + 3 * u),
    ({"distribution": "q_uniform", "min": 0, "max": 100, "q": 8}, lambda u: 8 * round(100 * u / 8)),
    ({"distribution": "q_uniform", "min": 0, "max": 9}, lambda u: 1.0 * round(9 * u)),
    ({"distribution": "log_uniform", "min": -9, "max": -1}, lambda u: math.exp(-9 + 8 * u)),
    (
        {"distribution": "log_uniform_values", "min": 0.0001, "max": 0.1},
        lambda u: 10 ** (-4 + 3 * u),
    ),
    (
        {"distribution": "q_log_uniform", "min": 0, "max": 5, "q": 1},
        lambda u: round(math.exp(5 * u)),
    ),
    (
        {"distribution": "q_log_uniform_values", "min": 16, "max": 512, "q": 16},
        lambda u: 16 * round(2 ** (4 + 5 * u) / 16),
    ),
    ({"distribution": "inv_log_uniform", "min": 1, "max": 5}, lambda u: 1 / math.exp(5 - 4 * u)),
    (
        {"distribution": "inv_log_uniform_values", "min": 0.001, "max": 1.0},
        lambda u: 1 / 10 ** (3 - 3 * u),
    ),
    ({"distribution": "normal", "mu": 1, "sigma": 2}, lambda u: normal(u, 1, 2)),
    ({"distribution": "normal"}, lambda u: normal(u, 0, 1)),
    (
        {"distribution": "q_normal", "mu": 10, "sigma": 4, "q": 0.5},
        lambda u: round(normal(u, 10, 4) / 0.5) * 0.5,
    ),
    ({"distribution": "log_normal", "sigma": 0.7}, lambda u: math.exp(normal(u, 0, 0.7))),
    (
        {"distribution": "q_log_normal", "mu": 2, "sigma": 0.5, "q": 1},
        lambda u: round(math.exp(normal(u, 2, 0.5))),
    ),
    ({"distribution": "beta", "a": 1, "b": 5}, lambda u: -math.expm1(math.log1p(-u) / 5)),
    ({"distribution": "beta", "a": 3, "b": 1}, lambda u: u ** (1 / 3)),
    ({"distribution": "beta", "a": 0.5, "b": 0.5}, lambda u: math.sin(math.pi * u / 2) ** 2),
    (
        {"distribution": "q_beta", "a": 1, "b": 2, "q": 0.05},
        lambda u: round((1 - math.sqrt(1 - u)) / 0.05) * 0.05,
    ),
]


@pytest.mark.parametrize(
    ("fields", "defined"),
    DEFINITIONS,
    ids=lambda case: str(case)[:60] if isinstance(case, dict) else "defined",
)
def test_a_quantile_is_what_the_definition_says(
    parameter: Callable[..., Any], fields: dict[str, Any], defined: Callable[[float], Any]
) -> None:
    made = parameter(**fields)

    for u in SHARES:
        found, expected = made.quantile(u), defined(u)
        if isinstance(expected, float):
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-9), u
        else:
            assert found == expected, u
        assert type(found) is type(expected), u


def test_every_distribution_of_the_schema_is_defined_above(package: Package) -> None:
    names = {fields["distribution"] for fields, _ in DEFINITIONS if "distribution" in fields}
    implied = {"constant", "categorical", "categorical_w_probabilities", "int_uniform"}

    assert names | implied == set(package.module("core.sweep.distributions").FIELDS)


def test_a_beta_distribution_without_a_closed_form_inverts_its_integral(
    parameter: Callable[..., Any],
) -> None:
    made = parameter(distribution="beta", a=2, b=2)

    for u in SHARES:
        x = made.quantile(u)
        assert 3 * x**2 - 2 * x**3 == pytest.approx(u, abs=1e-12)


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"values": [3, 1, 2]}, [3, 1, 2]),
        ({"min": 2, "max": 4}, [2, 3, 4]),
        ({"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25}, [0.0, 0.25, 0.5, 0.75]),
        ({"distribution": "q_uniform", "min": 0, "max": 8, "q": 4}, [0, 4]),
    ],
)
def test_a_grid_lists_what_w_and_b_lists(
    parameter: Callable[..., Any], fields: dict[str, Any], values: list[Any]
) -> None:
    listed = parameter("grid", **fields).grid()

    assert (listed, [type(v) for v in listed]) == (values, [type(v) for v in values])
