"""What the tests of the data share: modules to try, data to make, refusals to read, one thread."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from modules import Modules, modules_of

# Whose data.py reads what the tests of a folder bring; all other tests take the first.
TASKS = {
    "images": "image_classification",
    "boxes": "object_detection",
    "masks": "semantic_segmentation",
    "texts": "language_modeling",
    "example_files": "custom",
}


@pytest.fixture(scope="module")
def experiment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Modules]:
    """The package of a project, for as long as one test file runs."""
    task = TASKS.get(request.path.parent.name, TASKS["images"])
    yield from modules_of(task, tmp_path_factory.mktemp("project"))


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same draws in every test run."""
    torch.manual_seed(0)


@pytest.fixture
def make(experiment: Modules) -> Callable[..., Any]:
    """The experiment's data with some values of its configuration set."""

    def make_data(run: Any = None, **values: Any) -> Any:
        return experiment("data").ExperimentData(experiment("config").DataConfig(**values), run)

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
