"""What an update refuses before it touches anything: whatever git could not bring back."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from harness.copy_project import copy_project
from projects import AUTHOR, Project, Template, copier_python, run

CORE = "experiment/core/data/seeding.py"


def improve(it: Template) -> None:
    """Let a release change a file of each kind, and bring a new one."""
    it.append(f"template/{CORE}", "# improved")
    it.replace("template/.gitignore", ".netrc\n", ".netrc\n*.pem\n")
    it.append("template/experiment/core/new.py", '"""New."""')


def fingerprint(folder: Path) -> dict[str, str]:
    """Read every file of a project, ignored ones included; what is git's own, Copier refreshes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.relative_to(folder).parts[0] == ".git":
            continue
        if path.is_symlink():
            found[str(path)] = os.readlink(path)
        elif path.is_file():
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[str(path)] = ""
    return found


def refused(project: Project, *words: str, **variables: str) -> str:
    """Try an update that must be refused and leave everything byte-equal; return what was said."""
    before, status = fingerprint(project.path), project.status

    done = project.copier("update", "--trust", "--defaults", *words, **variables)

    assert done.returncode == 1, done.stdout + done.stderr
    assert fingerprint(project.path) == before
    assert project.status == status
    sentences = [line for line in done.stderr.splitlines() if "cannot begin" in line]
    assert sentences, done.stderr
    assert "Traceback" not in done.stderr
    return "\n".join(sentences)


def accepted(project: Project, *words: str, **variables: str) -> str:
    """Try an update that must go through; return what was said."""
    done = project.copier("update", "--trust", "--defaults", *words, **variables)

    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def newer(
    published_small: Template, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Template, Project]:
    """A template that has a newer release, and a project of before, for everybody to read."""
    template = published_small.copy(tmp_path_factory.mktemp("newer") / "template")
    project = template.generate(tmp_path_factory.mktemp("made") / "my-experiment")
    project.pack()
    template.release("v0.0.2", improve)
    return template, project


@pytest.fixture
def released(newer: tuple[Template, Project], tmp_path: Path) -> Project:
    """A project of the test's own whose template has a newer release."""
    folder = tmp_path / "my-experiment"
    project = Project(copy_project(newer[1].path, folder))
    assert project.status == ""  # git looks at the copies, once
    return project


@pytest.fixture
def own(newer: tuple[Template, Project], released: Project, tmp_path: Path) -> Template:
    """The template of that project, to publish further releases of."""
    template = newer[0].copy(tmp_path / "template")
    released.replace(".copier-answers.yml", str(newer[0].path), str(template.path))
    released.commit()
    return template


def heard(project: Project, **variables: str) -> str:
    """Ask the hook alone, in the template's own folder, which is quicker than an update."""
    answers = (project / ".copier-answers.yml").read_text()
    template = answers.partition("_src_path: ")[2].partition("\n")[0]
    before = fingerprint(project.path)
    done = run([copier_python(), f"{template}/hooks/before_update.py"], project.path, variables)
    assert "Traceback" not in done.stderr, done.stderr
    assert fingerprint(project.path) == before
    assert done.returncode == bool(done.stderr)
    return done.stderr


def may_begin(project: Project, **variables: str) -> bool:
    """Say whether the hook has nothing against an update."""
    return heard(project, **variables) == ""


# ------------------------------------------------------------------------- what git does not show
def test_untracked_files_that_git_is_told_not_to_show(released: Project) -> None:
    released.git("config", "status.showUntrackedFiles", "no")
    released.append("notes.txt", "mine")

    said = refused(released)

    assert "not committed" in said
    assert "notes.txt" in said
    (released / "notes.txt").unlink()
    said = heard(released)  # Copier would not see its own rejects
    way_out = said.partition("`git")[2].partition("`")[0]
    assert run(["git", *way_out.split()], released.path).returncode == 0
    assert may_begin(released)


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_files_that_git_is_told_not_to_look_at(released: Project, flag: str) -> None:
    released.git("update-index", f"--{flag}", ".gitignore")
    released.append(".gitignore", "/mine/")

    said = refused(released)

    assert ".gitignore" in said
    assert f"git update-index --no-{flag} FILE" in said


def test_a_file_of_yours_that_an_undo_would_overwrite_unseen(released: Project) -> None:
    released.append("notes.txt", "one")
    released.commit()
    released.git("update-index", "--assume-unchanged", "notes.txt")
    assert may_begin(released)
    released.append("notes.txt", "two")

    assert "notes.txt" in heard(released)


def test_a_skipped_file_of_yours_is_no_obstacle_and_outlives_the_undo(released: Project) -> None:
    released.append("local.yaml", "one")
    released.commit()
    released.git("update-index", "--skip-worktree", "local.yaml")
    released.append("local.yaml", "two")

    undo = accepted(released).strip().splitlines()[-1].partition("undo it: ")[2]

    assert run(["sh", "-c", undo], released.path).returncode == 0
    assert (released / "local.yaml").read_text() == "one\ntwo\n"


def test_a_sparse_checkout_that_lacks_what_an_update_writes(released: Project) -> None:
    released.git("sparse-checkout", "set", "--no-cone", "/*", "!/experiment/core/data/")
    assert not (released / CORE).exists()

    said = heard(released)

    assert "git sparse-checkout disable" in said
    assert CORE.rpartition("/")[0] in said
    released.git("sparse-checkout", "disable")
    assert may_begin(released)


def test_a_sparse_checkout_that_lacks_only_what_is_yours(released: Project) -> None:
    (released / "large").mkdir()
    released.append("large/notes.txt", "mine")
    released.commit()
    released.git("sparse-checkout", "set", "--no-cone", "/*", "!/large/")

    assert may_begin(released)

    assert not (released / "large").exists()


def test_an_unfinished_merge_beside_the_project(
    newer: tuple[Template, Project], tmp_path: Path
) -> None:
    outer = Project(tmp_path / "outer")
    outer.path.mkdir()
    outer.git("init", "--quiet")
    project = Project(Path(shutil.copytree(newer[1].path, outer / "inner")))
    shutil.rmtree(project / ".git")
    outer.append("sibling.txt", "one")
    outer.commit()
    outer.git("checkout", "--quiet", "-b", "other")
    outer.replace("sibling.txt", "one", "two")
    outer.commit()
    outer.git("checkout", "--quiet", "-")
    outer.replace("sibling.txt", "one", "three")
    outer.commit()
    run(["git", *AUTHOR, "merge", "other"], outer.path)

    assert "is not finished: sibling.txt" in heard(project)


# ------------------------------------------------------------------------------- what is in the way
def test_an_ignored_file_where_a_release_brings_one(own: Template, released: Project) -> None:
    released.append(".gitignore", "of_mine.py\n/tools.py")
    released.commit()
    released.append("tools.py", "mine")
    own.release("v0.0.3", lambda it: it.append("template/tools.py", '"""New."""'))

    assert "tools.py" in heard(released)

    (released / "tools.py").rename(released / "of_mine.py")
    assert may_begin(released)


def test_what_an_answer_keeps_away_is_in_nobodys_way(released: Project) -> None:
    released.append(".gitignore", "/cluster/")
    released.commit()
    (released / "cluster").mkdir()
    released.append("cluster/slurm.sh", "mine")

    assert "cluster/slurm.sh" in refused(released, "--data", "cluster=yes")
    assert may_begin(released)


def test_an_ignored_file_that_is_as_the_template_made_it(released: Project) -> None:
    released.git("rm", "--quiet", "--cached", "conftest.py")
    (released / ".git/info/exclude").write_text("conftest.py\n")
    released.git("commit", "--quiet", "-m", "A step")

    assert may_begin(released)
    released.append("conftest.py", "# mine")
    assert "conftest.py" in heard(released)


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file for a folder", "link"])
def test_another_kind_of_thing_in_the_way(
    own: Template, released: Project, tmp_path: Path, kind: str
) -> None:
    released.append(".gitignore", "/tools")
    released.commit()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    brought = "template/tools/new.py" if kind in ("file for a folder", "link") else "template/tools"
    if kind == "link":
        (released / "tools").symlink_to(elsewhere)
    elif kind == "file for a folder":
        released.append("tools", "mine")
    else:
        (released / "tools").mkdir()
        if kind == "folder":
            released.append("tools/mine.py", "mine")

    def edit(it: Template) -> None:
        (it / brought).parent.mkdir(exist_ok=True)
        it.append(brought, '"""New."""')

    own.release("v0.0.3", edit)

    assert "tools" in heard(released)
    assert list(elsewhere.iterdir()) == []


def test_a_committed_link_that_leads_out_of_the_project(released: Project, tmp_path: Path) -> None:
    (released / "experiment/core").rename(tmp_path / "core")
    (released / "experiment/core").symlink_to(tmp_path / "core")
    released.commit()
    before = fingerprint(tmp_path / "core")

    assert "experiment/core" in heard(released)
    assert fingerprint(tmp_path / "core") == before


def test_an_ignored_reject_that_copier_would_delete(released: Project) -> None:
    released.append(".gitignore", "*.rej")
    released.commit()
    released.append("experiment/model.py.rej", "mine")

    assert "experiment/model.py.rej" in refused(released)


def test_a_reject_in_an_ignored_folder_is_no_obstacle(released: Project) -> None:
    (released / "data").mkdir()
    released.append("data/model.py.rej", "mine")

    said = accepted(released)

    assert "The update needs you" not in said
    assert "undo" in said.strip().splitlines()[0]
    assert (released / "data/model.py.rej").read_text() == "mine\n"


# ------------------------------------------------------------------------------------- the template
def test_a_template_with_uncommitted_changes(own: Template, released: Project) -> None:
    own.append(f"template/{CORE}", "# not committed")

    said = refused(released, "--vcs-ref", "HEAD")

    assert str(own.path) in said
    assert "commit them there" in said


# ------------------------------------------------------------------------------- settings and sizes
@pytest.mark.parametrize("value", ["error-all", "fix", "strip"])
def test_other_settings_with_which_git_changes_lines(
    released: Project, tmp_path: Path, value: str
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[apply]\n\twhitespace = {value}\n")

    assert f"apply.whitespace={value}" in heard(released, GIT_CONFIG_GLOBAL=str(settings))


def test_a_setting_that_has_git_drop_lines_that_end_in_blanks(
    released: Project, tmp_path: Path
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[apply]\n\twhitespace = error\n")
    released.append(".gitignore", "/mine/   ")
    released.commit()

    said = refused(released, GIT_CONFIG_GLOBAL=str(settings))

    assert "apply.whitespace=error" in said
    way_out = said.partition("`")[2].partition("`")[0]
    assert run(way_out.split(), released.path).returncode == 0
    accepted(released, GIT_CONFIG_GLOBAL=str(settings))
    assert (released / ".gitignore").read_text().endswith("/mine/   \n")


def test_line_ends_that_git_refuses_to_convert(released: Project, tmp_path: Path) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[core]\n\tautocrlf = true\n\tsafecrlf = true\n")

    assert "core.safecrlf" in heard(released, GIT_CONFIG_GLOBAL=str(settings))


@pytest.mark.parametrize(
    "attribute", ["filter=lfs", "-diff", "binary", "working-tree-encoding=UTF-16"]
)
def test_attributes_that_hide_a_shared_files_lines(released: Project, attribute: str) -> None:
    released.append(".gitignore", "/mine/")
    released.commit()
    (released / ".gitattributes").write_text(f"*.svg filter=lfs\n.gitignore {attribute}\n")
    released.git("add", ".gitattributes")
    released.git("commit", "--quiet", "-m", "A step")
    assert released.status == ""  # else Copier itself refuses, and our hook is never asked

    said = heard(released)

    assert ".gitignore (" in said
    assert "svg" not in said


def test_attributes_of_files_that_are_yours_are_no_obstacle(released: Project) -> None:
    (released / ".gitattributes").write_text("* text=auto\n*.ipynb filter=strip\n*.svg -diff\n")
    released.commit()

    assert may_begin(released)


def test_more_ignored_files_than_fit_into_a_command(released: Project) -> None:
    (released / "scans").mkdir()
    released.append("scans/README", "Where they come from")
    released.append(".gitignore", "/scans/*\n!/scans/README")
    released.commit()
    limit = os.sysconf("SC_ARG_MAX")
    for number in range(limit // 120):
        (released / "scans" / f"{number:0100}.png").touch()

    said = refused(released)

    assert "in scans/" in said
    (released / "scans/all").mkdir()
    for path in (released / "scans").glob("*.png"):
        path.rename(released / "scans/all" / path.name)
    assert may_begin(released)


def test_more_text_than_git_merges(own: Template, released: Project) -> None:
    own.release("v0.0.3", lambda it: it.replace("hooks/sizes.py", "2**30 - 2**24", "2**24 - 2**14"))
    released.append("picture.bin", "\0" * 2**24)
    released.commit()
    assert may_begin(released)
    (released / "table.csv").write_text("1,2,3\n" * 2**22)
    released.commit()

    said = heard(released)

    assert "table.csv" in said
    assert "picture.bin" not in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("clustr=yes", "--data clustr=yes: this template asks no clustr; did you mean cluster."),
        ("cluster=perhaps", "--data cluster=perhaps: the answer is yes or no."),
        ("reserved_names=[]", "--data reserved_names=[]: this template asks no reserved_names;"),
    ],
)
def test_an_answer_that_copier_would_misread_is_refused(
    template: Template, project: Project, typed: str, said: str
) -> None:
    template.release("v0.0.2", improve)

    assert said in refused(project, "--data", typed)


@pytest.mark.parametrize("typed", [("cluster=Yes", "ci=github", "author=Ada"), ("cluster=off",)])
def test_answers_that_copier_reads_go_through(
    template: Template, project: Project, typed: tuple[str, ...]
) -> None:
    template.release("v0.0.2", improve)

    accepted(project, *(word for answer in typed for word in ("--data", answer)))
