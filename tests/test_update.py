"""``copier update``: what a researcher did and what a release brings, together."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import ROOT, YOURS, Folder, Project, Template, run

CORE = "experiment/core/data/seeding.py"


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


@pytest.mark.parametrize("question", LOST)
def test_an_answer_that_comes_too_late_says_so_and_what_to_edit(
    project: Project, question: str
) -> None:
    answer = OTHERS.get(question, "other")

    done = project.copier(
        "update", "--trust", "--defaults", "--data", f"{question}={answer}", SMOKE="skip"
    )

    assert done.returncode == 0, done.stderr
    _, told, rest = done.stdout.partition("these files are yours. What to edit in them:\n")
    assert told, done.stdout
    told = rest.split("\n\n")[0]
    for beginning in LOST[question]:
        assert f"  {beginning}" in told
    assert len(told.splitlines()) == len(LOST[question])


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
                                     "grep.fullName=true", "color.grep=always"])  # fmt: skip
def test_a_conflict_is_listed_whatever_is_set_of_git(tmp_path: Path, setting: str) -> None:
    name, _, value = setting.partition("=")
    outer = Folder(tmp_path / "outer")
    outer.path.mkdir()
    outer.git("init", "--quiet")
    inner = outer / "inner"
    inner.mkdir()
    (inner / "größe.py").write_text("<<<<<<< before updating\n")
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[{name.split('.')[0]}]\n{name.split('.')[1]} = {value}")
    program = "import repository, pathlib; print(repository.conflicted(pathlib.Path.cwd()))"
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
    assert undo == "git reset --hard && git clean -fd"
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


def test_undo_in_a_folder_of_a_larger_repository_touches_only_that_folder(
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
    pyproject = "template/pyproject.toml.jinja"
    template.release("v0.0.2", lambda it: it.replace(pyproject, ">=3.11", ">=3.13"))

    project.update()

    undo = capfd.readouterr().out.strip().splitlines()[-1].partition("Or undo the update: ")[2]
    assert run(["sh", "-c", undo], project.path).returncode == 0
    assert outer.status.split() == ["M", "sibling.txt"]


def test_a_tree_that_is_not_clean_is_refused(template: Template, project: Project) -> None:
    project.append("notes.txt", "mine")
    template.release("v0.0.2")

    done = project.copier("update", "--trust", "--defaults")

    assert done.returncode == 1
    assert "dirty" in done.stderr.strip().splitlines()[-1]
    assert (project / "notes.txt").read_text() == "mine\n"


# -------------------------------------------------------------------------------------- for real
@pytest.mark.slow
def test_the_merged_project_passes_its_smoke_check(
    template: Template, project: Project, python: Path
) -> None:
    for name in YOURS:
        if name.endswith((".py", ".md")):
            project.append(name, "# mine")
    project.commit()
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))

    words = ("update", "--trust", "--defaults")
    done = project.copier(*words, SMOKE="strict", SMOKE_PYTHON=str(python))

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
