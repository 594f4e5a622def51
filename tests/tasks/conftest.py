"""A project of the task that a test folder is named after.

A test asks for ``experiment`` and gets its modules: ``experiment("core.data.sampling")``.
"""

from collections.abc import Iterator

import pytest
from modules import Modules, modules_of


@pytest.fixture(scope="module")
def experiment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Modules]:
    """The package of a project, for as long as one test file runs."""
    yield from modules_of(request.path.parent.name, tmp_path_factory.mktemp("project"))
