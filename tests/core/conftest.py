"""Projects in which real experiments run, each in a fork of a process that has torch imported."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.experiment import Experiment, RunFolder, Server
from harness.watched import Watched
from projects import Project


@pytest.fixture
def experiment(default_project: Project, server: Server, tmp_path: Path) -> Experiment:
    """A project of the test's own."""
    return Experiment(default_project.path, server).copy(tmp_path / "experiment")


@pytest.fixture(scope="session")
def undisturbed(
    default_project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., RunFolder]:
    """Runs that nothing happened to, by what was typed: each is trained once for all tests."""
    runs: dict[tuple[str, ...], RunFolder] = {}

    def run(*argv: str) -> RunFolder:
        if argv not in runs:
            folder = tmp_path_factory.mktemp("undisturbed") / "experiment"
            runs[argv] = Experiment(default_project.path, server).copy(folder).trained(*argv)
        return runs[argv]

    return run


@pytest.fixture
def watch(experiment: Experiment) -> Iterator[Callable[..., Watched]]:
    """Start a run with its supervisor; at the test's end it is no more."""
    started: list[Watched] = []

    def start(*argv: str, **options: Any) -> Watched:
        started.append(Watched(experiment, *argv, **options))
        return started[-1]

    yield start
    for watched in started:
        watched.process.kill()
        watched.process.wait()
