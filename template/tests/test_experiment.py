"""Your tests. This file is yours; `uv run pytest` runs it beside tests/test_contract.py."""

from experiment.config import Config


def test_the_defaults_are_a_configuration() -> None:
    config = Config()

    assert config.trainer.max_epochs or config.trainer.max_steps
