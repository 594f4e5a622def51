"""A path that begins with ``~`` is at home, wherever a person types it."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from assemble import Package, assemble


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModuleType]:
    """A file of core."""
    return Package(assemble(tmp_path_factory.mktemp("core") / "project")).module


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own; whoever makes a folder ``~`` makes it in another."""
    home = tmp_path / "home"
    (home / "runs/a").mkdir(parents=True)
    (home / "runs/a/config.yaml").write_text("")
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path / "here")
    return home


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--output", "~/x"], "output"),
        (["--output=~/x"], "output"),
        (["--resume", "~/x"], "resume"),
        (["--weights-from", "~/x"], "weights_from"),
        (["validate", "--checkpoint", "~/x"], "checkpoint"),
        (["validate", "--name", "~/x"], "name"),
        (["predict", "--input", "~/x"], "input"),
        (["predict", "--input", "test", "--output=~/x"], "predictions"),
        (["sweep", "~/x"], "file"),
        (["--config", "other", "--config=~/x"], "config"),
    ],
)
def test_every_path_of_the_command_line(
    module: Callable[[str], ModuleType], home: Path, words: list[str], name: str
) -> None:
    cli = module("core.config.cli")

    typed = getattr(cli.parse_arguments(cli.make_parser(""), words), name)

    assert typed == (["other", str(home / "x")] if name == "config" else str(home / "x"))


def test_every_option_that_takes_a_path_is_among_them(
    module: Callable[[str], ModuleType],
) -> None:
    cli = module("core.config.cli")
    options = [option for options in cli.OPTIONS.values() for option in options]
    paths = {
        dest
        for _, dest, metavar, meaning in options
        if metavar in {"PATH", "FILE", "FROM"} or "PATH" in meaning
    }

    assert paths - {"config"} <= set(cli.PATHS)
    assert "output" in paths


def test_paths_of_the_configuration_and_of_a_notebook(
    module: Callable[[str], ModuleType], home: Path
) -> None:
    (home / "a.ckpt").write_text("")
    folders, checkpoints = (
        module("core.runs.run_folders"),
        module("core.checkpoint.find_checkpoint"),
    )

    assert module("core.files").project_path("~/data") == home / "data"  # data.root, data.cache
    assert folders.find_run("~/runs/a", Path("nowhere")) == home / "runs/a"
    with pytest.raises(Exception, match="no such file"):
        checkpoints.choose_path("~/b.ckpt", "--resume", "a path")
    with pytest.raises(Exception, match=r"~/a\.ckpt is "):  # found, and no checkpoint
        checkpoints.choose_path("~/a.ckpt", "--resume", "a path")


def test_a_home_that_is_nobodys_is_said(
    module: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    cli = module("core.config.cli")

    with pytest.raises(SystemExit):
        cli.parse_arguments(cli.make_parser(""), ["--output", "~nobody-at-all/x"])

    assert capsys.readouterr().err == (
        "~nobody-at-all/x: there is no home ~nobody-at-all; give a path\n"
    )


def test_a_run_lands_at_home(module: Callable[[str], ModuleType], home: Path) -> None:
    cli = module("core.config.cli")
    typed = cli.parse_arguments(cli.make_parser(""), ["--output=~/runs"])

    folder = module("core.runs.run_folders").new_folder(Path(typed.output))

    assert folder == home / "runs/run-001"
    assert not Path("~").exists()
