"""What runs after a copy, and start.py: on machines where this or that is missing."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from harness.fork_server import Server
from projects import ROOT, Project, Template, cold_copier, copier, copies, run

BASICS = "/usr/bin:/bin"


def program(folder: Path, name: str, script: str) -> Path:
    """Write a program that stands in for another."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def copied(small_project: Project, tmp_path: Path) -> Callable[[], Project]:
    """Copies of a project without most of core, which the hook knows nothing of."""
    return copies(small_project, tmp_path)


def after_copy(project: Project, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the hook as Copier does, in a project that is there already."""
    hook = [sys.executable, str(ROOT / "hooks/after_copy.py")]
    return run(hook, project.path, {"SMOKE": "", "SMOKE_PYTHON": "", **variables})


def test_hooks_need_nothing_but_python() -> None:
    hooks = list((ROOT / "hooks").glob("*.py"))
    known = {*sys.stdlib_module_names, *(path.stem for path in hooks)}

    for path in [*hooks, ROOT / "start.py"]:
        imported = re.findall(r"^ *(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
        assert set(imported) <= known, path


# ---------------------------------------------------------------------------------------- commit
def test_the_first_commit_needs_no_identity_and_leaves_a_clean_tree(
    default_project: Project,
) -> None:
    assert default_project.status == ""
    subject = default_project.git("log", "--format=%s by %an")
    assert subject == "Start from copier-lightning v0.0.1 by copier-lightning"


def test_in_a_repository_the_commit_is_yours(
    published_small: Template, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outer = Project(tmp_path)
    outer.git("init", "--quiet")

    project = published_small.generate(tmp_path / "inner")

    said = capfd.readouterr().out
    assert f"yours to make, in {tmp_path}:" in said
    assert "git add . && git commit -m 'Start from copier-lightning v0.0.1'" in said
    assert not (project / ".git").exists()
    assert outer.status == "?? inner/"


def test_a_folder_that_the_outer_repository_ignores_gets_its_own(
    published_small: Template, tmp_path: Path
) -> None:
    outer = Project(tmp_path)
    outer.git("init", "--quiet")
    outer.append(".gitignore", "/inner/")

    project = published_small.generate(tmp_path / "inner")

    assert (project / ".git").exists()
    assert project.status == ""


def test_a_callers_git_variables_do_not_mislead_the_hook(
    default_project: Project, copied: Callable[[], Project]
) -> None:
    project = copied()
    run(["rm", "-rf", ".git"], project.path)
    head, other = default_project.git("rev-parse", "HEAD"), default_project / ".git"
    variables = {
        "GIT_DIR": str(other),
        "GIT_COMMON_DIR": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_OBJECT_DIRECTORY": str(other / "objects"),
        "GIT_WORK_TREE": str(default_project.path),
        "GIT_PREFIX": "elsewhere/",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z",
    }

    done = after_copy(project, SMOKE="skip", SMOKE_PYTHON="none", **variables)

    assert "tree clean" in done.stdout
    assert default_project.git("rev-parse", "HEAD") == head
    assert project.git("ls-files", "main.py") == "main.py"
    assert "2001" not in project.git("log", "--format=%ad")


@pytest.mark.parametrize("name", ["GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL", "GIT_AUTHOR_NAME"])
def test_what_a_person_has_set_of_git_reaches_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.syspath_prepend(ROOT / "hooks")
    monkeypatch.syspath_prepend(ROOT)
    modules = [import_module(name) for name in ("environment", "start")]
    monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("GIT_DIR", "elsewhere")

    for variables in (modules[0].child_variables(), modules[1].variables()):
        assert variables[name] == "mine"
        assert "GIT_DIR" not in variables


@pytest.mark.skipif(os.getuid() != 0, reason="needs to be somebody else")
def test_in_a_repository_of_somebody_else_git_is_asked_for_its_reason(
    copied: Callable[[], Project],
) -> None:
    project = copied()
    os.chown(project.path, 12345, 12345)
    os.chown(project / ".git", 12345, 12345)

    done = after_copy(project, SMOKE="skip", SMOKE_PYTHON="none")

    assert done.returncode == 0
    assert "dubious ownership" in done.stdout
    assert "git add . && git commit" in done.stdout


def test_without_git_the_hook_says_what_to_do(
    copied: Callable[[], Project], tmp_path: Path
) -> None:
    project = copied()
    run(["rm", "-rf", ".git"], project.path)
    (tmp_path / "empty").mkdir()

    done = after_copy(project, SMOKE="skip", SMOKE_PYTHON="none", PATH=str(tmp_path / "empty"))

    assert done.returncode == 0, done.stderr
    assert "no git here, and an update needs it" in done.stdout
    assert "git init && git add . && git commit" in done.stdout


def test_a_copy_of_uncommitted_changes_says_that_no_update_will_find_it(
    template: Template, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    template.append("template/.gitignore", "# not committed")
    words = ("copy", "--trust", "--defaults", "--vcs-ref", "HEAD", str(template.path), "x")

    said = copier(*words, folder=tmp_path).stdout

    assert "so no update will find this version" in said
    assert f"commit them in {template.path}" in said


# ----------------------------------------------------------------------------------------- smoke
@pytest.mark.parametrize(("mode", "code"), [("", 0), ("default", 0), ("Strict", 0), ("strict", 1)])
def test_a_failed_smoke_check_counts_as_told(
    copied: Callable[[], Project], tmp_path: Path, mode: str, code: int
) -> None:
    python = program(
        tmp_path, "python", '[ "$1" = main.py ] && { echo line 7 is wrong; exit 1; }; :'
    )

    done = after_copy(copied(), SMOKE=mode, SMOKE_PYTHON=str(python))

    assert done.returncode == code
    assert "line 7 is wrong" in done.stdout
    assert "smoke        FAILED (see above); repeat with:" in done.stdout
    assert "python main.py smoke" in done.stdout.split("repeat with:")[1]
    assert ("is none of default, strict, skip" in done.stdout) == (mode == "Strict")


def test_a_broken_model_keeps_what_was_generated(template: Template, tmp_path: Path) -> None:
    python = program(tmp_path, "python", '[ "$1" != main.py ]')

    words = ("copy", "--trust", "--defaults", str(template.path), "x")
    done = copier(*words, folder=tmp_path, SMOKE="", SMOKE_PYTHON=str(python))

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x/experiment/model.py").exists()
    assert Project(tmp_path / "x").status == ""


def test_an_interpreter_without_torch_is_no_failure(copied: Callable[[], Project]) -> None:
    done = after_copy(copied(), SMOKE="strict", SMOKE_PYTHON="/usr/bin/false")

    assert done.returncode == 0, done.stderr
    assert "not tried: no Python with torch and Lightning; later:" in done.stdout


def test_smoke_can_be_left_out(copied: Callable[[], Project]) -> None:
    done = after_copy(copied(), SMOKE="skip", SMOKE_PYTHON="none")

    assert "left out: SMOKE=skip" in done.stdout
    assert "left alone: SMOKE_PYTHON=none" in done.stdout


def test_the_smoke_check_sees_no_foreign_environment(
    copied: Callable[[], Project], tmp_path: Path
) -> None:
    python = program(tmp_path, "python", 'echo "path: [$PYTHONPATH] [$VIRTUAL_ENV]"')

    done = after_copy(
        copied(), SMOKE_PYTHON=str(python), PYTHONPATH=str(tmp_path), VIRTUAL_ENV="/elsewhere"
    )

    assert "path: [] []" in done.stdout


# ----------------------------------------------------------------------------------- environment
def test_an_environment_that_cannot_be_made_is_no_failure(
    copied: Callable[[], Project], tmp_path: Path
) -> None:
    program(tmp_path / "bin", "uv", "echo no network >&2; exit 2")

    done = after_copy(copied(), PATH=f"{tmp_path}/bin:{BASICS}")

    assert done.returncode == 0, done.stderr
    assert "environment  could not be made (see above)" in done.stdout
    assert "uv sync\n" in done.stdout
    assert "uv run python main.py smoke" in done.stdout


def test_uv_is_found_where_it_runs_copier(copied: Callable[[], Project], tmp_path: Path) -> None:
    uv = program(tmp_path / "hidden", "uv", f'echo "$@" > {tmp_path}/said; mkdir -p .venv')

    done = after_copy(copied(), SMOKE="skip", PATH=BASICS, UV=str(uv))

    assert (tmp_path / "said").read_text() == "sync --inexact\n"
    assert "is up, by uv" in done.stdout
    assert done.stdout.rstrip().endswith(".venv/bin/python main.py")  # `uv run` would not be found


@pytest.mark.slow
def test_without_uv_pip_makes_the_environment(copied: Callable[[], Project]) -> None:
    project = copied()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["iniconfig"]\n[dependency-groups]\ndev = ["zipp"]\n'
    )

    done = after_copy(project, SMOKE="skip", PATH=BASICS, UV="")

    assert "is up, by pip" in done.stdout, done.stdout + done.stderr
    imports = run([str(project / ".venv/bin/python"), "-c", "import iniconfig, zipp"], project.path)
    assert imports.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/usr/bin/unshare").exists(), reason="needs unshare")
def test_without_a_network_the_project_is_made_all_the_same(
    published_small: Template, tmp_path: Path
) -> None:
    command = ["unshare", "-n", sys.executable, "-m", "copier", "copy", "--trust", "--defaults"]
    variables = {
        "SMOKE": "", "SMOKE_PYTHON": "", "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_HTTP_RETRIES": "0", "VIRTUAL_ENV": "",
    }  # fmt: skip

    done = run([*command, str(published_small.path), "x"], tmp_path, variables)

    assert done.returncode == 0, done.stderr
    assert "could not be made (see above); with a network, and in this folder:" in done.stdout
    assert Project(tmp_path / "x").status == ""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/usr/bin/unshare").exists(), reason="needs unshare")
def test_a_home_that_cannot_be_written_is_no_obstacle(
    published_small: Template, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    copy = f"{sys.executable} -m copier copy --trust --defaults --quiet {published_small.path} x"
    mount = f"mount --bind {home} {home} && mount -o remount,ro,bind {home} && ! touch {home}/a"

    done = run(["unshare", "-m", "sh", "-c", f"{mount} && {copy}"], tmp_path, {"HOME": str(home)})

    assert done.returncode == 0, done.stderr
    assert Project(tmp_path / "x").status == ""


@pytest.mark.slow
def test_the_hook_proves_what_a_cold_copy_has_made(
    published: Template, tmp_path: Path, python: Path
) -> None:
    words = ("copy", "--trust", "--defaults", str(published.path), "x")
    done = cold_copier(*words, folder=tmp_path, SMOKE="strict", SMOKE_PYTHON=str(python))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "every check passed" in done.stdout
    assert Project(tmp_path / "x").status == ""


@pytest.mark.slow
def test_a_mistake_in_model_py_is_named_by_the_smoke_check(
    whole_project: Project, server: Server
) -> None:
    project = whole_project
    project.append("experiment/model.py", "raise RuntimeError('my mistake')")

    done = after_copy(project, SMOKE_PYTHON=str(server.warm))

    assert done.returncode == 0
    assert "experiment/model.py" in done.stdout + done.stderr
    assert "my mistake" in done.stdout + done.stderr
    assert (project / "experiment/model.py").exists()


# --------------------------------------------------------------------------------------- start.py
def start(template: Template, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Type the README's first command in a clone."""
    return run([sys.executable, "start.py", *words], template.path, variables)


def test_start_refuses_in_a_sentence(template: Template, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    (tmp_path / "empty").mkdir()
    cases = {
        "full is already there and not empty": start(template, "../full"),
        "licence=MIT is not an answer: write question=answer, for instance license=": start(
            template, "../x", "licence=MIT"
        ),
        "has no commit v7": start(template, "../x", "--ref", "v7"),
        "git is missing": start(template, "../x", PATH=str(tmp_path / "empty")),
    }

    for sentence, done in cases.items():
        assert done.returncode == 1
        assert sentence in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "recorded"),
    [
        ("https://ada:secret@host.invalid/group/template.git", "https://host.invalid/group/template.git"),
        ("https://host.invalid/group/template", "git+https://host.invalid/group/template"),
        ("git@host.invalid:group/template.git", "git@host.invalid:group/template.git"),
        ("../template.git", None),
        ("file:///srv/template.git", None),
    ],
)  # fmt: skip
def test_a_remote_is_recorded_as_others_reach_it(
    monkeypatch: pytest.MonkeyPatch, url: str, recorded: str | None
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    import start

    monkeypatch.setattr(start, "git", lambda *words: "origin" if words == ("remote",) else url)

    assert start.remote_urls() == ([recorded] if recorded else [])


def test_a_remote_counts_only_if_it_has_the_version(template: Template, tmp_path: Path) -> None:
    template.git("clone", "--quiet", "--bare", ".", str(tmp_path / "remote.git"))
    template.release("v0.0.2", lambda it: it.append("template/.gitignore", "# new"))
    program = "import sys, start; print(start.holds(*sys.argv[1:]))"

    for version, there in (("v0.0.1", True), ("v0.0.2", False)):
        command = [sys.executable, "-c", program, str(tmp_path / "remote.git"), version]
        assert run(command, template.path).stdout.strip() == str(there)


@pytest.mark.slow
def test_start_makes_a_project_and_says_what_a_dirty_clone_means(
    template: Template, tmp_path: Path
) -> None:
    template.append("template/.gitignore", "# not committed")

    done = start(template, "../wide-net", "author=Ada", "ui=true", SMOKE_PYTHON="none")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "changes that are not committed. They are left out" in done.stdout
    project = Project(tmp_path / "wide-net")
    assert "_commit: v0.0.1" in (project / ".copier-answers.yml").read_text()
    assert "author: Ada" in (project / ".copier-answers.yml").read_text()
    assert "not committed" not in (project / ".gitignore").read_text()
    *_, next_, change, train, page = done.stdout.rstrip().splitlines()
    assert (next_, change) == ("Next:", f"  cd {project.path}")
    assert train.endswith("main.py")
    assert page.startswith(f"{train} ui ")
    template.git("checkout", ".")
    template.release("v0.0.2", lambda it: it.append("template/.gitignore", "# new"))
    project.update()
    assert (project / ".gitignore").read_text().endswith("# new\n")


@pytest.mark.slow
def test_start_needs_only_python_and_git(template: Template, tmp_path: Path) -> None:
    kept = {name: text for name, text in os.environ.items()
            if name.startswith(("SSL_CERT", "PIP_", "UV_", "SMOKE"))}  # fmt: skip
    variables = {**kept, "HOME": str(tmp_path / "home"), "PATH": BASICS}
    (tmp_path / "home").mkdir()

    done = subprocess.run(
        [sys.executable, "start.py", "../x"],
        cwd=template.path, env=variables, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "uv is not here yet: it goes into" in done.stdout
    assert Project(tmp_path / "x").status == ""
