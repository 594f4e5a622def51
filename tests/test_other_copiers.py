"""Other versions of Copier than ours: the oldest works, what cannot update leaves all as it is."""

import subprocess

import pytest
from projects import Project, Template, run

pytestmark = pytest.mark.slow  # uv fetches them
UPDATE = ("update", "--trust", "--quiet", "--defaults")


def other_copier(version: str, *words: str, project: Project) -> subprocess.CompletedProcess[str]:
    """Run a version of Copier in a project."""
    return run(
        ["uv", "tool", "run", "--from", f"copier=={version}", "copier", *words], project.path
    )


def contents(project: Project) -> dict[str, bytes]:
    """What is in each file, ignored ones included."""
    files = (path for path in project.path.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if ".git" not in path.parts}


@pytest.fixture
def worked_in(template: Template, project: Project) -> Project:
    """A project with a release to update to."""
    project.append("experiment/model.py", "# mine")
    project.commit()
    template.release("v0.0.2", lambda it: it.append("tasks/image_classification/model.py", "# new"))
    return project


def test_one_that_is_too_old_says_so_and_touches_nothing(worked_in: Project) -> None:
    before = contents(worked_in), worked_in.status

    done = other_copier("9.17.0", *UPDATE, project=worked_in)

    assert done.returncode
    assert "requires Copier version >= 9.18.0" in " ".join(done.stderr.split())
    assert (contents(worked_in), worked_in.status) == before


def test_the_broken_one_updates_or_touches_nothing(worked_in: Project) -> None:
    """9.19.0 fails with git before 2.43."""
    before = contents(worked_in), worked_in.status

    done = other_copier("9.19.0", *UPDATE, project=worked_in)

    if done.returncode:
        assert "error: pathspec '--end-of-options' did not match" in done.stderr
        assert (contents(worked_in), worked_in.status) == before
    else:
        assert "_commit: v0.0.2\n" in (worked_in / ".copier-answers.yml").read_text()
        assert (worked_in / "experiment/model.py").read_text().endswith("# mine\n")
