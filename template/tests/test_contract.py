"""What the template relies on, whatever data.py, model.py and module.py hold.

Template's file: updates replace it. Your own tests go into test_experiment.py.
"""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

import main
from experiment.config import Config
from experiment.core.commands.by_heart import ask_by_heart
from experiment.core.commands.smoke_batches import ask_of_first_batch, demo_or_configured
from experiment.core.commands.smoke_errors import Skipped
from experiment.core.config.dump import dump_config
from experiment.core.config.load import load_settings
from experiment.core.module.expected import read_expected
from experiment.core.runs.run import Run
from experiment.core.sweep.checks import check_sweep

PROJECT = Path(main.__file__).parent
CONFIG = PROJECT / "configs" / "experiment.yaml"


@pytest.fixture
def config() -> Any:
    """That of configs/experiment.yaml, on demo data."""
    config: Any = load_settings(Config, Namespace(config=[CONFIG])).config
    config.data.source = demo_or_configured(config)
    config.data.batch_size, config.logger.wandb = 8, "off"
    return config


def test_the_configuration_survives_its_file(tmp_path: Path) -> None:
    config = load_settings(Config, Namespace(config=[CONFIG])).config

    (tmp_path / "config.yaml").write_text(dump_config(config), encoding="utf-8")
    again = load_settings(Config, Namespace(config=[tmp_path / "config.yaml"])).config

    assert again == config


@pytest.mark.parametrize("file", sorted((PROJECT / "sweeps").glob("*.yaml")), ids=lambda f: f.name)
def test_a_sweep_varies_settings_that_exist(file: Path) -> None:
    assert check_sweep(file, Config, Namespace(config=[CONFIG])) > 0


def test_smoke_passes() -> None:
    """A fresh process, so that annotations are checked as tensors flow; nothing may be open."""
    command = [sys.executable, "main.py", "smoke"]
    strict = {**os.environ, "SMOKE": "strict"}

    done = subprocess.run(
        command, cwd=PROJECT, env=strict, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_batch_is_a_function_of_seed_and_position(config: Any, tmp_path: Path) -> None:
    data, module, _ = main.build(config, Run(tmp_path, smoke=True))
    expected = read_expected(module)

    ask_of_first_batch(expected, data)

    assert not expected.questions, expected.text


def test_one_batch_can_be_learned(config: Any, tmp_path: Path) -> None:
    """A model that cannot learn eight samples by heart has a fault that more data will not mend."""
    try:
        expected = ask_by_heart(config, main.build, tmp_path)
    except Skipped as reason:
        pytest.skip(str(reason))

    assert not expected.questions, expected.text
