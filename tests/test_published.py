"""The template at an address: the README's commands, with a bare repository in place of OWNER's.

Stand-ins: ``uv`` and ``uvx``, which run the Copier of these tests.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import AUTHOR, ROOT, Project, Template, copier_python, run

README = (ROOT / "README.md").read_text(encoding="utf-8")
CORE = "experiment/core/data/seeding.py"


@pytest.fixture
def address(template: Template, tmp_path: Path) -> str:
    """Where the template is published: a bare repository with its tag."""
    bare = tmp_path / "published.git"
    template.git("clone", "--quiet", "--bare", str(template.path), str(bare))
    template.git("remote", "add", "origin", f"file://{bare}")
    return f"file://{bare}"


@pytest.fixture
def typed(tmp_path: Path) -> Callable[[str, Path], str]:
    """Type lines in a folder; each command must succeed."""
    (tmp_path / "bin").mkdir()
    for name in ("uv", "uvx"):
        program = tmp_path / "bin" / name
        skip = 'while [ "$1" != copier ]; do shift; done; shift'
        program.write_text(f'#!/bin/sh\n{skip}\nexec {copier_python()} -m copier "$@"\n')
        program.chmod(0o755)

    def type_lines(lines: str, folder: Path) -> str:
        done = run(["sh", "-ec", lines], folder, {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return type_lines


def publish(template: Template) -> None:
    """Push a newer release to the address."""
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))
    template.git("push", "--quiet", "origin", "HEAD", "v0.0.2")


def updates(project: Project, typed: Callable[[str, Path], str]) -> None:
    """Work in a project, and update it by the three commands of the README."""
    project.append("experiment/model.py", "# mine")
    project.commit()
    block = README.partition("## How an update works")[2]

    typed(re.findall(r"```sh\n(.*?)```", block, re.DOTALL)[0], project.path)

    assert "_commit: v0.0.2\n" in (project / ".copier-answers.yml").read_text()
    assert (project / CORE).read_text().endswith("# improved\n")
    assert (project / "experiment/model.py").read_text().endswith("# mine\n")


def test_a_project_made_from_an_address_updates_from_it(
    template: Template, address: str, tmp_path: Path, typed: Callable[[str, Path], str]
) -> None:
    (command,) = re.findall(r"`(uvx [^`]*ADDRESS[^`]*)`", README)

    typed(command.replace("ADDRESS", address) + " --defaults", tmp_path)  # as one who only nods

    project = Project(tmp_path / "my-experiment")
    assert f"_src_path: {address}\n" in (project / ".copier-answers.yml").read_text()
    assert "_commit: v0.0.1\n" in (project / ".copier-answers.yml").read_text()
    publish(template)
    updates(project, typed)


def test_a_project_made_by_start_in_a_clone_updates_from_the_clone(
    template: Template, address: str, tmp_path: Path, typed: Callable[[str, Path], str]
) -> None:
    typed(f"git clone --quiet {address} copier-lightning", tmp_path)
    clone = tmp_path / "copier-lightning"
    (command,) = re.findall(r"^python3 start\.py .*$", README, re.MULTILINE)

    said = typed(command, clone)

    assert f"Template: {clone} at v0.0.1" in said  # file:// is of this machine, as well
    project = Project(tmp_path / "my-experiment")
    publish(template)
    fetched = run(["git", *AUTHOR, "pull", "--quiet", "--tags", "origin", "HEAD"], clone)
    assert fetched.returncode == 0, fetched.stderr
    updates(project, typed)


def test_the_addresses_to_trust_are_those_that_are_typed(
    address: str, tmp_path: Path, typed: Callable[[str, Path], str]
) -> None:
    settings = README.partition("```yaml\n")[2].partition("```")[0]
    assert "https://github.com/OWNER/copier-lightning.git" in settings
    trusted = settings.replace("https://github.com/OWNER/copier-lightning.git", address)
    (tmp_path / "settings.yml").write_text(trusted)
    (command,) = re.findall(r"`(uvx [^`]*ADDRESS[^`]*)`", README)
    words = command.replace("ADDRESS", address).replace("--trust ", "") + " --defaults"

    typed(f"export COPIER_SETTINGS_PATH={tmp_path}/settings.yml\n{words}", tmp_path)

    assert (tmp_path / "my-experiment/main.py").exists()
