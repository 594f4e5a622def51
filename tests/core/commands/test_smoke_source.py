"""``main.py smoke`` looks at the demo, unless a source is typed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modules import Modules, modules_of


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("semantic_segmentation", tmp_path_factory.mktemp("project"))


def smoke(experiment: Modules, folder: Path, build: Any, *words: str) -> Any:
    """The checks of a project whose YAML file names a folder."""
    cli, load = experiment("core.config.cli"), experiment("core.config.load")
    file = folder / "experiment.yaml"
    file.write_text("data:\n  source: folder\n  root: nowhere\n")
    argv = ["smoke", "--config", str(file), *words]
    arguments = cli.parse_arguments(cli.make_parser("An experiment."), argv)
    settings = load.load_settings(experiment("config").Config, arguments)
    return experiment("core.commands.smoke_checks").Smoke(settings, build, folder, arguments)


@pytest.mark.parametrize("word", ["data.source=folder", "data.source=demo", None])
def test_a_source_that_is_typed_is_meant(
    experiment: Modules, tmp_path: Path, word: str | None
) -> None:
    words = [word] if word else []

    said = smoke(experiment, tmp_path, None, *words).configuration()

    assert said.endswith("data from folder" if word == "data.source=folder" else "data from demo")


def test_what_is_wrong_with_it_is_an_error(
    experiment: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source of the file alone may be of another machine: then all that needs it is left out."""
    error = experiment("core.errors").UserError("data.root: there is no folder nowhere")

    def build(*_: Any) -> None:
        raise error

    checks = experiment("core.commands.smoke_checks")
    monkeypatch.setattr(checks, "is_of_data", lambda _: True)
    monkeypatch.setattr(checks, "demo_or_configured", lambda config: config.data.source)
    for folder in ("typed", "configured"):
        (tmp_path / folder).mkdir()
    typed = smoke(experiment, tmp_path / "typed", build, "data.source=folder")
    configured = smoke(experiment, tmp_path / "configured", build)
    typed.configuration()
    configured.configuration()

    with pytest.raises(type(error), match="there is no folder nowhere"):
        typed.data()
    with pytest.raises(checks.Unreachable, match="there is no folder nowhere"):
        configured.data()
