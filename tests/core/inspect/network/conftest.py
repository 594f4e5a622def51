"""What the tests of looking at networks share."""

from collections.abc import Iterator

import pytest
from looked_networks import Look
from modules import Modules, modules_of


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("custom", tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="session")
def look(core: Modules) -> Look:
    return Look(core)
