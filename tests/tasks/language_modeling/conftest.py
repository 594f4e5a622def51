"""What the tests of this task share: data to make, refusals to read, one thread."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

Modules = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tokenizers and encoded texts go: made once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def make(experiment: Modules, cache: Path) -> Callable[..., Any]:
    """The experiment's data with some values of its configuration set."""

    def make_data(run: Any = None, **values: Any) -> Any:
        settings = {"cache": str(cache), **values}
        return experiment("data").ExperimentData(experiment("config").DataConfig(**settings), run)

    return make_data


@pytest.fixture
def refusal(experiment: Modules) -> Callable[[Callable[[], Any]], str]:
    """The sentence with which something is refused."""

    def sentence(act: Callable[[], Any]) -> str:
        with pytest.raises(experiment("core.errors").UserError) as error:
            act()
        assert "\n" not in str(error.value)
        return str(error.value)

    return sentence
