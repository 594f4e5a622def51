"""One cell of the matrix: a project is made, edited, updated along a path of tags, and audited."""

import itertools
import shutil
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy, run_update
from projects import YOURS, Project, Template, run, warm_hooks

from updates.answers import ANSWERS
from updates.audit import (
    ANSWERS as ANSWERS_FILE,
)
from updates.audit import (
    ASKED,
    Audit,
    Finding,
    Tree,
    conflicted,
    ignored,
    looked_at,
    named,
    present,
    rendered,
)
from updates.edits import Edit
from updates.quick import Program, Watch
from updates.releases import FIRST, TAGS, crossed

PATHS = {
    "jump": [(TAGS[0], TAGS[-1])],
    "strides": list(itertools.pairwise(TAGS[::6])),
    "steps": list(itertools.pairwise(TAGS)),
}
HOOK = "after_update.py"
ENDS = set("Er")  # after which there is nothing to go on from
Ignored = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Cell:
    """What is tried.

    Args:
        answers: A key of ``ANSWERS``.
        edit: What the person does.
        path: A key of ``PATHS``.
        smoke: Whether the merged code is tried by ``main.py smoke`` at the end.
        start: The tag that the project is made from.
        end: The tag that it is updated to at last.
    """

    answers: str
    edit: Edit
    path: str
    smoke: bool = False
    start: str = FIRST
    end: str = TAGS[-1]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The updates, each from one tag to another."""
        tags = [self.start, *(new for _, new in PATHS[self.path][:-1]), self.end]
        return list(itertools.pairwise(tags))


@dataclass
class Outcome:
    """What came out: the findings of each update."""

    cell: Cell
    found: list[list[Finding]] = field(default_factory=list)

    def faults(self) -> list[tuple[str, Finding]]:
        """The findings that break the promise, each with the tag that it was updated to."""
        return [
            (new, finding)
            for (old, new), found in zip(self.cell.steps, self.found, strict=False)
            for finding in found
            if finding.code not in ASKED or not self.may_clash(old, new)
        ]

    def may_clash(self, old: str, new: str) -> bool:
        """Whether a conflict is the person's own risk, or cannot be avoided."""
        return self.cell.edit.bold or bool(self.cell.edit.clashes & crossed(old, new))

    def codes(self) -> str:
        """A letter for each kind of finding of each update; a dot where there is none."""
        return " ".join(
            "".join(sorted({each.code for each in found})) or "." for found in self.found
        )


@dataclass
class Bench:
    """Where cells are tried: a template with a history, and what is made of it, kept.

    Args:
        template: Its releases.
        folder: Where projects and fresh copies are kept.
        watch: The programs that Copier ran in this process.
        yours: The files that an update must not touch.
    """

    template: Template
    folder: Path
    watch: Watch
    yours: tuple[str, ...] = YOURS

    def made(self, answers: str, tag: str = FIRST) -> Path:
        """The project as its person gets it, committed."""
        return self.kept(f"made/{answers}/{tag}", ANSWERS[answers], tag, skip_tasks=False)

    def fresh(self, answers: str, tag: str) -> Path:
        """What the template makes of some answers at a version."""
        given = ANSWERS[answers]
        return self.kept(f"fresh/{answers}/{tag}", given, tag, skip_tasks=True)

    def kept(self, name: str, answers: dict[str, Any], tag: str, skip_tasks: bool) -> Path:
        """Make a project, unless it is there."""
        place = self.folder / name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            new = Path(tempfile.mkdtemp(dir=place.parent))
            run_copy(
                str(self.template.path), new / "my-experiment", data=answers, vcs_ref=tag,
                skip_tasks=skip_tasks, defaults=True, overwrite=True, unsafe=True, quiet=True,
            )  # fmt: skip
            with suppress(OSError):  # another process was faster
                new.rename(place)
        return place / "my-experiment"

    def project(self, cell: Cell, folder: Path) -> Project:
        """A copy of the project, edited and committed."""
        place = folder / "my-experiment"
        made = self.made(cell.answers, cell.start)
        project = Project(Path(shutil.copytree(made, place, symlinks=True)))
        project = cell.edit.act(project) or project
        project.commit()
        return project

    def tried(self, cell: Cell) -> Outcome:
        """Try a cell in a folder of its own."""
        outcome = Outcome(cell)
        with tempfile.TemporaryDirectory(prefix="updates-") as folder:
            project = self.project(cell, Path(folder))
            for old, new in cell.steps:
                found = self.updated(project, cell, old, new)
                outcome.found.append(found)
                if any(finding.code in ENDS for finding in found):
                    return outcome
                settle(project)
            outcome.found[-1] += broken(project, cell)
        return outcome

    def updated(self, project: Project, cell: Cell, old: str, new: str) -> list[Finding]:
        """Update once and look."""
        before, were = present(project), ignored(project)
        given = yaml.safe_load((project / ANSWERS_FILE).read_text())
        self.watch.programs.clear()
        try:
            with warm_hooks():
                run_update(
                    project.path,
                    vcs_ref=new,
                    defaults=True,
                    overwrite=True,
                    unsafe=True,
                    quiet=True,
                )
        except Exception as error:
            return self.failed(project, before, error)
        try:
            base, fresh = (self.fresh(cell.answers, tag) for tag in (old, new))
        except ValueError as error:
            return [Finding("A", "", f"the old answers are not taken any more: {error}")]
        folders = rendered(base), rendered(fresh)
        trees = [looked_at(t, cell.edit.uniform) for t in (before, *folders, present(project))]
        said = "".join(program.said for program in self.watch.programs)
        audit = Audit(
            trees[0], trees[1], trees[2], trees[3], conflicted(project), named(said), self.yours
        )
        return [
            *audit.findings(),
            *hooks(self.watch.programs),
            *answered(project, given, fresh, new),
            *touched(were, ignored(project)),
        ]

    def failed(self, project: Project, before: Tree, error: Exception) -> list[Finding]:
        """Tell a refusal of the hook's, after which nothing has changed, from a failure."""
        refused = self.watch.programs and self.watch.programs[-1].stage == "before"
        if refused and present(project) == before and not project.status:
            return [Finding("r", "", "refused by the hook")]
        return [Finding("E", "", f"{type(error).__name__}: {error}")]


def touched(were: Ignored, are: Ignored) -> list[Finding]:
    """What git ignores is no business of an update."""
    others = [name for name, status in were.items() if are.get(name) != status]
    return [Finding("I", name, "an ignored file is another, or gone") for name in others]


def hooks(programs: list[Program]) -> list[Finding]:
    """No task runs on an update, and the hook after it once."""
    ran = [(program.stage, Path(program.words[1]).name) for program in programs]
    due = [(stage, name) for stage, name in ran if stage != "before"]
    if due == [("after", HOOK)] and len(ran) <= 2:
        return []
    return [Finding("H", "", f"what ran: {ran}")]


def answered(project: Project, given: dict[str, Any], fresh: Path, tag: str) -> list[Finding]:
    """No answer is lost or changed, and each new question has one."""
    now = yaml.safe_load((project / ANSWERS_FILE).read_text())
    asked = yaml.safe_load((fresh / ANSWERS_FILE).read_text())
    wanted = {**asked, **{name: given[name] for name in given if name in asked}, "_commit": tag}
    others = {name for name in {*wanted, *now} if now.get(name) != wanted.get(name)}
    return [
        Finding("A", ANSWERS_FILE, f"{name}: {wanted.get(name)!r} became {now.get(name)!r}")
        for name in sorted(others)
    ]


def settle(project: Project) -> None:
    """Keep one's own side of each conflict, and commit."""
    for name in conflicted(project):
        project.git("checkout", "--quiet", "HEAD", "--", name)
    project.commit()


def broken(project: Project, cell: Cell) -> list[Finding]:
    """What ran before the update runs after it."""
    command = ["smoke"] if cell.smoke else ["config"]
    done = main(project.path, *command)
    if done.returncode == 0:
        return []
    with tempfile.TemporaryDirectory(prefix="updates-") as folder:
        old = Path(folder, "project")
        project.git("worktree", "add", "--quiet", "--detach", str(old), "HEAD~1")
        worked = main(old, *command).returncode == 0
        project.git("worktree", "remove", "--force", str(old))
    said = (done.stdout + done.stderr).strip().splitlines() or ["nothing said"]
    return [Finding("B", "main.py", said[-1])] if worked else []


def main(folder: Path, *words: str) -> Any:
    """Type a command of the project."""
    variables = {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "SMOKE": "strict"}
    return run([sys.executable, "main.py", *words], folder, {**variables, "WANDB_MODE": "offline"})
