"""Seams of module.py are handed what is annotated, and what they return is looked at."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules, modules_of

GIVEN = [(0, 0.5), (1, 1), (2, np.float32(0.25)), (3, torch.tensor(2.0)), (4, True)]


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def module_type(experiment: Modules) -> type:
    class Seams(experiment("core.module").Module):
        def __init__(self, returns: Any) -> None:
            super().__init__(experiment("core.config").RunConfig())
            self.layer = torch.nn.Linear(1, 1)
            self.returns, self.types = returns, set()

        def learning_rate_factor(self, step: int, total_steps: float) -> float:
            self.types.add((type(step), type(total_steps)))
            return self.returns[step]

    return Seams


def rates(experiment: Modules, module: Any, by: str) -> list[float]:
    """The rates of the steps, as training has them or as ``tune --schedule`` draws them."""
    config, length = module.config, experiment("core.module.schedules").Length(5)
    config.optimizer.learning_rate = 1.0
    if by == "tune":
        return experiment("core.trainer.tuner")._rates(config, module, length)[1]
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    (made,) = experiment("core.module.schedules").make_schedules(optimizer, config, length, module)
    found = []
    for _ in range(4):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made["scheduler"].step()
    return [*found, optimizer.param_groups[0]["lr"]]


@pytest.mark.parametrize("by", ["training", "tune"])
def test_the_factor_is_asked_for_and_taken_as_annotated(
    experiment: Modules, module_type: type, by: str
) -> None:
    module = module_type(dict(GIVEN))

    found = rates(experiment, module, by)

    assert found == [0.5, 1.0, 0.25, 2.0, 1.0]
    assert {type(rate) for rate in found} == {float}
    assert module.types == {(int, float)}


@pytest.mark.parametrize("by", ["training", "tune"])
@pytest.mark.parametrize("wrong", [None, "fast", math.nan, math.inf, torch.ones(2), 1j])
def test_a_factor_that_is_no_number_is_refused(
    experiment: Modules, module_type: type, by: str, wrong: Any
) -> None:
    refused = experiment("core.errors").UserError

    with pytest.raises(refused, match=r"^module.py: learning_rate_factor\(0, 5\) returns "):
        rates(experiment, module_type([wrong] * 5), by)


@pytest.mark.parametrize("wrong", [None, []])
def test_an_optimizer_that_is_none_is_refused(
    experiment: Modules, module_type: type, wrong: Any
) -> None:
    module = module_type([1.0])
    module.make_optimizer = lambda groups: wrong

    with pytest.raises(experiment("core.errors").UserError, match=r"make_optimizer\(\) returns"):
        module.configure_optimizers()
