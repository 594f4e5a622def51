"""Which optimizer a name gives, what it is told, and what is said of settings that it has not."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from harness.experiment import Experiment, replace
from modules import Modules, modules_of


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture
def make(modules: Modules) -> Callable[..., Any]:
    """The optimizer of a small network with some settings."""

    def made(**settings: Any) -> Any:
        config = modules("core.config.optimizer").OptimizerConfig(**settings)
        network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4))
        groups = modules("core.module.parameter_groups").parameter_groups(network, config)
        return modules("core.module.optimizer").make_optimizer(groups, config, fused=False)

    return made


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ("AdamW", {"betas": (0.9, 0.999), "eps": 1e-8, "amsgrad": False})),
        ({"name": "adam", "arguments": {"amsgrad": True}}, ("Adam", {"amsgrad": True})),
        ({"name": "sgd", "momentum": 0.5}, ("SGD", {"momentum": 0.5, "nesterov": False})),
        (
            {"name": "torch.optim.RMSprop", "arguments": {"alpha": 0.5}},
            ("RMSprop", {"alpha": 0.5, "eps": 1e-8}),
        ),
    ],
)
def test_a_name_and_its_settings(
    make: Callable[..., Any], settings: dict[str, Any], expected: tuple[str, dict[str, Any]]
) -> None:
    optimizer = make(learning_rate=0.25, weight_decay=0.5, **settings)

    kind, values = expected
    assert type(optimizer).__name__ == kind
    assert [(g["lr"], g["weight_decay"]) for g in optimizer.param_groups] == [
        (0.25, 0.5),
        (0.25, 0.0),
    ]
    assert all(
        group[name] == value for group in optimizer.param_groups for name, value in values.items()
    )


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_our_classes_step_as_torchs(make: Callable[..., Any], name: str) -> None:
    torch.manual_seed(0)
    optimizer = make(name=name, learning_rate=0.1)
    ours = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    copies = [parameter.detach().clone().requires_grad_() for parameter in ours]
    theirs = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[name]
    pairs = iter(copies)
    groups = [
        {
            "params": [next(pairs) for _ in group["params"]],
            "lr": group["lr"],
            "weight_decay": group["weight_decay"],
        }
        for group in optimizer.param_groups
    ]
    other = theirs(groups, **({"momentum": 0.9} if name == "sgd" else {}))
    for _ in range(3):
        for one, copy in zip(ours, copies, strict=True):
            one.grad = torch.randn_like(one)
            copy.grad = one.grad.clone()
        optimizer.step()
        other.step()

    assert all(torch.equal(one, copy) for one, copy in zip(ours, copies, strict=True))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"name": "adamm"}, "name is adamm; it must be adamw, adam, sgd or a class's dotted path"),
        ({"arguments": {"lr": 1}}, "arguments: lr is set by optimizer.learning_rate"),
        ({"arguments": {"betas": [0, 0]}}, "arguments: betas is set by optimizer.betas"),
        ({"name": "sgd", "arguments": {"momentum": 0}}, "arguments: momentum is set by optimizer."),
        ({"momentum": 1.0}, "momentum"),
    ],
)
def test_what_no_optimizer_has_is_refused_without_torch(
    modules: Modules, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        modules("core.config.optimizer").OptimizerConfig(**settings)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"name": "torch.optim.Nadam"}, "optimizer.name: torch.optim.Nadam: cannot be imported"),
        ({"name": "torch.nn.Linear"}, "torch.nn.Linear: is no subclass of torch.optim.Optimizer"),
        ({"arguments": {"amsgrd": True}}, "'amsgrd'; did you mean amsgrad?"),
        ({"name": "torch.optim.LBFGS"}, "torch.optim.LBFGS: LBFGS doesn't support per-parameter"),
        ({"name": "torch.optim.Muon"}, "torch.optim.Muon: Muon only supports 2D parameters"),
    ],
)
def test_what_an_optimizer_does_not_take(
    modules: Modules, make: Callable[..., Any], settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(modules("core.errors").UserError) as refused:
        make(**settings)

    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"name": "sgd", "betas": (0.5, 0.5)}, "optimizer.betas is not used: sgd takes none"),
        ({"momentum": 0.5}, "optimizer.momentum is not used: adamw takes none"),
        ({"name": "adam"}, "optimizer: adam adds weight decay to the gradient (L2), unlike adamw"),
        ({"name": "torch.optim.Rprop"}, "optimizer.weight_decay is not used: torch.optim.Rprop"),
    ],
)
def test_what_is_not_used_is_said(
    make: Callable[..., Any], caplog: pytest.LogCaptureFixture, settings: Any, line: str
) -> None:
    caplog.set_level(logging.INFO, "experiment")

    make(**settings)

    assert line in caplog.text


def test_the_table_of_groups_shows_names(modules: Modules) -> None:
    network: Any = torch.nn.ModuleDict(
        {name: torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2)) for name in "abc"}
    )
    short = modules("core.module.parameter_groups").short_names

    assert short(network, network.parameters()) == "a, b, c"
    assert short(network, network["b"].parameters()) == "b"
    some = [*network["a"].parameters(), network["c"][0].weight]
    assert short(network, some) == "a, c.0.weight"
    biases = [p for name, p in network.named_parameters() if name.endswith("bias")]
    assert short(network, biases, most=2) == "a.0.bias, a.1.bias and 4 more"


OWN = """
    def make_optimizer(self, groups: Any) -> Any:
        return torch.optim.RMSprop(groups, alpha=0.5)

    def learning_rate_factor(self, step: int, total_steps: float) -> float:
        return 1.0 - step / total_steps
"""
CONFIGURED = """
    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.25)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 7, 0.5)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]
"""


def write_own(experiment: Experiment, text: str) -> None:
    module = experiment / "experiment/module.py"
    replace(
        module,
        "import torch.nn.functional as F\n",
        "import torch\nimport torch.nn.functional as F\n",
    )
    replace(
        module, "from torch import Tensor\n", "from torch import Tensor\nfrom typing import Any\n"
    )
    replace(module, "\n    def training_step", text + "\n    def training_step")


@pytest.mark.slow
def test_seams_of_ones_own_are_used_everywhere(experiment: Experiment) -> None:
    write_own(experiment, OWN)
    words = ("optimizer.freeze=[model.stem]", "optimizer.layer_decay=0.5", "trainer.max_epochs=2")
    every = ("checkpoint.every_n_steps=1",)

    calm = experiment.fit("--name", "calm", *words, *every)
    experiment.killed("on_train_batch_start", 9, *words, *every)
    again = experiment.fit("--name", "a", *words, *every)

    assert calm.returncode == again.returncode == 0, calm.stderr + again.stderr
    assert "schedule: learning_rate_factor() in module.py decides" in calm.stdout
    assert "are frozen" in calm.stdout
    assert experiment.run("a").weights() == experiment.run("calm").weights()
    assert experiment.run("a").metrics() == experiment.run("calm").metrics()
    state = experiment.run("calm").checkpoint()["optimizer_states"][0]
    assert {group["alpha"] for group in state["param_groups"]} == {0.5}
    drawn = experiment.main("tune", "--schedule", "--epochs", "2")
    assert drawn.returncode == 0, drawn.stderr
    assert "schedule: learning_rate_factor() in module.py, " in drawn.stdout


@pytest.mark.slow
def test_an_own_configure_optimizers_is_said_and_drawn(experiment: Experiment) -> None:
    write_own(experiment, CONFIGURED)

    done = experiment.fit("--name", "a", "optimizer.weight_decay=0.5", "trainer.max_epochs=1")
    drawn = experiment.main("tune", "--schedule", "--max-steps", "21", "trainer.max_epochs=null")

    assert done.returncode == drawn.returncode == 0, done.stderr + drawn.stderr
    said = re.search(r"configure_optimizers\(\) in module.py decides; .*", done.stdout)
    assert said
    assert "optimizer.weight_decay" in said[0]
    assert "0.25 at step 0, 0.0625 at the last" in drawn.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sgd", "torch.optim.NAdam"])
def test_another_optimizer_goes_on_exactly_and_none_takes_its_place(
    experiment: Experiment, name: str, tmp_path: Path
) -> None:
    words = (f"optimizer.name={name}", "trainer.max_epochs=2", "checkpoint.every_n_steps=1")
    calm = experiment.fit("--name", "calm", *words)
    experiment.killed("on_train_batch_start", 10, *words)
    other = experiment.fit("--name", "a", *words[1:], "--allow-change")
    again = experiment.fit("--name", "a", *words)

    assert calm.returncode == again.returncode == 0, calm.stderr + again.stderr
    assert experiment.run("a").weights() == experiment.run("calm").weights()
    assert other.returncode == 2
    assert f"optimizer.name=adamw: the checkpoint's optimizer is {name}" in other.stderr
