"""``pytest`` in a project: shapes are checked whatever its settings say, others' code is not."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from harness.matrix import spanned
from projects import Project, run

HEAD = """\
import numpy as np
from jaxtyping import Float


def head(x: Float[np.ndarray, "batch dim"]) -> Float[np.ndarray, "batch"]:
    return x
"""
TEST = """\
import numpy as np
from experiment.{folder}.head import head


def test_head() -> None:
    assert head(np.zeros((2, 3))).shape == (2, 3)
"""
ADDOPTS = 'addopts = "-ra"'
TABLE = f'[tool.pytest.ini_options]\ntestpaths = ["tests"]\n{ADDOPTS}\n'
SETTINGS = {
    "the template's": TABLE,
    "other addopts": TABLE.replace("-ra", "--strict-markers --import-mode=importlib"),
    "no table": "",
    "pytest's own table": '[tool.pytest]\ntestpaths = ["tests"]\n',
    "other folders left out": TABLE + 'norecursedirs = ["mine"]\n',
}


@pytest.fixture
def own(copied: Callable[[], Project]) -> Project:
    """A project in which somebody has written a wrong shape into a new folder."""
    project = copied()
    for folder in ("heads", "third_party"):
        (project / f"experiment/{folder}").mkdir()
        (project / f"experiment/{folder}/head.py").write_text(HEAD)
        (project / f"tests/test_{folder}.py").write_text(TEST.format(folder=folder))
    return project


def pytest_in(
    project: Project, *words: str, before: str = "pass"
) -> "subprocess.CompletedProcess[str]":
    """Run pytest in a new process, as its program does, which has no project on its path."""
    program = f"import sys; sys.path.remove(''); {before}; import pytest; sys.exit(pytest.main())"
    command = [sys.executable, "-c", program, "-q", "-p", "no:cacheprovider", *words]
    return run(command, project.path)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_wrong_shape_fails_whatever_the_settings(own: Project, settings: str) -> None:
    own.replace("pyproject.toml", TABLE, settings)

    done = pytest_in(own, "tests/test_heads.py", "tests/test_third_party.py")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED tests/test_heads.py::test_head - jaxtyping.TypeCheckError" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "unchecked" not in done.stdout


def test_a_wrong_shape_fails_with_a_pytest_ini_and_from_another_folder(own: Project) -> None:
    (own / "pytest.ini").write_text("[pytest]\n")
    (own / "tests/conftest.py").write_text("import experiment.heads.head\n")

    done = pytest_in(Project(own / "docs"), "../tests/test_heads.py")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "jaxtyping.TypeCheckError" in done.stdout


def test_without_beartype_tests_run_and_one_line_says_what_is_missing(own: Project) -> None:
    done = pytest_in(own, "tests/test_heads.py", before="sys.modules['beartype'] = None")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "types in annotations went unchecked: beartype is missing" in done.stdout


def test_what_was_imported_too_early_is_named(own: Project) -> None:
    early = f"sys.path.append({str(own.path)!r}); import experiment.heads.head"

    done = pytest_in(own, "tests/test_heads.py", before=early)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "unchecked: imported before its shapes could be checked: experiment.heads.head" in (
        done.stdout
    )


def test_values_of_a_configuration_are_the_loaders_to_check(own: Project) -> None:
    lines = "from experiment.config import Config\n\n\ndef test_it() -> None:\n"
    (own / "tests/test_it.py").write_text(f"{lines}    assert Config(label_smoothing=0)\n")

    done = pytest_in(own, "tests/test_it.py")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("settings", spanned([TABLE, SETTINGS["other folders left out"], ""], [""]))
def test_neither_vendored_code_nor_a_runs_copy_is_collected(own: Project, settings: str) -> None:
    own.replace("pyproject.toml", TABLE, settings)
    (own / "tests/test_contract.py").unlink()  # takes its time
    for folder in ("third_party", "tests/third_party/library", "runs/wide/code/tests"):
        (own / folder).mkdir(parents=True)
        (own / folder / "test_heads.py").write_text("raise RuntimeError('collected')\n")

    done = pytest_in(own, "--collect-only", ".")

    assert done.returncode == 0, done.stdout
    assert "tests/test_heads.py::test_head" in done.stdout
    named = pytest_in(own, "third_party/test_heads.py")  # by name it is
    assert "RuntimeError: collected" in named.stdout


def test_importing_the_hooks_does_nothing(default_project: Project) -> None:
    program = (
        "import sys;"
        "import experiment.core; room = list(sys.meta_path);"
        "import experiment.core.inspect.pytest_hooks;"
        "print(sys.meta_path == room, 'torch' in sys.modules, 'pytest' in sys.modules)"
    )

    done = run([sys.executable, "-c", program], default_project.path)

    assert done.stdout.split() == ["True", "False", "False"], done.stderr
