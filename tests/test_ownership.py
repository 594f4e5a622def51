"""Whose file is whose: the lists of copier.yml, and what updates and copies do to each file."""

import re
from pathlib import Path

import pytest
import yaml
from projects import PAGES_OF_ONE_TASK, ROOT, SHARED, TASKS, YOURS, Project, Template

SETTINGS = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))


def source_of(name: str) -> str:
    """Name the file of the template that becomes this file of a project."""
    path = f"template/{name}"
    return path if (ROOT / path).exists() else f"{path}.jinja"


def drop(template: Template, *names: str) -> None:
    """Take files out of a template."""
    for name in names:
        (template / source_of(name)).unlink()


def test_both_lists_name_what_is_yours() -> None:
    skipped = SETTINGS["_skip_if_exists"]
    guarded = next(line for line in SETTINGS["_exclude"] if "\n" in line)

    first, *excluded, last = guarded.strip().splitlines()

    assert first == "{% if _copier_operation == 'update' %}"
    assert last == "{% endif %}"
    assert skipped == excluded
    pages = [page for pages in PAGES_OF_ONE_TASK.values() for page in pages]
    assert sorted(skipped) == sorted(f"/{name}" for name in (*YOURS, *pages))


def test_every_file_is_somebodys(default_project: Project) -> None:
    templates = re.compile(
        r"experiment/(core|blocks)/|experiment/(__init__|.gitignore)|(setup|conftest).py"
        r"|tests/test_contract|docs/updating.md|docs/web-page.md"
    )

    for name in default_project.files():
        owners = (name in YOURS, name in SHARED, bool(templates.match(name)))
        assert sum(owners) == 1 or name == ".copier-answers.yml", name


@pytest.mark.parametrize("task", TASKS)
def test_a_task_has_its_own_pages_and_no_others(
    published: Template, tmp_path: Path, task: str
) -> None:
    project = published.generate(tmp_path / "project", task=task)

    pages = {f"docs/{page.name}" for page in (project / "docs").glob("*.md")}
    pages -= {"docs/updating.md", "docs/web-page.md"}  # the template's, in every project

    shared = {name for name in YOURS if re.fullmatch(r"docs/.*\.md", name)}
    assert pages == shared | set(PAGES_OF_ONE_TASK.get(task, ()))


def test_an_update_leaves_alone_the_pages_of_one_task(template: Template, tmp_path: Path) -> None:
    project = template.generate(tmp_path / "project", task="custom")
    kept, gone = PAGES_OF_ONE_TASK["custom"][:2]
    project.append(kept, "Mine")
    (project / gone).unlink()
    project.commit()
    mine = (project / kept).read_bytes()
    template.release("v0.0.2", lambda it: it.append(f"template/{kept}", "The template's"))

    project.update()

    assert (project / kept).read_bytes() == mine
    assert not (project / gone).exists()


def test_a_template_file_says_so_and_where_to_override(default_project: Project) -> None:
    for folder in ("experiment/core", "experiment/blocks"):
        for path in (default_project / folder).rglob("*.*"):
            is_program = path.parent.name == "examples"  # that `export` writes for others
            if path.suffix not in (".py", ".toml") or is_program:
                continue
            head = path.read_text(encoding="utf-8")[:600]
            assert "Template's file: updates replace it." in head, path
    for name in ("conftest.py", "setup.py", "tests/test_contract.py", "docs/updating.md"):
        assert "Template's file: updates replace it." in (default_project / name).read_text()


def test_a_shared_file_has_its_fence(default_project: Project) -> None:
    for name in SHARED:
        text = (default_project / name).read_text(encoding="utf-8")
        fence = r"( *# An update changes what is above these three lines.*\n *#.*\n *#.*\n)"
        assert re.search(fence, text), name


@pytest.mark.parametrize("fate", ["changed", "dropped"])
def test_an_update_leaves_alone_what_is_yours(
    template: Template, project: Project, fate: str
) -> None:
    for name in YOURS:
        project.append(name, "# mine")
    project.commit()
    mine = {name: (project / name).read_bytes() for name in YOURS}

    def edit(it: Template) -> None:
        if fate == "dropped":
            return drop(it, *YOURS)
        for name in YOURS:
            it.append(source_of(name), "# the template's")
        return None

    template.release("v0.0.2", edit)
    project.update()

    assert {name: (project / name).read_bytes() for name in YOURS} == mine
    assert project.status.split() == ["M", ".copier-answers.yml"]


def test_an_update_does_not_bring_back_what_you_deleted(
    template: Template, project: Project
) -> None:
    for name in YOURS:
        (project / name).unlink()
    project.commit()
    template.release("v0.0.2", lambda it: it.append(source_of("main.py"), "# new"))

    project.update()

    assert not [name for name in YOURS if (project / name).exists()]


def test_a_recopy_keeps_what_is_yours_and_restores_what_you_deleted(project: Project) -> None:
    project.append("experiment/model.py", "# mine")
    (project / "experiment/data.py").unlink()
    project.append("experiment/core/data/seeding.py", "# edited")
    project.commit()

    project.recopy()

    assert (project / "experiment/model.py").read_text().endswith("# mine\n")
    assert (project / "experiment/data.py").exists()
    assert "# edited" not in (project / "experiment/core/data/seeding.py").read_text()


def test_a_copy_into_your_folder_keeps_your_files(template: Template, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/README.md").write_text("My notes\n")

    project = template.generate(tmp_path / "mine")

    assert (project / "README.md").read_text() == "My notes\n"


def test_a_file_of_your_own_is_no_business_of_an_update(
    template: Template, project: Project
) -> None:
    project.append("experiment/losses.py", "# mine")
    project.append("configs/wide.yaml", "model: {width: 64}")
    project.commit()
    template.release(
        "v0.0.2", lambda it: it.append("template/experiment/core/data/seeding.py", "# new")
    )

    project.update()

    assert (project / "experiment/losses.py").read_text() == "# mine\n"
    assert (project / "configs/wide.yaml").read_text() == "model: {width: 64}\n"
