"""docs/interface.md is what ``core`` and ``blocks`` offer, and all that your files use of it."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.copy_project import copy_project
from projects import ROOT, TASKS, Project, Template, run
from test_rooms import CORE, ROOMS, doors

PAGE = (ROOT / "docs/interface.md").read_text(encoding="utf-8")
OF_EVERYBODY = ("template/main.py", "template/experiment/callbacks.py")
OF_EVERYBODY += ("template/tests/test_experiment.py",)
BASES = {"data": ("data/datamodule.py", "DataModule"), "module": ("module/module.py", "Module")}
SEEDS = [ROOT / name for name in OF_EVERYBODY]
SEEDS += [path for task in TASKS for path in (ROOT / "tasks" / task).glob("*.py")]


def documented() -> dict[str, set[str]]:
    """The names of each module on the page."""
    found: dict[str, set[str]] = {}
    for heading, body in re.findall(r"(?ms)^### `([\w.]+)`\n(.*?)(?=^##|\Z)", PAGE):
        rows = re.findall(r"(?m)^\| `(\w+)` \|(.*)", body)
        if heading.endswith(".blocks"):
            for file, names in rows:
                found[f"{heading}.{file}"] = set(re.findall(r"`(\w+)`", names))
        else:
            found[heading] = {name for name, _ in rows}
    return found


def offered() -> dict[str, set[str]]:
    """The names at each room's door, and those of the blocks."""
    found = {"experiment.core.errors": {"UserError"}}
    for room in ROOMS:
        tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
        if names := {name for names in doors(tree).values() for name in names}:
            found[".".join(("experiment.core", *room.relative_to(CORE).parts))] = names
    for path in sorted((ROOT / "template/experiment/blocks").glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined = (n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef))
        names = {node.name for node in defined if not node.name.startswith("_")}
        found[f"experiment.blocks.{path.stem}"] = names
    return found


def used(path: Path) -> Iterator[tuple[str, str]]:
    """Each name that a file imports from the template's, with its module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            name = f"experiment.{node.module}" if node.level else node.module
            if name.startswith(("experiment.core", "experiment.blocks")):
                for alias in node.names:
                    inner = f"{name}.{alias.name}"
                    if inner in documented():  # from .core.data import images
                        modules[alias.asname or alias.name] = inner
                    else:
                        yield name, alias.name
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                yield modules[module], name


def test_the_page_lists_what_is_offered() -> None:
    assert documented() == offered()


def test_the_signatures_are_those_of_the_code() -> None:
    """Each ``name(self, ...)`` on the page, under the heading of the file that may override it."""
    found = 0
    for file, body in re.findall(r"(?ms)^## Signatures: (\w+)\.py\n(.*?)(?=^## |\Z)", PAGE):
        path, name = BASES[file]
        tree = ast.parse((CORE / path).read_text(encoding="utf-8"))
        (owner,) = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name]
        methods = {n.name: n for n in owner.body if isinstance(n, ast.FunctionDef)}
        for method, arguments in re.findall(r"`(\w+)\((self[^)]*)\)", body):
            if method in {"prepare_data", "setup"}:  # Lightning's own
                continue
            spec = methods[method].args
            names = [argument.arg for argument in [*spec.posonlyargs, *spec.args]]
            names += [f"*{spec.vararg.arg}"] if spec.vararg else []
            names += [argument.arg for argument in spec.kwonlyargs]
            names += [f"**{spec.kwarg.arg}"] if spec.kwarg else []
            assert [word.split("=")[0].strip() for word in arguments.split(",")] == names, method
            found += 1
    assert found >= 10


@pytest.mark.parametrize("path", SEEDS, ids=[str(path.relative_to(ROOT)) for path in SEEDS])
def test_a_researchers_file_uses_what_the_page_lists(path: Path) -> None:
    for module, name in used(path):
        assert name in documented().get(module, set()), f"{path}: {module}.{name}"


def test_what_is_used_is_seen() -> None:
    everything = {pair for path in SEEDS for pair in used(path)}

    assert ("experiment.core.data.images", "load") in everything
    assert ("experiment.core.module", "Module") in everything
    assert ("experiment.blocks.transformer", "DecoderBlock") in everything
    assert len(everything) > 50


def test_a_new_setting_of_core_works_in_a_project_made_before_it(
    whole_template: Template, whole_project: Project, python: Path
) -> None:
    """A reader gets the whole configuration, and core's part of it is core's."""
    template, project = whole_template, whole_project
    config = "template/experiment/core/config/data.py"
    reader = "template/experiment/core/data/images/sources.py"
    column = '    label_column: str = "label"'
    demo = '    demo = config.source == "demo"'

    def edit(it: Template) -> None:
        it.replace(config, column, f"    darker: bool = False  # half as bright\n{column}")
        half = (
            "    if config.darker:\n"
            "        return {k: from_pixels(v.pixels // 2, v.labels, v.class_names)\n"
            "                for k, v in demo_digits.load().items()}\n"
        )
        it.replace(reader, demo, f"{half}{demo}")
        it.replace(reader, "import LabelledImages", "import LabelledImages, from_pixels")

    before = (project / "experiment/data.py").read_bytes()
    template.release("v0.0.2", edit)
    project.update()
    program = (
        "from experiment.config import DataConfig; from experiment.data import ExperimentData;"
        "print([sum(ExperimentData(DataConfig(darker=dark)).facts.mean) for dark in (False, True)])"
    )
    done = run([str(python), "-c", program], project.path)

    assert (project / "experiment/data.py").read_bytes() == before
    bright, dark = ast.literal_eval(done.stdout or "[]") or pytest.fail(done.stderr)
    assert dark == pytest.approx(bright / 2, rel=0.05)


@pytest.mark.slow
def test_a_section_of_core_is_subclassed_without_a_complaint(
    default_project: Project, tmp_path: Path, python: Path
) -> None:
    project = Project(copy_project(default_project.path, tmp_path / "x"))
    project.replace(
        "experiment/config.py",
        "import ImageDataConfig, RunConfig, at_least, fraction",
        "import ImageDataConfig, OptimizerConfig, RunConfig, at_least, fraction",
    )
    project.replace(
        "experiment/config.py",
        "@dataclass\nclass Config(RunConfig):",
        "@dataclass\nclass MyOptimizer(OptimizerConfig):\n"
        '    """The same, with a setting of my own."""\n\n'
        "    lookahead: int = 5  # steps\n\n\n"
        "@dataclass\nclass Config(RunConfig):",
    )
    project.replace(
        "experiment/config.py",
        "    label_smoothing: float",
        "    optimizer: MyOptimizer = field(default_factory=MyOptimizer)\n"
        "    label_smoothing: float",
    )

    files = ["main.py", *(f"experiment/{name}.py" for name in ("config", "data", "module"))]
    checker = [str(python), "-m", "basedpyright", "--pythonpath", str(python)]
    typed = run([*checker, *files], project.path)
    said = run([sys.executable, "main.py", "config", "optimizer.lookahead=7"], project.path)

    assert typed.returncode == 0, typed.stdout
    assert said.returncode == 0, said.stderr
    assert re.search(r"lookahead: 7 +# command line", said.stdout)
    assert "learning_rate: " in said.stdout
