"""docs/updating.md is true: its commands do what it says, and Copier says what its table has.

``uvx`` is a stand-in that runs the Copier of these tests.
"""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import ROOT, Project, Template, copier, copier_python, run

PAGE = (ROOT / "template/docs/updating.md").read_text(encoding="utf-8")
CORE = "experiment/core/data/seeding.py"
UPDATE = ("update", "--trust", "--defaults")
MESSAGES = re.findall(
    r"^\| ((?:`[^`]+`[^|`]*)+) \|", PAGE.partition("## What Copier says")[2], re.M
)


def block(section: str) -> str:
    """The shell block of a section; of the page's beginning for an empty name."""
    text = PAGE.partition(f"## {section}\n")[2] if section else PAGE
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[0]


@pytest.fixture
def mine(template: Template, project: Project) -> Project:
    """A project that somebody works in, and a release for it."""
    project.replace("pyproject.toml", '    "numpy>=1.26",\n', '    "numpy>=1.26",\n    "mine",\n')
    project.commit()
    template.release("v0.0.2", lambda it: it.append(f"template/{CORE}", "# improved"))
    return project


@pytest.fixture
def typed(tmp_path: Path) -> Callable[[str, Project], str]:
    """Type a block in a project; each command must succeed."""
    uvx = tmp_path / "bin/uvx"
    uvx.parent.mkdir()
    uvx.write_text(f'#!/bin/sh\nshift 3\nexec {copier_python()} -m copier "$@"\n')
    uvx.chmod(0o755)

    def type_block(text: str, project: Project) -> str:
        path = f"{uvx.parent}:/usr/bin:/bin"
        who = {f"GIT_{role}_{part}": "ada@localhost" for role in ("AUTHOR", "COMMITTER")
               for part in ("NAME", "EMAIL")}  # fmt: skip
        done = run(["sh", "-ec", text], project.path, {"PATH": path, **who})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return type_block


Typed = Callable[[str, Project], str]


# ------------------------------------------------------------------------------------- commands
def test_the_page_is_one_for_both_readmes() -> None:
    link = ROOT / "docs/updating.md"

    assert link.is_symlink()
    assert link.resolve() == (ROOT / "template/docs/updating.md").resolve()
    for readme in (ROOT / "README.md", ROOT / "template/README.md.jinja"):
        assert "(docs/updating.md)" in readme.read_text(encoding="utf-8")


def test_an_update_as_the_page_has_it(mine: Project, typed: Typed) -> None:
    typed(block(""), mine)

    assert mine.git("branch", "--show-current") == "template-update"
    assert (mine / CORE).read_text().endswith("# improved\n")
    typed(re.findall(r"`(git add [^`]+)`", PAGE)[0], mine)
    assert mine.status == ""


def conflict(template: Template, mine: Project) -> None:
    """Change the same line on both sides, and bring a new file."""
    mine.replace("pyproject.toml", ">=3.11", ">=3.12")
    mine.commit()

    def edit(it: Template) -> None:
        it.replace("template/pyproject.toml.jinja", ">=3.11", ">=3.13")
        it.append("template/experiment/core/new.py", "# new")
        (it / f"template/{CORE}").unlink()

    template.release("v0.0.3", edit)


def test_undo_takes_a_conflict_back(template: Template, mine: Project, typed: Typed) -> None:
    conflict(template, mine)
    mine.append(".git/info/exclude", "/runs.log")
    mine.append("runs.log", "ignored")
    mine.update()
    assert "UU pyproject.toml" in mine.status

    typed(block("Undo"), mine)

    assert mine.status == ""
    assert mine.git("ls-files", "--unmerged") == ""
    assert (mine / "runs.log").exists()


def test_undo_leaves_a_neighbour_in_a_larger_repository_alone(
    template: Template, tmp_path: Path, typed: Typed
) -> None:
    outer = Project(tmp_path / "outer")
    outer.path.mkdir()
    outer.git("init", "--quiet")
    inner = template.generate(outer / "inner")
    outer.append("sibling.txt", "one")
    outer.commit()
    conflict(template, inner)
    outer.append("sibling.txt", "two")
    outer.append("untracked.txt", "three")
    inner.update()
    assert "UU inner/pyproject.toml" in outer.status

    typed(block("Undo"), inner)

    assert sorted(outer.status.split()) == ["??", "M", "sibling.txt", "untracked.txt"]


def test_a_killed_update_is_undone_and_then_made(
    mine: Project, typed: Typed, tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "copier", *UPDATE]
    update = subprocess.Popen(program, cwd=mine.path, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    answers = mine / ".copier-answers.yml"
    while "v0.0.2" not in answers.read_text() and update.poll() is None:
        time.sleep(0.005)
    update.send_signal(signal.SIGKILL)
    update.wait()
    assert mine.status

    assert "Destination repository is dirty" in mine.copier(*UPDATE).stderr
    typed(block("Undo"), mine)

    assert mine.status == ""
    mine.update()
    assert '"mine"' in (mine / "pyproject.toml").read_text()
    assert (mine / CORE).read_text().endswith("# improved\n")


def test_another_answer_needs_no_newer_version(mine: Project, typed: Typed) -> None:
    typed(block("Answers"), mine)

    assert (mine / "cluster/slurm.sh").exists()
    assert "_commit: v0.0.1\n" in (mine / ".copier-answers.yml").read_text()


def test_what_the_page_says_of_answers_that_do_nothing(mine: Project) -> None:
    for typed in ("clustr=yes", "cluster=perhaps"):  # tests/test_before_update.py: in which words
        done = mine.copier(*UPDATE, "--data", typed)
        assert done.returncode == 1
        assert mine.status == ""

    mine.replace(".copier-answers.yml", "author: ''", "author: Ada")
    mine.commit()
    mine.update()
    assert "Ada" not in (mine / "pyproject.toml").read_text()

    answers = (mine / ".copier-answers.yml").read_text()
    (mine / ".copier-answers.yml").write_text(answers.replace("license: MIT\n", ""))
    mine.commit()
    mine.update()
    assert "license: MIT\n" in (mine / ".copier-answers.yml").read_text()


@pytest.mark.parametrize("fate", ["deleted", "edited"])
def test_a_file_comes_back_from_the_template(mine: Project, typed: Typed, fate: str) -> None:
    before = (mine / CORE).read_bytes()
    if fate == "deleted":
        mine.git("rm", "--quiet", CORE)
    else:
        mine.append(CORE, "# mine")
    mine.commit()
    fenced = (mine / "pyproject.toml").read_bytes()

    typed(block("A file from the template").replace("blocks/drop_path.py", CORE[11:]), mine)

    assert (mine / CORE).read_bytes() == before
    assert [line.split()[1] for line in mine.status.splitlines()] in (
        [CORE], [str(Path(CORE).parent) + "/"], ["experiment/core/data/"],
    )  # fmt: skip
    assert (mine / "pyproject.toml").read_bytes() == fenced


def test_a_recopy_of_everything_takes_lines_below_the_fences(mine: Project, typed: Typed) -> None:
    words = block("A file from the template").partition(" -x ")[0]

    typed(words, mine)

    assert '"mine"' not in (mine / "pyproject.toml").read_text()
    typed(block("Undo"), mine)
    assert '"mine"' in (mine / "pyproject.toml").read_text()


def test_a_template_that_has_moved_is_found_again(
    template: Template, mine: Project, typed: Typed, tmp_path: Path
) -> None:
    template.path.rename(tmp_path / "moved")
    assert mine.copier(*UPDATE).returncode == 1
    address = "https://github.com/OWNER/copier-lightning.git"
    move = block("A template that has moved")
    assert address in move

    typed(move.replace(address, str(tmp_path / "moved")), mine)

    assert mine.status == ""
    mine.update()
    assert "_commit: v0.0.2\n" in (mine / ".copier-answers.yml").read_text()


def test_a_look_before_in_a_second_working_tree(mine: Project, typed: Typed) -> None:
    there, away, branch = re.findall(r"`(git (?:worktree|branch)[^`]+)`", PAGE)
    typed(there, mine)
    preview = Project(mine.path.parent / "preview")

    preview.update()

    assert (preview / CORE).read_text().endswith("# improved\n")
    typed(f"{away}\n{branch}", mine)
    assert mine.status == ""
    assert not preview.path.exists()


def test_leaving_the_template_is_a_commit(mine: Project, typed: Typed) -> None:
    typed(block("Leave the template"), mine)

    assert "cannot obtain old template references" in mine.copier(*UPDATE).stderr
    mine.git("revert", "--no-edit", "HEAD")
    mine.update()


# ---------------------------------------------------------------------------- what Copier says
def pattern(message: str) -> str:
    """What a message of the table matches: `...` is anything, and versions are others."""
    parts = [re.escape(part) for part in re.findall(r"`([^`]+)`", message)]
    text = r"[\s\S]*".join(parts).replace(r"\.\.\.", r"[\s\S]*")
    text = re.sub(r"(\d+\\\.)+\d+", r"\\S+", text)
    return re.sub(r"\\ ", r"\\s+", text)


def set_answer(name: str, value: str) -> Callable[[Project], None]:
    """Edit the answers file by hand, and commit."""

    def edit(project: Project) -> None:
        path = project / ".copier-answers.yml"
        text = re.sub(
            rf"^{name}:.*\n", value and f"{name}: {value}\n", path.read_text(), flags=re.M
        )
        path.write_text(text)
        project.commit()

    return edit


def updated(project: Project) -> None:
    project.update()
    project.commit()


def no_repository(project: Project) -> None:
    (project / ".git").rename(project.path.parent / "elsewhere")


def marked(project: Project) -> None:
    both = "<<<<<<< HEAD\n_commit: v0.0.1\n=======\n_commit: v0.0.3\n>>>>>>> other\n"
    project.replace(".copier-answers.yml", "_commit: v0.0.1\n", both)
    project.commit()


def needs_newer(project: Project) -> None:
    template = Template(project.path.parent / "template")
    template.release("v0.0.3", lambda it: it.replace("copier.yml", '"9.18.0"', '"99.0.0"'))


GONE = set_answer("_src_path", "/gone/template")
NOWHERE = set_answer("_src_path", "https://copier-lightning.invalid/a.git")
SITUATIONS = {
    "Destination repository is dirty": (lambda it: it.append("notes.txt", "mine"), UPDATE),
    "Updating is only supported in git-tracked subprojects": (no_repository, UPDATE),
    "Updating is only supported in git-tracked templates": (GONE, UPDATE),
    "Checking is only supported": (GONE, ("check-update",)),
    "ProcessExecutionError": (NOWHERE, UPDATE),
    "Cannot update because": (set_answer("_commit", ""), UPDATE),
    "ValueError: Unknown revision": (set_answer("_commit", "v9.9.9"), UPDATE),
    "You are downgrading": (updated, (*UPDATE, "--vcs-ref", "v0.0.1")),
    "ValueError: Invalid choice": (lambda it: None, (*UPDATE, "--data", "license=WTFPL")),
    "Interactive session required": (lambda it: None, UPDATE[:-1]),
    "Template uses potentially unsafe": (lambda it: None, ("update", "--defaults")),
    "This template requires Copier version": (needs_newer, UPDATE),
    "yaml.scanner.ScannerError": (marked, UPDATE),
}


@pytest.mark.parametrize("beginning", SITUATIONS)
def test_copier_says_what_the_table_has(mine: Project, beginning: str) -> None:
    (message,) = [text for text in MESSAGES if text.startswith(f"`{beginning}")]
    prepare, words = SITUATIONS[beginning]
    prepare(mine)
    before = mine.status if (mine / ".git").exists() else ""

    done = copier(*words, folder=mine.path)

    assert done.returncode
    said = done.stdout + re.sub(r"\s+", " ", done.stderr.replace("`", ""))
    assert re.search(pattern(message), said), done.stderr
    assert (mine.status if (mine / ".git").exists() else "") == before


def test_the_table_has_nothing_that_is_not_tried() -> None:
    other = "error: pathspec '--end-of-options'"  # of another Copier, 9.19.0

    tried = [text for text in MESSAGES if text[1:].startswith((*SITUATIONS, other))]

    assert tried == MESSAGES
    assert len(MESSAGES) == len(SITUATIONS) + 1


def test_a_version_that_is_gone_is_set_by_hand(mine: Project) -> None:
    set_answer("_commit", "v9.9.9")(mine)
    assert mine.copier(*UPDATE).returncode == 1

    set_answer("_commit", "v0.0.1")(mine)
    mine.update()

    assert (mine / CORE).read_text().endswith("# improved\n")
