"""The questions of copier.yml, and what their answers render."""

import compileall
import os
import re
import shutil
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from projects import ROOT, TASKS, Project, Template, copier, run

QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
TEMPLATE_FILES = [path for path in (ROOT / "template").rglob("*.*") if path.suffix != ".pyc"]
TEMPLATE_FILES = [path for path in TEMPLATE_FILES if path.is_file()]
TASK_FILES = [path for path in (ROOT / "tasks").glob("*/*") if path.is_file()]
LICENSES = list(QUESTIONS["license"]["choices"].values())


def sources(task: str) -> list[str]:
    """List the sources that a task's own config.py allows."""
    config = (ROOT / "tasks" / task / "config.py").read_text(encoding="utf-8")
    found = re.search(r"source: Literal\[([^\]]*)\]", config)
    assert found, f"{task} names no sources"
    return re.findall(r'"(\w+)"', found[1])


# Every choice of every question at least once, each task with each of its sources.
CHOICES = [
    (task, source, LICENSES[i % len(LICENSES)])
    for task in TASKS
    for i, source in enumerate(sources(task))
] + [(TASKS[0], "demo", license) for license in LICENSES[len(sources(TASKS[0])) :]]

# What `--defaults` makes, apart from what is in experiment/core/ and experiment/blocks/.
TREE = [
    ".copier-answers.yml",
    ".gitignore",
    ".pre-commit-config.yaml",
    "LICENSE",
    "README.md",
    "configs/experiment.yaml",
    "conftest.py",
    "docs/load.md",
    "docs/loaders.md",
    "docs/metrics.md",
    "docs/optimizers.md",
    "docs/pictures.md",
    "docs/updating.md",
    "docs/web-page.md",
    "docs/weights.md",
    "docs/samples.svg",
    "experiment/.gitignore",
    "experiment/__init__.py",
    "experiment/callbacks.py",
    "experiment/config.py",
    "experiment/data.py",
    "experiment/model.py",
    "experiment/module.py",
    "main.py",
    "pyproject.toml",
    "setup.py",
    "sweeps/folds.yaml",
    "sweeps/seeds.yaml",
    "sweeps/sweep.yaml",
    "tests/test_contract.py",
    "tests/test_experiment.py",
]
# What `ui: true` adds.
UI = "experiment/core/ui/"
UI_NEEDS = ["starlette", "uvicorn", "jinja2", "python-multipart"]
# What `cluster: true` adds.
CLUSTER = [
    "cluster/README.md",
    "cluster/experiment@.service",
    "cluster/install-service.sh",
    "cluster/slurm.sh",
    "cluster/start.sh",
    "cluster/torchrun.sh",
]


def ruff(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the linter that stands beside the tests' interpreter, or the one on the path."""
    found = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    assert found, "no ruff"
    return run([found, *words, "--no-cache", "."], project.path)


# ------------------------------------------------------------------------------------ what is made
def test_the_defaults_make_exactly_these_files(default_project: Project) -> None:
    made = [path for path in default_project.files()
            if not path.startswith(("experiment/core/", "experiment/blocks/"))]  # fmt: skip

    assert sorted(made) == sorted(TREE)


def test_core_and_blocks_are_the_same_files_in_every_project(default_project: Project) -> None:
    for path in TEMPLATE_FILES:
        name = path.relative_to(ROOT / "template").as_posix()
        asked_for = name.startswith(UI)
        if name.startswith(("experiment/core/", "experiment/blocks/")) and not asked_for:
            assert (default_project / name).read_bytes() == path.read_bytes()


def test_cluster_adds_its_folder_and_nothing_else(
    published_small: Template, small_project: Project, tmp_path: Path
) -> None:
    project = published_small.generate(tmp_path / "my-experiment", cluster="yes")

    assert sorted(project.files()) == sorted([*small_project.files(), *CLUSTER])
    for name in CLUSTER:
        text = (project / name).read_text(encoding="utf-8")
        assert not re.search(r"\{\{|\{%", text), name
        head = "".join(text.splitlines()[:3])
        assert "Template's file: updates replace it." in head, name
        assert "environment.sh" in head or "systemctl --user edit" in head, name
        assert os.access(project / name, os.X_OK) == name.endswith(".sh")


def test_ui_adds_its_room_and_its_extra_and_nothing_else(
    published: Template, default_project: Project, tmp_path: Path
) -> None:
    room = [path.relative_to(ROOT / "template").as_posix() for path in TEMPLATE_FILES]
    room = [name for name in room if name.startswith(UI)]

    project = published.generate(tmp_path / "my-experiment", ui="yes")

    assert sorted(project.files()) == sorted([*default_project.files(), *room])
    for name in room:
        assert (project / name).read_bytes() == (ROOT / "template" / name).read_bytes()
    extras = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    before = tomllib.loads((default_project / "pyproject.toml").read_text())["project"]
    page = extras["optional-dependencies"].pop("ui")
    assert [word.partition(">")[0] for word in page] == UI_NEEDS
    assert extras == before


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_the_shell_scripts_are_clean() -> None:
    folders = ("template/cluster", "template/.ci")
    scripts = [str(path) for folder in folders for path in (ROOT / folder).glob("*.sh")]

    done = run(["shellcheck", *scripts], ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("task", "source", "license"), CHOICES)
def test_every_choice_renders_clean_code(
    published_small: Template, tmp_path: Path, task: str, source: str, license: str
) -> None:
    answers = {"task": task, "license": license, "data_source": source}

    project = published_small.generate(tmp_path / "project", **answers)

    assert f"source: {source}" in (project / "configs/experiment.yaml").read_text()
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    assert settings["project"]["license"].removeprefix("LicenseRef-") == license
    for name in ("configs/experiment.yaml", "sweeps/sweep.yaml", ".pre-commit-config.yaml"):
        assert yaml.safe_load((project / name).read_text())
    for path in TREE:
        text = (project / path).read_text()
        assert text.endswith("\n")
        assert not text.endswith("\n\n"), path
        assert not re.search(r"\{\{|\{%|\{#", text) or path.startswith("tests/"), path  # f-strings
    clean(project)


def test_a_whole_project_is_clean_code(copied: Callable[[], Project]) -> None:
    """Once, since core is the same in each: most of it is left out above."""
    clean(copied())


def clean(project: Project) -> None:
    """Compile and lint it."""
    assert compileall.compile_dir(project.path, quiet=2)
    for words in (["check"], ["format", "--check"]):
        assert (check := ruff(project, *words)).returncode == 0, check.stdout


def test_a_task_file_arrives_byte_for_byte(default_project: Project) -> None:
    for name in ("config.py", "data.py", "model.py", "module.py"):
        task_file = ROOT / "tasks/image_classification" / name

        assert (default_project / f"experiment/{name}").read_bytes() == task_file.read_bytes()


def test_answers_reach_the_files(published_small: Template, tmp_path: Path) -> None:
    description = 'Does "wide" beat {{ deep }}? \\ 😀'
    project = published_small.generate(
        tmp_path / "x", project_name="wide-net", description=description, author='Ada "L" Løve',
        data_source="folder", wandb_project="a b", wandb_entity="123",
    )  # fmt: skip

    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert about["name"] == "wide-net"
    assert about["description"] == description
    assert about["authors"] == [{"name": 'Ada "L" Løve'}]
    settings = yaml.safe_load((project / "configs/experiment.yaml").read_text(encoding="utf-8"))
    assert settings["data"]["source"] == "folder"
    assert settings["logger"] == {"project": "a b", "entity": "123"}
    sweep = yaml.safe_load((project / "sweeps/sweep.yaml").read_text(encoding="utf-8"))
    assert (sweep["project"], sweep["entity"]) == ("a b", "123")
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# wide-net\n\n{description}\n")
    assert 'Copyright (c) Ada "L" Løve' in (project / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("folder", "name"),
    [("wide-net", "wide-net"), ("Wide Net_2", "wide-net-2"), ("2nd", "my-2nd"),
     ("torch", "my-torch"), ("class", "my-class"), ("experiment", "my-experiment"),
     ("--", "my-experiment"), ("_a.b_", "a-b"), ("研究", "my-experiment"), ("a's {{ b }}", "a-s-b"),
     ("Größe über ALLES", "groesse-ueber-alles"), ("Gro\u0308\u00dfe", "groesse"),
     ("café Łódź", "cafe-lodz"), ("cafe\u0301", "cafe")],
)  # fmt: skip
def test_the_folder_names_the_project(
    published_small: Template,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
    name: str,
) -> None:
    (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / folder)

    published_small.generate(Path("."))

    project = Project(tmp_path / folder)
    assert f'name = "{name}"\n' in (project / "pyproject.toml").read_text()
    assert f"project_name: {name}\n" in (project / ".copier-answers.yml").read_text()


def test_a_folder_that_is_new_names_the_project_too(
    published_small: Template, tmp_path: Path
) -> None:
    project = published_small.generate(tmp_path / "new" / "2nd Größe")

    assert 'name = "my-2nd-groesse"\n' in (project / "pyproject.toml").read_text()


def test_what_excludes_files_works_without_the_answer() -> None:
    asked = [name for name in QUESTIONS if not name.startswith("_")]
    words = " ".join(str(line) for line in QUESTIONS["_exclude"] + QUESTIONS["_skip_if_exists"])
    tags = " ".join(re.findall(r"\{[{%].*?[%}]\}", words))
    used = [name for name in asked if re.search(rf"\b{name}\b", tags)]

    assert {"ci", "cluster", "ui"} <= set(used)
    for name in used:
        given_a_default = re.findall(rf"\b{name} \| default\(", tags)
        assert len(given_a_default) == len(re.findall(rf"\b{name}\b", tags)), name


# ------------------------------------------------------------------------------------- bad answers
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("project_name=Wide Net", "Wide Net is not a project name: use lower-case letters"),
        ("project_name=2net", "2net is not a project name"),
        ("project_name=wide--net", "wide--net is not a project name"),
        ("project_name=-", "- is not a project name"),
        ("project_name=torch", "torch is already the name of something a project uses"),
        ("project_name=lambda", "lambda is already the name of something a project uses"),
        ("description=two\nlines", "the description is one line"),
        ("author=two\nlines", "the author is one line"),
        ("wandb_project=a/b", "a W&B project has a name without"),
        ("wandb_entity=a b", "a W&B team or user has letters, digits, - and _ only"),
        ("task=cooking", "cooking"),
        ("data_source=cloud", "cloud"),
        ("license=WTFPL", "WTFPL"),
        ("ci=yes", "yes"),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason(
    published_small: Template, tmp_path: Path, answer: str, reason: str
) -> None:
    name, _, text = answer.partition("=")

    with pytest.raises(ValueError, match=re.escape(reason)):
        published_small.generate(tmp_path / "x", **{name: text})

    assert not (tmp_path / "x").exists()


def test_the_last_line_says_why(published_small: Template, tmp_path: Path) -> None:
    words = ("copy", "--trust", "--defaults", "--data", "project_name=Wide Net")

    done = copier(*words, str(published_small.path), "x", folder=tmp_path)

    assert done.returncode == 1
    last_line = done.stderr.strip().splitlines()[-1]
    assert "Wide Net is not a project name: use lower-case letters" in last_line


def test_without_trust_nothing_is_made(published_small: Template, tmp_path: Path) -> None:
    done = copier("copy", "--defaults", str(published_small.path), "x", folder=tmp_path)

    assert done.returncode == 4
    assert "--trust" in done.stderr
    assert not (tmp_path / "x").exists()


def test_trust_can_be_given_for_good(published_small: Template, tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text(yaml.safe_dump({"trust": [str(published_small.path)]}))
    settings = str(tmp_path / "settings.yml")

    words = ("copy", "--defaults", str(published_small.path), "x")
    done = copier(*words, folder=tmp_path, COPIER_SETTINGS_PATH=settings)

    assert done.returncode == 0, done.stderr


def test_a_copy_warns_of_nothing(published: Template, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        published.generate(tmp_path / "x")


def test_a_misspelt_name_stops_the_rendering(template: Template, tmp_path: Path) -> None:
    template.release(
        "v0.0.2", lambda it: it.append("template/README.md.jinja", "{{ projectname }}")
    )

    with pytest.raises(Exception, match="projectname"):
        template.generate(tmp_path / "x")


def test_every_question_can_be_left_to_its_default() -> None:
    for name, question in QUESTIONS.items():
        if not name.startswith("_"):
            assert "default" in question, name
            assert "help" in question or question["when"] is False, name


# ------------------------------------------------------------------- what the template may not hold
@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_task_file_holds_no_jinja(path: Path) -> None:
    assert not re.search(r"\{\{|\{%|\{#", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_exactly_these_files(task: str) -> None:
    names = {path.name for path in TASK_FILES if path.parent.name == task}

    assert names == {"config.py", "data.py", "model.py", "module.py", "experiment.yaml",
                     "sweep.yaml", "README.md", "dependencies.txt", "samples.svg"}  # fmt: skip
    assert task in QUESTIONS["task"]["choices"].values()


def test_nothing_branches_on_the_name_of_a_task() -> None:
    programs = [*TEMPLATE_FILES, *(ROOT / "hooks").glob("*.py"), ROOT / "start.py"]

    for path in programs:
        for task in TASKS:
            assert not re.search(rf"['\"]{task}['\"]", path.read_text(encoding="utf-8")), path


def test_nothing_that_changes_by_itself_is_rendered() -> None:
    volatile = re.compile(r"\b(_folder_name|dst_path|src_path|now\(|strftime|random)\b")

    for path in TEMPLATE_FILES:
        if path.suffix == ".jinja":
            assert not volatile.search(path.read_text(encoding="utf-8")), path


def test_template_files_are_text_with_names_for_every_system() -> None:
    for path in TEMPLATE_FILES:
        assert b"\r" not in path.read_bytes(), path
        assert path.read_text(encoding="utf-8") is not None  # an update would reset a binary file
        if path.suffix != ".jinja":
            assert not set(path.name) & set('<>:"|?*\\'), path


# -------------------------------------------------------------------------- with a real environment
@pytest.mark.slow
def test_two_wheels_live_side_by_side(published: Template, tmp_path: Path, python: Path) -> None:
    for name in ("wide-net", "deep-net"):
        project = published.generate(tmp_path / name)
        done = run(["uv", "build", "--wheel", "--out-dir", str(tmp_path / "wheels")], project.path)
        assert done.returncode == 0, done.stderr
    wheels = [str(path) for path in (tmp_path / "wheels").glob("*.whl")]
    target = str(tmp_path / "installed")
    done = run(["uv", "pip", "install", "--no-deps", "--target", target, *wheels], tmp_path)
    assert done.returncode == 0, done.stderr

    program = (
        "import wide_net.blocks.attention as wide, deep_net.blocks.attention as deep;"
        "assert wide.Attention is not deep.Attention; print(wide.__file__, deep.__file__);"
        "import importlib, pkgutil, wide_net;"
        "found = [m.name for m in pkgutil.walk_packages(wide_net.__path__, 'wide_net.')];"
        # Those in examples/ are programs to be written beside an exported network.
        "[importlib.import_module(n) for n in found if '.examples.' not in n];"
        "print(len(found), 'modules')"
    )
    done = run([str(python), "-c", program], tmp_path, {"PYTHONPATH": target})

    assert done.returncode == 0, done.stderr
    assert "wide_net/blocks" in done.stdout
    assert "deep_net/blocks" in done.stdout
    written = sum(1 for path in (project / "experiment").rglob("*.py"))
    packages = sum(1 for path in (project / "experiment").rglob("__init__.py"))
    assert packages > 10  # the rooms are within
    assert f"{written - 1} modules" in done.stdout  # all but the package itself


@pytest.mark.slow
def test_the_oldest_copier_copies_and_updates(template: Template, tmp_path: Path) -> None:
    oldest = ["uv", "tool", "run", "--from", "copier==9.18.0", "copier"]
    copy = [*oldest, "copy", "--trust", "--quiet", "--defaults", str(template.path), "x"]
    assert (done := run(copy, tmp_path)).returncode == 0, done.stderr
    project = Project(tmp_path / "x")
    project.append("experiment/model.py", "# mine")
    project.commit()
    template.release("v0.0.2", lambda it: it.append("tasks/image_classification/model.py", "# new"))

    done = run([*oldest, "update", "--trust", "--quiet", "--defaults"], project.path)

    assert done.returncode == 0, done.stderr
    assert (project / "experiment/model.py").read_text().endswith("# mine\n")
