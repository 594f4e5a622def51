"""``copier update``: what a researcher did and what a release brings, together."""

import os
import signal
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from projects import ROOT, YOURS, Folder, Project, Template, cold_copier, run

CORE = "experiment/core/data/seeding.py"
UNDO = "git restore --source=HEAD --staged --worktree . && git clean -fd ."


def count_hooks(template: Template) -> None:
    """Let each hook leave a line in the folder above the project whenever it runs."""
    for hook in ("after_copy", "after_update"):
        head = "def main() -> int:\n"
        count = f"    (Path.cwd().parent / 'ran').open('a').write('{hook} ')\n"
        template.replace(f"hooks/{hook}.py", head, head + count)


# ------------------------------------------------------------------------------ edits and releases
def test_everything_yours_edited_and_a_release_merge_without_a_conflict(
    template: Template, project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in YOURS:
        project.append(name, "# mine")
    project.append(".gitignore", "/mine/")
    project.append("pyproject.toml", '[tool.mine]\nkey = "value"')
    project.append(".pre-commit-config.yaml", "  - repo: meta\n    hooks: [{id: identity}]")
    added = run(["uv", "add", "--no-sync", "--quiet", "tabulate"], project.path)
    assert added.returncode == 0, added.stderr
    added = run(["uv", "add", "--no-sync", "--quiet", "--dev", "zipp"], project.path)
    assert added.returncode == 0, added.stderr
    project.commit()
    mine = {name: (project / name).read_bytes() for name in YOURS}

    def edit(it: Template) -> None:
        it.append("tasks/image_classification/dependencies.txt", "scipy>=1.11")
        pyproject = "template/pyproject.toml.jinja"
        it.replace(pyproject, '    "filelock>=3.16",\n', '    "filelock>=3.17",\n    "rich>=13",\n')
        it.replace(pyproject, '    "pytest>=8",\n', '    "pytest>=8",\n    "coverage>=7",\n')
        it.replace("template/experiment/core/ruff.toml", "length = 100", "length = 120")
        it.replace("template/.gitignore", ".netrc\n", ".netrc\n*.pem\n")
        it.replace("template/.pre-commit-config.yaml", "ruff check --fix", "ruff check --no-fix")
        it.append(f"template/{CORE}", "# improved")

    template.release("v0.0.2", edit)
    project.update()

    assert "The update needs you" not in capfd.readouterr().out
    assert {name: (project / name).read_bytes() for name in YOURS} == mine
    settings = (project / "pyproject.toml").read_text()
    for text in ('"tabulate', '"zipp', "scipy", "rich", "coverage", "3.17", "mine"):
        assert text in settings
    assert "*.pem\n" in (project / ".gitignore").read_text()
    assert (project / ".gitignore").read_text().endswith("/mine/\n")
    hooks = (project / ".pre-commit-config.yaml").read_text()
    assert "--no-fix" in hooks
    assert "identity" in hooks
    assert (project / CORE).read_text().endswith("# improved\n")
    assert "U" not in {line[0] for line in project.status.splitlines()}


def test_uv_add_and_a_release_at_the_same_place_in_the_list(
    template: Template, project: Project
) -> None:
    project.replace("pyproject.toml", '    "numpy>=1.26",\n', '    "numpy>=1.26",\n    "mine",\n')
    project.commit()
    template.release(
        "v0.0.2", lambda it: it.append("tasks/image_classification/dependencies.txt", "scipy>=1.11")
    )

    project.update()

    lines = [line.strip() for line in (project / "pyproject.toml").read_text().splitlines()]
    assert lines.index('"scipy>=1.11",') < lines.index('"numpy>=1.26",') < lines.index('"mine",')
    assert "<<<<<<< before updating" not in lines


def test_an_untouched_project_becomes_what_a_fresh_copy_is(
    template: Template, project: Project, tmp_path: Path
) -> None:
    def edit(it: Template) -> None:
        it.append(f"template/{CORE}", "# improved")
        it.append("template/experiment/core/added.py", '"""New."""')
        (it / "template/experiment/blocks/drop_path.py").unlink()
        it.append("tasks/image_classification/dependencies.txt", "scipy>=1.11")

    template.release("v0.0.2", edit)
    project.update()
    project.commit()
    fresh = template.generate(tmp_path / "fresh" / "my-experiment")

    assert project.files() == fresh.files()
    for name in fresh.files():
        assert (project / name).read_bytes() == (fresh / name).read_bytes(), name


@pytest.mark.slow
def test_the_last_published_version_updates_to_this_one(tmp_path: Path) -> None:
    tags = run(["git", "tag", "--list", "v*", "--sort=-version:refname"], ROOT).stdout.split()
    if not tags:
        pytest.skip("nothing is published yet")
    template = Template(tmp_path / "template")
    run(["git", "clone", "--quiet", str(ROOT), str(template.path)], ROOT)
    run(["git", "checkout", "--quiet", tags[0]], template.path)
    project = template.generate(tmp_path / "my-experiment")
    run(["git", "checkout", "--quiet", "-"], template.path)
    template.release("v999.0.0")

    project.update()

    fresh = template.generate(tmp_path / "fresh" / "my-experiment")
    for name in set(fresh.files()) - set(YOURS):
        assert (project / name).read_bytes() == (fresh / name).read_bytes(), name


# ------------------------------------------------------------------------------------ hooks' turns
def test_tasks_run_once_on_a_copy_and_never_on_an_update(
    template: Template, tmp_path: Path
) -> None:
    template.release("v0.0.2", count_hooks)
    project = template.generate(tmp_path / "project")
    assert (tmp_path / "ran").read_text().split() == ["after_copy"]
    project.append("experiment/model.py", "# mine")
    project.commit()
    template.release("v0.0.3", lambda it: it.append(f"template/{CORE}", "# improved"))

    project.update()

    assert (tmp_path / "ran").read_text().split() == ["after_copy", "after_update"]


def test_the_hook_after_an_update_sees_the_merged_code(
    template: Template, project: Project, tmp_path: Path
) -> None:
    project.append("pyproject.toml", "# mine")
    project.commit()
    template.release(
        "v0.0.2",
        lambda it: it.replace(
            "hooks/after_update.py",
            "project = Path.cwd()",
            "project = Path.cwd(); (project.parent / 'seen').write_bytes("
            "(project / 'pyproject.toml').read_bytes())",
        ),
    )

    project.update()

    assert (tmp_path / "seen").read_text().endswith("# mine\n")


# ------------------------------------------------------------------------------------------ answers
def test_an_answer_can_be_changed(template: Template, project: Project) -> None:
    project.update(description="Something else", author="Ada")

    settings = (project / "pyproject.toml").read_text()
    assert 'description = "Something else"\nreadme' in settings
    assert 'authors = [{ name = "Ada" }]' in settings
    assert "Something else" not in (project / "README.md").read_text()  # which is yours


WANDB = ("configs/experiment", "sweeps/sweep", "sweeps/folds", "sweeps/seeds")
LOST = {
    "license": {"LICENSE: another text, of "},
    "data_source": {"configs/experiment.yaml: `source: folder"},
    "wandb_project": {f"{file}.yaml: `project: " for file in WANDB},
    "wandb_entity": {f"{file}.yaml: `entity: " for file in WANDB},
    "description": {"README.md: `What is seen`, yours has `An experiment with PyTorch Lightning`"},
    "author": {"LICENSE: "},
}
OTHERS = {"license": "Apache-2.0", "data_source": "folder", "description": "What is seen"}


@pytest.mark.parametrize(
    "questions",
    [("license", "data_source", "description"), ("wandb_project", "author"), ("wandb_entity",)],
)
def test_answers_that_come_too_late_say_so_and_what_to_edit(
    project: Project, questions: tuple[str, ...]
) -> None:
    """As many at a time as have no file in common, of which the first line is told."""
    answers = [f"--data={question}={OTHERS.get(question, 'other')}" for question in questions]
    lost = [beginning for question in questions for beginning in LOST[question]]

    done = project.copier("update", "--trust", "--defaults", *answers, SMOKE="skip")

    assert done.returncode == 0, done.stderr
    _, told, rest = done.stdout.partition("these files are yours. What to edit in them:\n")
    assert told, done.stdout
    told = rest.split("\n\n")[0]
    for beginning in lost:
        assert f"  {beginning}" in told
    assert len(told.splitlines()) == len(lost)


def test_an_answer_that_the_files_follow_already_needs_no_word(project: Project) -> None:
    project.replace("configs/experiment.yaml", "source: demo", "source: folder")
    project.commit()

    done = project.copier(
        "update", "--trust", "--defaults", "--data", "data_source=folder", SMOKE="skip"
    )

    assert done.returncode == 0, done.stderr
    assert "data_source: folder" in (project / ".copier-answers.yml").read_text()
    assert "What to edit" not in done.stdout


def test_an_update_without_another_answer_needs_no_word(
    template: Template, project: Project
) -> None:
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))

    done = project.copier("update", "--trust", "--defaults", SMOKE="skip")

    assert done.returncode == 0, done.stderr
    assert "What to edit" not in done.stdout


@pytest.mark.parametrize("answer", ["", "yes"])
def test_a_project_that_is_older_than_a_question_updates(
    template: Template, tmp_path: Path, answer: str
) -> None:
    """``cluster`` is taken for the question that a release adds: files depend on it."""
    text = (template / "copier.yml").read_text()
    question = text[text.index("cluster:\n") : text.index("# -----", text.index("cluster:\n"))]
    excluding = '  - "{% if not cluster | default(false) %}/cluster{% endif %}"\n'
    assert excluding in text
    older = text.replace(question, "").replace(excluding, "  - /cluster\n")
    (template / "copier.yml").write_text(older)
    template.release("v0.0.2")
    project = template.generate(tmp_path / "older")
    assert "cluster" not in (project / ".copier-answers.yml").read_text()
    (template / "copier.yml").write_text(text)
    template.release("v0.0.3")

    project.update(**({"cluster": answer} if answer else {}))

    assert "_commit: v0.0.3" in (project / ".copier-answers.yml").read_text()
    assert (project / "cluster/slurm.sh").exists() == bool(answer)


def test_ui_comes_and_goes_with_its_answer(template: Template, project: Project) -> None:
    room = "experiment/core/ui"
    improved = f"{room}/presets.py"
    project.append("pyproject.toml", "\n[tool.mine]\nkept = true")
    project.commit()
    template.release("v0.0.2", lambda it: it.append(f"template/{improved}", "# improved"))

    project.update()
    assert not (project / room).exists()
    project.commit()
    project.update(ui="yes")

    assert (project / improved).read_text().endswith("# improved\n")
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    assert "ui" in settings["project"]["optional-dependencies"]
    assert settings["tool"]["mine"] == {"kept": True}
    project.commit()
    project.update(ui="no")
    assert not list((project / room).rglob("*.py"))
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    assert "ui" not in settings["project"]["optional-dependencies"]


def test_links_in_place_of_runs_and_data_do_not_block_an_update(
    template: Template, project: Project, tmp_path: Path
) -> None:
    for name in ("runs", "data", "wandb"):
        (tmp_path / "large disk" / name).mkdir(parents=True)
        (project / name).symlink_to(tmp_path / "large disk" / name)
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))

    done = project.copier("update", "--trust", "--defaults", SMOKE="skip")

    assert done.returncode == 0, done.stderr
    assert (project / CORE).read_text().endswith("# improved\n")
    assert (project / "runs").is_symlink()


@pytest.mark.parametrize("setting", ["color.ui=always", "submodule.recurse=true",
                                     "diff.external=false", "diff.noprefix=true"])  # fmt: skip
def test_a_conflict_is_listed_whatever_is_set_of_git(tmp_path: Path, setting: str) -> None:
    name, _, value = setting.partition("=")
    outer = Folder(tmp_path / "outer")
    inner = outer / "inner"
    inner.mkdir(parents=True)
    outer.git("init", "--quiet")
    outer.append("inner/größe.py", "mine")
    outer.append("inner/quoted.md", "<<<<<<< before updating")
    outer.commit()
    outer.append("inner/größe.py", "<<<<<<< before updating")
    outer.append("inner/quoted.md", "theirs")
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[{name.split('.')[0]}]\n{name.split('.')[1]} = {value}")
    program = "import proof, pathlib; print(proof.conflicted(pathlib.Path.cwd()))"
    variables = {
        "PYTHONPATH": str(ROOT / "hooks"),
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
    }

    done = run([sys.executable, "-c", program], inner, variables)

    assert done.stdout == "['größe.py']\n", done.stderr


def test_cluster_comes_and_goes_with_its_answer(template: Template, project: Project) -> None:
    template.release("v0.0.2", lambda it: it.append("template/cluster/slurm.sh", "# improved"))

    project.update(cluster="yes")

    assert (project / "cluster/slurm.sh").read_text().endswith("# improved\n")
    project.append("cluster/environment.sh", "module load cuda")
    project.commit()
    project.update(cluster="no")
    assert [path.name for path in (project / "cluster").iterdir()] == ["environment.sh"]


def add_a_task(it: Template) -> None:
    """Publish a second task type: a folder, and a line in copier.yml."""
    run(["cp", "-r", "tasks/image_classification", "tasks/cooking"], it.path)
    line = "show?): image_classification\n"
    it.replace("copier.yml", line, f"{line}    Cooking: cooking\n")


REFUSED = "this project was made for image_classification and stays so"


def test_a_changed_task_is_refused_before_anything_happens(
    template: Template, project: Project
) -> None:
    template.release("v0.0.2", add_a_task)

    with pytest.raises(ValueError, match=REFUSED):
        project.update(task="cooking")
    assert project.status == ""
    with pytest.raises(ValueError, match=REFUSED):
        project.recopy(task="cooking")
    assert project.status == ""

    project.update()
    project.commit()
    project.replace(".copier-answers.yml", "\ntask: image_classification", "\ntask: cooking")
    project.commit()
    with pytest.raises(ValueError, match=REFUSED):
        project.update()
    assert project.status == ""


def test_a_new_project_may_have_the_other_task(template: Template, tmp_path: Path) -> None:
    template.release("v0.0.2", add_a_task)

    project = template.generate(tmp_path / "project", task="cooking")

    assert "task_at_start: cooking" in (project / ".copier-answers.yml").read_text()


# ----------------------------------------------------------------------------- what needs a person
def test_a_conflict_is_listed_and_can_be_undone(
    template: Template, project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    project.replace("pyproject.toml", ">=3.11", ">=3.12")
    project.commit()
    before = (project / "pyproject.toml").read_bytes()
    pyproject = "template/pyproject.toml.jinja"
    template.release("v0.0.2", lambda it: it.replace(pyproject, ">=3.11", ">=3.13"))

    project.update()

    said = capfd.readouterr().out
    assert "pyproject.toml: you and the template changed the same lines" in said
    assert "environment" not in said.split("needs you")[1]
    undo = said.strip().splitlines()[-1].partition("Or undo the update: ")[2]
    assert undo == UNDO
    assert run(["sh", "-c", undo], project.path).returncode == 0
    assert project.status == ""
    assert (project / "pyproject.toml").read_bytes() == before


def test_edits_that_an_update_drops_are_listed(
    template: Template, project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    project.append(CORE, "# mine")
    project.commit()

    def edit(it: Template) -> None:
        (it / f"template/{CORE}").rename(it / "template/experiment/core/seeds.py")
        (it / "template/experiment/blocks/drop_path.py").unlink()

    template.release("v0.0.2", edit)
    project.update()

    said = capfd.readouterr().out
    assert f"{CORE}: dropped by the template, with your edits" in said
    assert "drop_path" not in said.split("needs you")[1]
    assert project.git("show", f"HEAD:./{CORE}").endswith("# mine")


def test_undo_takes_back_this_folder_only(
    template: Template, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outer = Project(tmp_path / "outer")
    outer.path.mkdir()
    outer.git("init", "--quiet")
    project = template.generate(outer / "inner")
    project.replace("pyproject.toml", ">=3.11", ">=3.12")
    outer.append("sibling.txt", "one")
    outer.commit()
    outer.append("sibling.txt", "two")
    outer.append("unknown.txt", "mine")
    project.append("slurm-1.out", "ignored")
    before = {name: (project / name).read_bytes() for name in project.files()}

    def edit(it: Template) -> None:
        it.replace("template/pyproject.toml.jinja", ">=3.11", ">=3.13")
        (it / "template/experiment/core/new").mkdir()
        it.append("template/experiment/core/new/new.py", "# new")
        (it / "template/experiment/blocks/drop_path.py").unlink()

    template.release("v0.0.2", edit)
    project.update()

    undo = capfd.readouterr().out.strip().splitlines()[-1].partition("Or undo the update: ")[2]
    assert "UU" in project.status
    assert not (project / "experiment/blocks/drop_path.py").exists()
    outer.git("config", "status.showUntrackedFiles", "no")
    assert run(["sh", "-c", undo], project.path).returncode == 0
    outer.git("config", "status.showUntrackedFiles", "all")
    assert outer.status.splitlines() == ["M sibling.txt", "?? unknown.txt"]
    assert {name: (project / name).read_bytes() for name in project.files()} == before
    assert not (project / "experiment/core/new").exists()
    assert (project / "slurm-1.out").read_text() == "ignored\n"


def test_lines_that_copier_cannot_carry_over_are_listed(
    template: Template, project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    with (project / ".gitignore").open("ab") as file:
        file.write(b"/gr\xfc\xdfe/\n/mine/\n")
    project.commit()
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))

    project.update()

    said = capfd.readouterr().out.split("needs you")[1]
    assert "  .gitignore: 1 line of yours gone, first `/gr\\xfc\\xdfe/`" in said
    assert "git show 'HEAD:./.gitignore'" in said
    assert len([line for line in said.splitlines() if line.startswith("  ")]) == 1


def test_ordinary_surroundings_raise_no_alarm(
    template: Template, project: Project, tmp_path: Path
) -> None:
    """Line ends that git converts, markers that are quoted, a retired file, the same edit twice."""
    settings = tmp_path / "gitconfig"
    settings.write_text("[core]\n\tautocrlf = true\n[user]\n\tname = Ada\n\temail = ada@x\n")
    project.append("README.md", "<<<<<<< before updating")
    project.append(".gitignore", "# <<<<<<< before updating\n/mine/")
    project.replace(".gitignore", ".netrc\n", ".netrc\n*.pem\n")
    for name in project.files():
        data = (project / name).read_bytes()
        (project / name).write_bytes(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    variables = {"GIT_CONFIG_GLOBAL": str(settings)}
    for words in (["add", "--all"], ["commit", "--quiet", "-m", "A step"]):
        assert run(["git", *words], project.path, variables).returncode == 0

    def edit(it: Template) -> None:
        (it / "template/experiment/blocks/drop_path.py").unlink()
        it.replace("template/.gitignore", ".netrc\n", ".netrc\n*.pem\n")
        it.replace("template/.gitignore", "lightning_logs/\n", "")
        it.append(f"template/{CORE}", "# improved")

    template.release("v0.0.2", edit)
    done = project.copier("update", "--trust", "--defaults", **variables)

    assert done.returncode == 0, done.stderr
    assert "needs you" not in done.stdout
    assert "/mine/" in (project / ".gitignore").read_text()
    assert "lightning_logs" not in (project / ".gitignore").read_text()
    assert not (project / "experiment/blocks/drop_path.py").exists()


def test_without_the_old_version_nothing_is_judged_and_that_is_said(
    template: Template, project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    template.release(
        "v0.0.2",
        lambda it: it.replace("hooks/after_update.py", "((old_version, before)", "(('v9', before)"),
    )

    project.update()

    said = capfd.readouterr().out.split("needs you")[1]
    assert "  .copier-answers.yml: v0.0.1 cannot be rendered any more" in said


def test_an_update_that_was_killed_and_committed_is_noticed_by_the_next(
    template: Template, project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project.append("pyproject.toml", "# mine")
    project.append(CORE, "# mine")
    project.commit()
    template.release("v0.0.2", lambda it: it.append("template/.gitignore", "# new"))
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(
        '#!/bin/sh\n[ "$1" = apply ] && { kill -9 $PPID; exit 1; }\nexec /usr/bin/git "$@"\n'
    )
    git.chmod(0o755)
    path = f"{git.parent}:{os.environ['PATH']}"
    words = ("update", "--trust", "--defaults")
    assert project.copier(*words, PATH=path).returncode == -signal.SIGKILL
    assert "commit or stash" in project.copier(*words).stderr
    project.commit()
    assert "# mine" not in (project / CORE).read_text()
    template.release("v0.0.3", lambda it: it.append("template/.gitignore", "# newer"))

    done = project.copier(*words)

    said = done.stdout.partition("committed half-done")[2].split("\n\n")[0]
    assert f"  {CORE}: 1 line of yours gone, first `# mine`; before: git show " in said
    assert "  pyproject.toml: 1 line of yours gone, first `# mine`" in said
    command = said.partition("before: ")[2].splitlines()[0]
    assert run(["sh", "-c", command], project.path).stdout.endswith("# mine\n")


def test_edits_of_the_templates_files_and_files_out_of_reach_are_named(
    template: Template, project: Project
) -> None:
    """And an update that was finished is not taken for one that was killed."""
    project.replace(CORE, '"""', '"""Mine. ')
    project.git("mv", "tests/test_contract.py", "tests/test_mine.py")
    project.commit()
    words = ("update", "--trust", "--defaults")
    for number in (2, 3):
        template.release(f"v0.0.{number}", lambda it: it.append(f"template/{CORE}", "# improved"))
        done = project.copier(*words)
        assert "Have a look:\n" in done.stdout, done.stdout + done.stderr
        look = done.stdout.partition("Have a look:\n")[2].split("\n\n")[0]
        assert f"both are there: {CORE}\n" in f"{look}\n"
        assert "none arrives: tests/test_contract.py" in look
        assert "half-done" not in done.stdout
        assert "needs you" not in done.stdout
        project.commit()

    project.git("mv", "experiment", "wide_net")
    project.commit()
    template.release("v0.0.4", lambda it: it.append(f"template/{CORE}", "# improved"))
    assert "give the folder experiment/ its name back" in project.copier(*words).stdout


CHANGES = """# Changelog

## 0.2.0 (not yet tagged)

### You will see
- **Wings**: they
  flap ([how](docs/wings.md)).

### You need to do
- Nothing but to jump.

## 0.1.0

### You will see
- Feet.
"""


def test_what_changed_for_you_is_said_of_the_versions_crossed(
    template: Template, project: Project
) -> None:
    template.release("v0.1.0", lambda it: (it / "CHANGELOG.md").unlink())
    words = ("update", "--trust", "--defaults")
    assert "What changed" not in project.copier(*words).stdout
    project.commit()
    template.release("v0.2.0", lambda it: it.append("CHANGELOG.md", CHANGES))

    said = project.copier(*words).stdout

    told = said.partition("What changed for you:\n")[2].split("\n\n")[0].splitlines()
    assert told == ["  Wings: they flap (how).", "  You need to do: Nothing but to jump."]


@pytest.mark.parametrize(
    ("old", "new", "crossed"),
    [
        ("v0.1.0", "v0.2.0", ["0.2.0"]),
        ("v0.1.0", "v0.3.0", ["0.3.0", "0.2.0"]),
        ("v0.2.0rc1", "v0.2.0", ["0.2.0"]),
        ("v0.1.0-3-gabcdef0", "v0.2.0", ["0.2.0"]),
        ("abcdef0", "v0.1.0", ["0.1.0"]),
        ("abcdef0", "abcdef1", []),
        ("v0.3.0", "v0.3.0-2-gabcdef0", []),
    ],
)
def test_versions_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, crossed: list[str]
) -> None:
    monkeypatch.syspath_prepend(ROOT / "hooks")
    is_crossed = import_module("changes").is_crossed

    assert [it for it in ("0.3.0", "0.2.0", "0.1.0") if is_crossed(it, old, new)] == crossed


def test_a_tree_that_is_not_clean_is_refused(template: Template, project: Project) -> None:
    project.append("notes.txt", "mine")
    template.release("v0.0.2")

    done = project.copier("update", "--trust", "--defaults")

    assert done.returncode == 1
    assert "dirty" in done.stderr.strip().splitlines()[-1]
    assert (project / "notes.txt").read_text() == "mine\n"


def test_a_project_of_an_untagged_commit_updates_to_the_first_tag(
    template: Template, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    template.git("tag", "--delete", "v0.0.1")
    project = template.generate(tmp_path / "early")
    project.append("experiment/model.py", "# mine")
    project.append(".gitignore", "/mine/")
    project.commit()
    template.release("v0.1.0", lambda it: it.append(f"template/{CORE}", "# improved"))
    capfd.readouterr()

    project.update()

    assert "needs you" not in capfd.readouterr().out
    assert "_commit: v0.1.0\n" in (project / ".copier-answers.yml").read_text()
    assert (project / CORE).read_text().endswith("# improved\n")
    assert (project / "experiment/model.py").read_text().endswith("# mine\n")
    assert (project / ".gitignore").read_text().endswith("/mine/\n")


def test_a_detached_head_is_updated_and_the_missing_branch_is_named(
    template: Template, project: Project
) -> None:
    project.append("experiment/model.py", "# mine")
    project.append(".gitignore", "/mine/")
    project.commit()
    project.git("checkout", "--quiet", "--detach")
    before = project.git("rev-parse", "HEAD")
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))

    done = project.copier("update", "--trust", "--defaults")

    assert done.returncode == 0, done.stderr
    assert project.git("rev-parse", "HEAD") == before
    assert (project / CORE).read_text().endswith("# improved\n")
    assert (project / ".gitignore").read_text().endswith("/mine/\n")
    assert "git switch -c" in done.stdout + done.stderr


def test_a_conflict_on_a_detached_head_ends_on_a_branch(
    template: Template, project: Project
) -> None:
    project.git("checkout", "--quiet", "--detach")
    project.replace(CORE, '"""', '"""Mine: ')
    project.commit()
    template.release("v0.0.2", lambda it: it.replace(f"template/{CORE}", '"""', '"""Theirs: '))
    said = project.copier("update", "--trust", "--defaults").stdout

    then = said.partition("\nThen: ")[2].partition(" && uv sync")[0]
    done = run(["sh", "-c", then.replace("NAME", "updated")], project.path)

    assert done.returncode == 0, done.stderr
    assert project.git("branch", "--show-current") == "updated"


# -------------------------------------------------------------------------------------- for real
@pytest.mark.slow
def test_what_a_cold_update_has_merged_passes_its_smoke_check(
    whole_template: Template, whole_project: Project, python: Path
) -> None:
    for name in YOURS:
        if name.endswith((".py", ".md")):
            whole_project.append(name, "# mine")
    whole_project.commit()
    whole_template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))

    words = ("update", "--trust", "--defaults")
    variables = {"SMOKE": "strict", "SMOKE_PYTHON": str(python)}
    done = cold_copier(*words, folder=whole_project.path, **variables)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "every check passed" in done.stdout


@pytest.mark.slow
def test_an_update_brings_the_hooks_own_environment_up(
    template: Template, copied: Callable[[], Project], tmp_path: Path
) -> None:
    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\nmkdir -p .venv\n')
    uv.chmod(0o755)
    path = f"{uv.parent}:/usr/bin:/bin"
    project = template.generate(tmp_path / "own")
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))
    (project / ".venv").mkdir()

    done = project.copier("update", "--trust", "--defaults", SMOKE_PYTHON="", PATH=path)
    assert "is your own and left as it is" in done.stdout
    assert not (tmp_path / "said").exists()

    project.commit()
    (project / ".venv/.made-by-copier-lightning").touch()
    done = project.copier("update", "--trust", "--defaults", SMOKE_PYTHON="", PATH=path)
    assert (tmp_path / "said").read_text() == "sync --inexact\n", done.stdout + done.stderr
