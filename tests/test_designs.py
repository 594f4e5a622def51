"""Some designs, which span what a researcher changes; ``python -m tests.designs`` has all."""

from pathlib import Path

import pytest
from designs.run import DESIGNS, live
from harness.experiment import Server
from projects import Project

pytestmark = pytest.mark.slow
# A network, a batch and facts of one's own; steps by hand; a stream; views; several loaders.
SPANNING = ("regression", "gan", "stream", "simclr", "second_validation")


def test_there_are_fourteen() -> None:
    assert len(DESIGNS) == 14
    assert set(SPANNING) < set(DESIGNS)


@pytest.mark.parametrize("design", SPANNING)
def test_a_design_lives(
    design: str, default_project: Project, server: Server, tmp_path: Path
) -> None:
    lived = live(design, default_project, server, tmp_path, whole=design == "regression")

    assert lived.lines > 5
    assert lived.compared > 20
