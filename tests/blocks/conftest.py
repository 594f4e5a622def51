"""The template's blocks, with their annotations checked at every call."""

import sys
from importlib import import_module
from types import ModuleType

import pytest
from jaxtyping import install_import_hook
from projects import ROOT

BLOCKS = ROOT / "template" / "experiment" / "blocks"


@pytest.fixture(scope="session")
def blocks(package: str) -> ModuleType:
    """``experiment.blocks`` with all its modules, annotations checked at every call."""
    with install_import_hook(f"{package}.blocks", "beartype.beartype"):
        for file in sorted(BLOCKS.glob("[!_]*.py")):
            import_module(f"{package}.blocks.{file.stem}")
    return sys.modules[f"{package}.blocks"]
