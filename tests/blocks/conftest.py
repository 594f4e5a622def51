"""The template's package, under a name of its own: other tests have their ``experiment`` too."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import torch
from jaxtyping import install_import_hook

EXPERIMENT = Path(__file__).parents[2] / "template" / "experiment"
NAME = "experiment_of_the_template"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def package() -> str:
    """Name of the template's package, imported so far as its ``__init__`` goes."""
    init = EXPERIMENT / "__init__.py"
    spec = spec_from_file_location(NAME, init, submodule_search_locations=[str(init.parent)])
    assert spec
    sys.modules[NAME] = module_from_spec(spec)
    return NAME


@pytest.fixture(scope="session")
def blocks(package: str) -> ModuleType:
    """``experiment.blocks`` with all its modules, annotations checked at every call."""
    with install_import_hook(f"{package}.blocks", "beartype.beartype"):
        for file in sorted((EXPERIMENT / "blocks").glob("[!_]*.py")):
            import_module(f"{package}.blocks.{file.stem}")
    return sys.modules[f"{package}.blocks"]


@pytest.fixture(scope="session")
def shapes(package: str) -> ModuleType:
    """``experiment.core.shapes``, which reads and checks shapes."""
    return import_module(f"{package}.core.shapes")
