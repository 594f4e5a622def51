"""Two kinds of examples are told apart by their numbers, no better than they can be."""

import numpy as np
import pytest
from modules import Modules


def test_the_area_is_the_share_of_pairs_in_which_the_second_is_above(modules: Modules) -> None:
    random = np.random.default_rng(3)
    values = random.integers(0, 9, 60).astype(np.float32)  # many are alike
    second = random.random(60) < 0.3
    pairs = [(a > b) + (a == b) / 2 for a in values[second] for b in values[~second]]

    area = modules("core.inspect.dataset.discriminant").area_by_rank(values, second)

    assert area == pytest.approx(float(np.mean(pairs)))


@pytest.mark.parametrize(
    ("shift", "spread", "least", "most"),
    [(0.0, 1.0, 0.40, 0.55), (2.0, 1.0, 0.85, 0.93), (0.0, 4.0, 0.75, 0.90)],
    ids=["alike", "shifted", "wider"],
)
def test_a_shift_and_a_spread_are_seen_beside_noise_and_missing_numbers(
    modules: Modules, shift: float, spread: float, least: float, most: float
) -> None:
    random = np.random.default_rng(4)
    second = np.arange(500) >= 400
    telling = random.normal(0, 1, 500) * np.where(second, spread, 1) + np.where(second, shift, 0)
    telling[::50] = 1e9  # outliers of both kinds
    noise = random.normal(0, 1, (5, 500))
    noise[0, ::7] = np.nan
    always, never = np.ones(500), np.full(500, np.nan)
    columns = [column.astype(np.float32) for column in (telling, *noise, always, never)]

    area = modules("core.inspect.dataset.discriminant").area_under_curve(columns, second, seed=5)

    assert least < area < most
