"""What is recorded of git and of the code, whatever a caller, a person or a machine has set."""

import json
import logging
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from assemble import Package, assemble
from projects import Folder, run


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose core is looked at; those that it looks at have none, and are copied fast."""
    return assemble(tmp_path_factory.mktemp("core") / "project")


@pytest.fixture(scope="module")
def room(core: Path) -> Callable[[str], ModuleType]:
    """A file of ``core/runs``."""
    package = Package(core)
    return lambda name: package.module(f"core.runs.{name}")


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """A project with a commit, an edit since, and a name that is no English one."""
    project = Folder(tmp_path / "project")
    for name in ("main.py", "configs/experiment.yaml", "experiment/config.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    (project / ".gitignore").write_text("/runs\n")
    (project / "größe.py").write_text("a = 1\nb = 2\nc = 3\n")
    project.git("init", "--quiet", "--initial-branch=main")
    project.commit()
    project.replace("größe.py", "b = 2", "b = 4")
    return project


Room = Callable[[str], ModuleType]


def recorded(room: Room, project: Folder) -> tuple[dict[str, object], str, list[str], str]:
    """The commit and the patch, the code files and their fingerprint."""
    git, patch = room("provenance").git_state(project.path)
    assert git, "no commit"
    files = [file.as_posix() for file in room("code_files").code_files(project.path)]
    return git, patch, files, room("code_snapshot").fingerprint(project.path)


def nested(project: Folder, name: str, content: str = "value = 1\n") -> Folder:
    """A repository of its own in the project."""
    inner = Folder(project / name)
    inner.path.mkdir(parents=True)
    (inner / "__init__.py").write_text(content)
    inner.git("init", "--quiet")
    inner.commit()
    return inner


# ---------------------------------------------------------------------------------- what is set
@pytest.mark.parametrize(
    "variable",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
     "GIT_PREFIX", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_LITERAL_PATHSPECS",
     "GIT_DIFF_OPTS", "GIT_ALTERNATE_OBJECT_DIRECTORIES"],
)  # fmt: skip
def test_a_callers_repository_is_not_the_projects(
    room: Room, project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    other = nested(Folder(tmp_path), "other")
    before = recorded(room, project)
    meant = {
        "GIT_DIR": other / ".git",
        "GIT_WORK_TREE": other.path,
        "GIT_COMMON_DIR": other / ".git",
        "GIT_INDEX_FILE": other / ".git/index",
        "GIT_OBJECT_DIRECTORY": other / ".git/objects",
        "GIT_EXTERNAL_DIFF": "/bin/true",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_DIFF_OPTS": "--unified=0",
    }

    monkeypatch.setenv(variable, str(meant.get(variable, "elsewhere")))

    assert recorded(room, project) == before


@pytest.mark.parametrize("caller", ["git rebase --exec", "a hook", "git bisect run", "an alias"])
def test_the_callers_of_git_itself(
    core: Path, project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caller: str
) -> None:
    other = nested(Folder(tmp_path), "other")
    for number in "abc":
        other.append("__init__.py", f"value = '{number}'")
        other.commit()
    program = tmp_path / "ask.py"
    program.write_text(
        "import json, os, sys; sys.path.insert(0, os.environ['CORE'])\n"
        "from pathlib import Path\n"
        "from experiment.core.runs.provenance import git_state\n"
        "state = git_state(Path(os.environ['PROJECT']))[0]\n"
        "Path(os.environ['ANSWER']).write_text(json.dumps(state))\n"
    )
    answer = tmp_path / "answer.json"
    for name, text in (("CORE", core), ("PROJECT", project.path), ("ANSWER", answer)):
        monkeypatch.setenv(name, str(text))
    ask = f"{shutil.which('python')} {program}"
    if caller == "a hook":
        hook = other / ".git/hooks/pre-commit"
        hook.write_text(f"#!/bin/sh\n{ask}\n")
        hook.chmod(0o755)
        other.append("__init__.py", "value = 'd'")
        other.commit()
    elif caller == "git rebase --exec":
        other.git("rebase", "--exec", ask, "HEAD~1")
    elif caller == "git bisect run":
        other.git("bisect", "start", "HEAD", "HEAD~2")
        other.git("bisect", "run", "sh", "-c", ask)
    else:
        other.git("-c", f"alias.ask=!{ask}", "ask")

    assert json.loads(answer.read_text())["commit"] == project.git("rev-parse", "HEAD")


SETTINGS = {
    "status.showUntrackedFiles": "no",
    "core.quotePath": "true",
    "core.fsmonitor": "/bin/false",
    "core.autocrlf": "true",
    "core.safecrlf": "true",
    "diff.noprefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.external": "/bin/true",
    "diff.context": "0",
    "diff.interHunkContext": "9",
    "diff.algorithm": "patience",
    "diff.relative": "true",
    "diff.submodule": "log",
    "diff.ignoreSubmodules": "all",
    "diff.suppressBlankEmpty": "true",
    "diff.wordRegex": ".",
    "diff.orderFile": "nowhere",
    "diff.autoRefreshIndex": "false",
    "diff.renames": "copies",
    "color.ui": "always",
    "color.diff": "always",
    "color.status": "always",
    "submodule.recurse": "true",
    "core.pager": "false",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_person_sets_of_git_changes_nothing_that_is_recorded(
    room: Room, project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    (project / "untracked.py").write_text("d = 1\n")
    nested(project, "inner")
    project.git("add", "inner")
    project.git("commit", "--quiet", "-m", "A part of another repository")
    (project / "inner/__init__.py").write_text("value = 2\n")
    before = recorded(room, project)

    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    project.git("config", "--global", setting, SETTINGS[setting])

    assert recorded(room, project) == before
    git, patch, files, _ = before
    assert git == {"commit": project.git("rev-parse", "HEAD"), "branch": "main", "dirty": True}
    assert "+b = 4" in patch
    assert "+value = 2" in patch
    assert {"größe.py", "untracked.py", "inner/__init__.py"} <= set(files)


@pytest.mark.parametrize("language", ["de_DE.UTF-8", "C", "POSIX"])
def test_another_language_changes_nothing(
    room: Room, project: Folder, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    before = recorded(room, project)
    for name in ("LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.setenv(name, language)

    assert recorded(room, project) == before


def test_the_patch_is_one_that_git_applies(room: Room, project: Folder) -> None:
    (project / "latin.py").write_bytes("# größe\r\nx = 1\r\n".encode("latin-1"))
    project.git("add", "latin.py")
    folder = project / "runs/a"
    folder.mkdir(parents=True)
    provenance = room("provenance")

    provenance.write_provenance(project.path, folder)
    provenance.write_provenance(project.path, folder)

    assert sorted(path.name for path in folder.glob("*.diff")) == ["git.diff"]  # nothing is new
    edited = {name: (project / name).read_bytes() for name in ("größe.py", "latin.py")}
    project.git("reset", "--quiet", "--hard")
    project.git("apply", "--whitespace=nowarn", "runs/a/git.diff")
    assert {name: (project / name).read_bytes() for name in edited} == edited


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("setpriv"), reason="needs to be somebody else"
)
def test_a_repository_of_somebody_else_is_said(core: Path, project: Folder) -> None:
    shutil.chown(project.path, 12345, 12345)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path; from experiment.core.console import start_console as c; c();"
        "from experiment.core.runs.provenance import git_state; print(git_state(Path.cwd()))"
    )

    done = run([shutil.which("python") or "python", "-c", program, str(core)], project.path)

    assert done.returncode == 0, done.stderr
    line, state = done.stdout.strip().splitlines()
    assert line.startswith("git: detected dubious ownership in repository at")
    assert line.endswith("commit and changes are not recorded (the code is: code/)")
    assert state == "(None, '')"


def test_without_a_repository_nothing_is_said(
    room: Room, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "experiment"):
        assert room("provenance").git_state(tmp_path) == (None, "")

    assert caplog.messages == []


# -------------------------------------------------------------------------------- what is code
def changes(room: Room, project: Folder, file: str, copy: Path) -> tuple[bool, bool, bool]:
    """Whether a file is in the copy, and an edit of it another fingerprint and a difference."""
    snapshot = room("code_snapshot")
    before = snapshot.fingerprint(project.path)
    snapshot.snapshot(project.path, copy)
    assert snapshot.differing(copy, project.path) == []
    there = (copy / file).is_file()
    project.append(file, "# edited")
    other = snapshot.fingerprint(project.path) != before
    return there, other, snapshot.differing(copy, project.path) == [file]


@pytest.mark.parametrize(
    "kind",
    ["a submodule", "one that is nested deeper", "a repository that git does not know",
     "a link to a folder", "a link to a repository", "without git at all"],
)  # fmt: skip
def test_code_of_another_repository_is_code(
    room: Room, project: Folder, tmp_path: Path, kind: str
) -> None:
    library = nested(Folder(tmp_path), "library")
    file = "experiment/library/__init__.py"
    allowed = ("-c", "protocol.file.allow=always")
    if "nested" in kind:
        library.git(*allowed, "submodule", "add", "--quiet", "../library", "deeper")
        library.commit()
        file = "experiment/library/deeper/__init__.py"
    if "submodule" in kind or "nested" in kind:
        words = ("submodule", "add", "--quiet", str(library.path), "experiment/library")
        project.git(*allowed, *words)
        project.git(*allowed, "submodule", "update", "--quiet", "--init", "--recursive")
    elif "link" in kind:
        (project / "experiment/library").symlink_to(library.path)
        if "folder" in kind:
            shutil.rmtree(library / ".git")
    else:
        nested(project, "experiment/library")
    if kind == "without git at all":
        shutil.rmtree(project / ".git")

    assert changes(room, project, file, tmp_path / "code") == (True, True, True)


@pytest.mark.parametrize("with_git", [True, False], ids=["with git", "without git"])
@pytest.mark.parametrize(
    ("made", "marks"),
    [
        ("env/lib/python3.11/os.py", ["env/pyvenv.cfg"]),
        ("my-environment/lib/python3.11/os.py", ["my-environment/conda-meta/history"]),
        ("tools/env/bin/activate_this.py", ["tools/env/pyvenv.cfg"]),
        ("lib/python3.11/os.py", ["pyvenv.cfg"]),
        ("node_modules/gyp/a.py", []),
        ("experiment/__pycache__/a.py", []),
        ("wandb/run-20260101_000000-abcdefgh/files/config.yaml", []),
        ("notebooks/wandb/offline-run-20260101_000000-abcdefgh/files/config.yaml", []),
        ("notebooks/lightning_logs/version_0/hparams.yaml", []),
        ("results/run-001/code/main.py",
         ["results/run-001/config.yaml", "results/run-001/summary.json"]),
        ("results/sweep-001/code/main.py", ["results/sweep-001/sweep.yaml"]),
    ],
)  # fmt: skip
def test_what_is_made_is_not_code(
    room: Room, project: Folder, made: str, marks: list[str], with_git: bool
) -> None:
    if not with_git:
        shutil.rmtree(project / ".git")
    files = room("code_files").code_files
    before = files(project.path)

    for name in [*marks, made]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")

    assert files(project.path) == before


def test_many_megabytes_of_yaml_are_data_and_that_is_said(
    room: Room, project: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (project / "images").mkdir()
    for number in range(3):
        (project / f"images/{number}.yaml").write_text("a: 1\n" * 100)
    monkeypatch.setattr(room("code_files"), "LARGEST", 1000)

    with caplog.at_level(logging.INFO, "experiment"):
        files = room("code_files").code_files(project.path)

    assert Path("experiment/config.py") in files
    assert not [file for file in files if file.parts[0] == "images"]
    assert caplog.messages == [
        "images/ holds 0 MB of .py and .yaml and .yml: data, and not copied with a run's code"
    ]


def test_links_in_a_circle_end(room: Room, project: Folder) -> None:
    (project / "experiment/again").symlink_to(project.path)
    (project / "experiment/up").symlink_to("..")

    files = room("code_files").code_files(project.path)

    assert Path("experiment/config.py") in files
    assert not [file for file in files if {"again", "up"} & set(file.parts)]


def test_a_link_to_a_data_set_is_not_walked(room: Room, project: Folder, tmp_path: Path) -> None:
    (tmp_path / "images/a/b/c").mkdir(parents=True)
    (tmp_path / "images/a/b/c/deep.yaml").write_text("")
    (project / "photos").symlink_to(tmp_path / "images")

    files = room("code_files").code_files(project.path)

    assert not [file for file in files if file.parts[0] == "photos"]


def test_a_name_that_is_not_utf_8_is_code(room: Room, project: Folder, tmp_path: Path) -> None:
    name = os.fsdecode("gr\u00f6\u00dfe-2.py".encode("latin-1"))
    (project / name).write_text("x = 1\n")

    assert changes(room, project, name, tmp_path / "code") == (True, True, True)


def test_git_is_run_in_one_place_only() -> None:
    words = ("grep", "-rlE", r"[\"']git[\"'],", "--include=*.py", "template", "hooks", "start.py")

    found = subprocess.run([*words], cwd=Path(__file__).parents[3], capture_output=True, text=True)

    assert sorted(found.stdout.split()) == [
        "hooks/repository.py",
        "start.py",
        "template/.ci/update.py",  # runs where nothing of the project can be imported
        "template/experiment/core/runs/git.py",
    ]
