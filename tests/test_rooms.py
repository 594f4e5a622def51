"""``core/`` is a house of rooms: imports go down the list, what is public stands at the door."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.experiment import Server
from projects import ROOT, foreign, run

PACKAGE = ROOT / "template" / "experiment"
CORE = PACKAGE / "core"
ROOMS = sorted(path for path in CORE.rglob("*") if (path / "__init__.py").exists())
# Room, file, an import that does not belong there, and what is said of it.
WRONG = [
    (
        "data/cross_validation.py",
        "from ..trainer.trainer import build_trainer",
        "An import goes down the list of rooms, never up",
        "experiment.core.data is not allowed to import experiment.core.trainer",
    ),
    (
        "config/schema.py",
        "from ..runs.run import Run",
        "An import goes down the list of rooms, never up",
        "experiment.core.config is not allowed to import experiment.core.runs",
    ),
    (
        "sweep/trials.py",
        "from .runner import Runner",
        "Files of a room do not import each other in a circle",
        "No cycles are allowed in experiment.core.sweep",
    ),
    (
        "module/module.py",
        "from ...blocks.norms import RMSNorm",
        "core and blocks do not know each other",
        "experiment.core is not allowed to import experiment.blocks",
    ),
    (
        "runs/disk_errors.py",
        "import torch",
        "need no torch",
        "experiment.core.runs is not allowed to import torch",
    ),
]


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Hold the package in ``folder`` against the contracts of pyproject.toml."""
    program = Path(sys.executable).with_name("lint-imports")
    settings = str(ROOT / "pyproject.toml")
    # Wide, so that no sentence is broken.
    variables = {"PYTHONPATH": str(folder), "COLUMNS": "400"}
    return run([str(program), "--no-cache", settings], folder, variables)


def test_an_import_goes_down_the_rooms() -> None:
    done = lint(ROOT / "template")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(("file", "line", "rule", "broken"), WRONG, ids=[w[0] for w in WRONG])
def test_a_wrong_import_names_the_rule_and_the_room(
    file: str, line: str, rule: str, broken: str, tmp_path: Path
) -> None:
    shutil.copytree(PACKAGE, tmp_path / "experiment", ignore=shutil.ignore_patterns("__py*"))
    with (tmp_path / "experiment/core" / file).open("a", encoding="utf-8") as opened:
        opened.write(f"{line}\n")

    done = lint(tmp_path)

    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert f"{rule}" in said
    assert broken in said


def test_whoever_lists_the_house_sees_its_rooms() -> None:
    flat = [path.name for path in CORE.glob("[!_]*.py")]

    assert len(flat) <= 7, flat
    for path in CORE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path


@pytest.mark.parametrize("room", ROOMS, ids=[str(room.relative_to(CORE)) for room in ROOMS])
def test_the_door_of_a_room_imports_nothing_by_itself(room: Path) -> None:
    """A name that is a file's, too, would be the file once that is imported."""
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))

    imported = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    public = {name for names in doors(tree).values() for name in names}

    assert {name for name in imported if name} <= {"typing", "imports"}
    assert not public & {path.stem for path in room.glob("*.py")}
    assert doors(tree) == typed(tree)


def doors(tree: ast.Module) -> dict[str, set[str]]:
    """The public names of each file, as ``lazily`` gets them."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    tables = [ast.literal_eval(call.args[1]) for call in calls]
    return {file: set(names) for table in tables for file, names in table.items()}


def typed(tree: ast.Module) -> dict[str, set[str]]:
    """The same as editors and type checkers see it."""
    found: dict[str, set[str]] = {}
    for branch in (node for node in tree.body if isinstance(node, ast.If)):
        for node in branch.body:
            assert isinstance(node, ast.ImportFrom)
            found.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
    return found


def test_what_needs_no_torch_imports_none() -> None:
    """The torch-free rooms, imported for real: the contract sees imports, not what they bring."""
    program = (
        "import importlib, pkgutil, sys\n"
        "for room in ('config', 'runs', 'restart', 'sweep', 'queue', 'ui'):\n"
        "    package = importlib.import_module(f'experiment.core.{room}')\n"
        "    for module in pkgutil.iter_modules(package.__path__, f'{package.__name__}.'):\n"
        "        importlib.import_module(module.name)\n"
        "print([name for name in sys.modules if name.startswith(('torch', 'pytorch_lightning'))])"
    )

    done = run([sys.executable, "-c", program], ROOT, {"PYTHONPATH": str(ROOT / "template")})

    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_tests_lie_in_the_same_rooms() -> None:
    tested = {path.parent for path in (ROOT / "tests/core").rglob("test_*.py")}

    for folder in tested:
        assert (CORE / os.path.relpath(folder, ROOT / "tests/core")).is_dir(), folder


# What a generated project has whatever its task is imports no more than such a project installs.
LACKING = """
import importlib, sys
from pathlib import Path
for name in [name for name in sys.modules if name.partition(".")[0] in sys.argv[2:]]:
    del sys.modules[name]
sys.modules.update(dict.fromkeys(sys.argv[2:]))
root = Path(sys.argv[1])
sys.path.insert(0, str(root))
for file in sorted((root / "experiment/core").rglob("*.py")):
    if "examples" in file.parts:  # programs to be written beside an exported network
        continue
    name = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    try:
        importlib.import_module(name)
    except ImportError:
        print(name.removeprefix("experiment.core."))
"""
OF_TEXTS = ("prompts", "token_files", "token_windows", "tokenizer")


@pytest.mark.slow
def test_core_imports_what_every_task_installs(server: Server) -> None:
    done = run([str(server.warm), "-c", LACKING, str(PACKAGE.parent), *foreign("custom")], ROOT)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"data.texts.{name}" for name in OF_TEXTS]
