"""Freezing, layer-wise learning rates and weight decay: each parameter in exactly one group."""

from typing import Any

import pytest
import torch
from assemble import Package, assemble
from harness.experiment import Experiment, RunFolder
from torch import nn

pytestmark = pytest.mark.slow


class Network(nn.Module):
    """A token of its own, a stem, three blocks and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 4))
        self.stem = nn.Linear(2, 4)
        self.blocks = nn.Sequential(*(nn.Linear(4, 4) for _ in range(3)))
        self.dropout = nn.Dropout()
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 3)
        self.twin = self.stem  # shared weights


class Whole(nn.Module):
    """What a LightningModule is to its network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.metrics, self.model = nn.ModuleDict(), network


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("groups")))


def groups_by_name(package: Package, module: nn.Module, **settings: Any) -> dict[str, Any]:
    """(learning rate, weight decay) of each parameter, which must have exactly one group."""
    config = package.module("core.config.optimizer").OptimizerConfig(learning_rate=1.0, **settings)
    groups = package.module("core.module.parameter_groups").parameter_groups(module, config)
    grouped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in module.parameters() if p.requires_grad)
    assert all(group["params"] for group in groups)
    found = {id(p): (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}
    return {name: found[id(p)] for name, p in module.named_parameters() if id(p) in found}


def test_by_default_weight_decay_is_for_matrices(package: Package) -> None:
    found = groups_by_name(package, Whole(Network()), weight_decay=0.1)

    matrices = {name for name, p in Network().named_parameters() if p.ndim >= 2}
    assert found == {
        f"model.{name}": (1.0, 0.1 if name in matrices else 0.0)
        for name, _ in Network().named_parameters()
    }


def test_each_layer_learns_slower_than_the_next(package: Package) -> None:
    found = groups_by_name(package, Whole(Network()), layer_decay=0.5)

    # stem, three blocks, norm, head; the token lies in none of them.
    rates = {name: rate for name, (rate, _) in found.items() if name.endswith("weight")}
    assert rates == {
        "model.stem.weight": 0.5**5,
        "model.blocks.0.weight": 0.5**4,
        "model.blocks.1.weight": 0.5**3,
        "model.blocks.2.weight": 0.5**2,
        "model.norm.weight": 0.5,
        "model.head.weight": 1.0,
    }
    assert found["model.token"][0] == 0.5**5


def test_a_network_may_say_which_layers_it_has(package: Package) -> None:
    class Reversed(Network):
        def layers(self) -> list[nn.Module]:
            return [self.head, self.stem]

    found = groups_by_name(package, Whole(Reversed()), layer_decay=0.1)

    assert found["model.stem.weight"][0] == 1.0
    assert found["model.head.weight"][0] == 0.1


def test_the_first_pattern_that_matches_counts(package: Package) -> None:
    groups = {
        "model.blocks.1": {"learning_rate_factor": 3.0},
        "*.blocks.*": {"weight_decay": 0.7},
        "*.bias": {"weight_decay": 0.2},
    }

    found = groups_by_name(package, Whole(Network()), groups=groups, weight_decay=0.1)

    assert found["model.blocks.1.weight"] == (3.0, 0.1)
    assert found["model.blocks.1.bias"] == (3.0, 0.0)
    assert found["model.blocks.2.bias"] == (1.0, 0.7)
    assert found["model.stem.bias"] == (1.0, 0.2)


# --- in a run ------------------------------------------------------------------------------------

FREEZE = ("optimizer.freeze=[model.stem, '*.stages.0']", "optimizer.layer_decay=0.5")


@pytest.fixture
def run(experiment: Experiment) -> RunFolder:
    """A run validated in mid-epoch, which switches modules to and fro."""
    return experiment.trained(*FREEZE, "trainer.val_check_interval=0.5")


def test_what_is_frozen_stays_and_counts_are_said_once(
    run: RunFolder, experiment: Experiment
) -> None:
    experiment.fit("--name", "anew", "trainer.max_steps=1", "optimizer.learning_rate=1e-30")

    first = experiment.run("anew").checkpoint()["state_dict"]
    last = run.checkpoint()["state_dict"]
    frozen = [n for n in first if n.startswith(("model.stem.", "model.stages.0."))]
    statistics = [n for n in frozen if n.endswith(("running_mean", "running_var"))]
    for name in frozen:
        if name not in statistics and "num_batches" not in name:
            torch.testing.assert_close(first[name], last[name], rtol=0, atol=1e-20, msg=name)
    # No batch was counted into the statistics of a frozen batch norm; the others saw 21.
    counted = {n: int(v) for n, v in last.items() if n.endswith("num_batches_tracked")}
    assert {counted[n] for n in counted if n in frozen} == {0}
    assert {counted[n] for n in counted if n not in frozen} == {21}
    log = (run / "train.log").read_text()
    assert log.count("parameters learn; 348 are frozen, 3 batch norms keep their statistics") == 1
    assert log.count("with learning rate 0.002, weight decay 0.05") == 1
    groups = run.checkpoint()["optimizer_states"][0]["param_groups"]
    assert {group["factor"] for group in groups} == {1.0, 0.5, 0.25, 0.125, 0.0625}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "optimizer.freeze=[model.stm]",
            "optimizer.freeze: model.stm matches no parameter; did you mean model.stem?",
        ),
        (
            "optimizer.groups={model.hed: {weight_decay: 0.0}}",
            "optimizer.groups: model.hed matches no parameter; did you mean model.head?",
        ),
        ("optimizer.freeze=['*']", "optimizer.freeze: every parameter is frozen; nothing is left"),
        (
            "optimizer.groups={model.head: {weight_deca: 0.0}}",
            "command line: optimizer.groups: model.head is {'weight_deca': 0.0}; it may have "
            "learning_rate_factor and weight_decay",
        ),
        ("optimizer.groups={model.head: 3}", "command line: optimizer.groups: model.head is 3; "),
    ],
)
def test_a_pattern_that_means_nothing_is_refused(
    setting: str, message: str, experiment: Experiment
) -> None:
    refused = experiment.fit("--name", "a", setting)

    assert refused.returncode == 2
    assert refused.stderr.startswith(message)
    assert refused.stderr.count("\n") == 1
