"""What the template relies on, whatever data.py, model.py and module.py hold.

Template's file: updates replace it. Your own tests go into test_experiment.py.
"""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves

import main
from experiment.config import Config
from experiment.core.commands.smoke_checks import demo_or_configured, first_batch
from experiment.core.config.dump import dump_config
from experiment.core.config.load import load_settings
from experiment.core.runs.run import Run
from experiment.core.sweep.checks import check_sweep

PROJECT = Path(main.__file__).parent
CONFIG = PROJECT / "configs" / "experiment.yaml"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """DataModule, LightningModule and Trainer of configs/experiment.yaml, on demo data."""
    config: Any = load_settings(Config, Namespace(config=[CONFIG])).config
    config.data.source = demo_or_configured(config)
    config.data.batch_size, config.logger.wandb = 8, "off"
    run = Run(tmp_path_factory.mktemp("runs") / "contract")
    run.lock()
    run.begin("contract", dump_config(config))
    return main.build(config, run)


def test_the_configuration_survives_its_file(tmp_path: Path) -> None:
    config = load_settings(Config, Namespace(config=[CONFIG])).config

    (tmp_path / "config.yaml").write_text(dump_config(config), encoding="utf-8")
    again = load_settings(Config, Namespace(config=[tmp_path / "config.yaml"])).config

    assert again == config


@pytest.mark.parametrize("file", sorted((PROJECT / "sweeps").glob("*.yaml")), ids=lambda f: f.name)
def test_a_sweep_varies_settings_that_exist(file: Path) -> None:
    assert check_sweep(file, Config, Namespace(config=[CONFIG])) > 0


def test_smoke_passes() -> None:
    """A fresh process, so that annotations are checked as tensors flow."""
    command = [sys.executable, "main.py", "smoke"]

    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_batch_is_a_function_of_seed_and_position(parts: tuple[Any, Any, Any]) -> None:
    data = parts[0]

    first, again = (first_batch(data) for _ in range(2))

    for one, other in zip(tree_leaves(first), tree_leaves(again), strict=True):
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def test_one_batch_can_be_learned(parts: tuple[Any, Any, Any]) -> None:
    """A model that cannot learn eight samples by heart has a fault that more data will not mend."""
    data, module, _ = parts
    torch.manual_seed(0)
    batch = first_batch(data)
    optimizer = torch.optim.AdamW(module.parameters(), lr=2e-3, weight_decay=0.0)
    module.eval()  # dropout off: only the fit matters

    first = last = validation_loss(module, batch)
    for step in range(1, 201):
        optimizer.zero_grad()
        module.training_step(batch, 0).backward()
        optimizer.step()
        if step % 10 == 0 and (last := validation_loss(module, batch)) < 0.1 * first:
            break

    assert last < 0.1 * first


def validation_loss(module: Any, batch: Any) -> float:
    """The loss as validation has it: without label smoothing and the like."""
    with torch.no_grad():
        module.validation_step(batch, 0)
    return float(module.averages.pop("eval")["val/loss"])
