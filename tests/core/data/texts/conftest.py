"""Texts are encoded once for all tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from modules import Modules


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tokenizers and encoded texts go."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def make(experiment: Modules, cache: Path) -> Callable[..., Any]:
    """The experiment's data with some values of its configuration set."""

    def make_data(run: Any = None, **values: Any) -> Any:
        settings = {"cache": str(cache), **values}
        return experiment("data").ExperimentData(experiment("config").DataConfig(**settings), run)

    return make_data
