"""What the tests of looking at data share: a project's package, and what was found there."""

from collections.abc import Callable, Iterator
from typing import Any

import planted
import pytest
from modules import Modules, modules_of

TASK = "image_classification"
Look = Callable[..., Any]


@pytest.fixture(scope="module")
def modules(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Modules]:
    """The package of a project; of another task where a test file says so."""
    task = getattr(request.module, "TASK", TASK)
    yield from modules_of(task, tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def look(modules: Modules) -> Look:
    """Look at splits of examples, or at a DataModule; what fails raises."""

    def examined(splits: Any, facts: Any = None, most: int | None = None, **settings: Any) -> Any:
        data = splits
        if isinstance(splits, dict):
            data = planted.data_module(modules, splits, facts, **settings)
        return modules("core.inspect.dataset.examine").examine(data, most, strict=True)

    return examined


def named(inspection: Any, detector: str) -> set[str]:
    """The examples that a detector speaks of."""
    return {
        example.id
        for finding in inspection.findings
        if finding.detector == detector
        for group in finding.groups
        for example in group
    }
