"""``python main.py`` by a Python that is too old, or lacks what the project needs."""

import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from modules import modules_of
from projects import DEFAULT_TASK, ROOT, Project, run


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with its standard library alone."""
    folder = tmp_path_factory.mktemp("bare")
    done = run([sys.executable, "-m", "venv", "--without-pip", str(folder)], folder)
    assert done.returncode == 0, done.stderr
    return folder / "bin/python"


@pytest.fixture
def missing(tmp_path: Path) -> Iterator[ModuleType]:
    """``core.commands.missing_package`` of a project whose pyproject.toml is yet to be written."""
    for modules in modules_of(DEFAULT_TASK, tmp_path):
        yield modules("core.commands.missing_package")


@pytest.mark.parametrize("command", ["fit", "config", "smoke", "runs", "inspect data", "sweep"])
def test_a_line_says_what_is_right(bare: Path, default_project: Project, command: str) -> None:
    done = run([str(bare), "main.py", *command.split()], default_project.path)

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f", which the project needs, is not installed for {bare}: type uv run" in line
    assert done.stdout == ""


def test_an_old_python_is_told_what_is_right(default_project: Project) -> None:
    program = "import sys; sys.version_info = (3, 9, 18); import main"
    done = run([sys.executable, "-c", program, "config"], default_project.path)

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("Python 3.11 or newer is needed; this is 3.")
    assert "type uv run python main.py ..." in line


def test_help_needs_nothing(bare: Path, default_project: Project) -> None:
    done = run([str(bare), "main.py", "--help"], default_project.path)

    assert done.returncode == 0, done.stderr


def test_an_import_of_ones_own_stays_a_traceback(bare: Path, copied: Callable[[], Project]) -> None:
    project = copied()
    command = project / "experiment/core/commands/show_config.py"
    command.write_text(f"import my_module\n{command.read_text()}")

    done = run([str(bare), "main.py", "config"], project.path)

    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'my_module'\n")


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("[project]\ndependencies = [\"tabulate>=0.9 ; python_version > '3'\"]", True),
        ('[project]\ndependencies = ["Tabulate[wide]"]', True),
        ('[project]\ndependencies = ["tabulate2"]', False),
        ("[project]\ndependencies = 3", False),
        ("[project", False),
        (None, False),
    ],
)
def test_what_is_listed_is_said(
    missing: ModuleType, tmp_path: Path, text: str | None, is_said: bool
) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)

    said = missing.missing_package(ModuleNotFoundError("No module", name="tabulate"))

    assert (said is not None) == is_said
    assert missing.missing_package(ModuleNotFoundError("No module", name="tabulate.wide")) is None


def test_every_requirement_is_known_by_its_import(missing: ModuleType, tmp_path: Path) -> None:
    """All that tests run with is installed here."""
    project, _, _ = (ROOT / "template/pyproject.toml.jinja").read_text().partition("[project.opt")
    wanted = set(re.findall(r'^    "([\w>=.-]+)",$', project, re.MULTILINE))
    for file in (ROOT / "tasks").glob("*/dependencies.txt"):
        wanted |= set(re.findall(r"^[\w>=.-]+$", file.read_text(), re.MULTILINE))
    lines = ", ".join(f'"{line}"' for line in sorted(wanted))
    (tmp_path / "pyproject.toml").write_text(f"[project]\ndependencies = [{lines}]\n")

    listed = missing._listed()

    assert len(listed) == len(wanted) > 12
    assert [name for name in sorted(listed | missing.BROUGHT) if find_spec(name) is None] == []
