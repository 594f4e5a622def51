"""Updates projects that somebody has worked in, and looks for what is lost.

    uv run python -m tests.updates                    everything: the matrix, then the shield
    uv run python -m tests.updates --edits uv,core --tasks image_classification --paths steps
    uv run python -m tests.updates --layout naive     the same, every file the template's
    uv run python -m tests.updates --time             how long one update takes

Rows are edits, columns the answers that a project was made with. A dot stands for an update without
a finding; what the letters mean is printed below. Marked by a star are bold edits, which may end in
a conflict. The last line: pairs of releases, edits, lost lines, conflicts for ordinary edits.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# Before Copier is imported, which hands them on. Hooks: the files alone are wanted.
os.environ.update(SMOKE="skip", SMOKE_PYTHON="none", WANDB_MODE="offline")

from harness.experiment import Server
from projects import DEFAULT_TASK, TASKS, YOURS, Template

from updates import bold as bold  # registers its edits
from updates.answers import ANSWERS
from updates.audit import ASKED, MEANINGS
from updates.edits import EDITS
from updates.matrix import PATHS, Bench, Cell, Outcome
from updates.naive import naive
from updates.quick import watch_copier
from updates.releases import NAMES, TAGS, publish, published
from updates.shield import EDITED, shielded
from updates.timing import time_updates

SPANNING = ("nothing", "all ordinary together")
WHOLE = (*SPANNING, "all bold together")  # what goes through every single release


def main() -> int:
    """1 if a line was lost, an ordinary edit led to a conflict, or anything else went wrong."""
    asked = parse()
    with tempfile.TemporaryDirectory(prefix="updates-") as name:
        folder = Path(name)
        template = publish(folder / "template", naive if asked.layout == "naive" else None)
        if asked.time:
            return 0 if time_updates(bench(template, folder)) else 1
        good = [try_matrix(template, folder, asked)]
        if asked.layout == "ours" and "shield" in asked.parts:
            good.insert(0, try_shield(template, folder, asked.tasks))
    return 0 if all(good) else 1


def parse() -> argparse.Namespace:
    """Read what was typed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--edits", default="", help="parts of names, with commas; all without any")
    parser.add_argument("--tasks", default=",".join(ANSWERS), help=f"some of {','.join(ANSWERS)}")
    parser.add_argument("--paths", default=",".join(PATHS), help=f"some of {','.join(PATHS)}")
    parser.add_argument("--parts", default="matrix,shield", help="matrix, shield, or both")
    parser.add_argument("--layout", choices=("ours", "naive"), default="ours")
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time")
    parser.add_argument("--time", action="store_true", help="time an update, and nothing else")
    asked = parser.parse_args()
    for option, known in {"tasks": ANSWERS, "paths": PATHS, "parts": ("matrix", "shield")}.items():
        words = getattr(asked, option).split(",")
        if unknown := set(words) - set(known):
            parser.error(f"--{option}: {', '.join(sorted(unknown))}: there are {', '.join(known)}")
        setattr(asked, option, words)
    return asked


def bench(template: Template, folder: Path, layout: str = "ours") -> Bench:
    """A bench in this process, which shares with all others what it makes."""
    (folder / "renderings").mkdir(exist_ok=True)
    yours = YOURS if layout == "ours" else ()
    return Bench(template, folder / "kept", watch_copier(folder / "renderings"), yours)


# ----------------------------------------------------------------------------------------- matrix
def try_matrix(template: Template, folder: Path, asked: argparse.Namespace) -> bool:
    """Try the cells, print a row an edit, and sum up."""
    if "matrix" not in asked.parts:
        return True
    cells = list(chosen(template, asked))
    outcomes: list[Outcome] = []
    context = multiprocessing.get_context("fork")
    with context.Pool(asked.jobs, prepare, (template, folder, asked.layout)) as pool:
        done = pool.imap(work, cells)
        for (path, edit), row in groupby(done, lambda one: (one.cell.path, one.cell.edit)):
            columns = list(row)
            outcomes += columns
            print(f"{path:8}{edit.name + '*' * edit.bold:33}", *map(column, columns), flush=True)
            for outcome in columns:
                tell(outcome)
    return sum_up(outcomes, asked.layout)


def chosen(template: Template, asked: argparse.Namespace) -> Iterator[Cell]:
    """The cells that were asked for: one jump everywhere, each single release with what spans."""
    words = asked.edits.split(",")
    edits = [edit for name, edit in EDITS.items() if any(word in name for word in words)]
    for path in asked.paths:
        for edit in edits:
            if path == "steps" and edit.name not in WHOLE and not asked.edits:
                continue
            first = DEFAULT_TASK if DEFAULT_TASK in asked.tasks else asked.tasks[0]
            for answers in asked.tasks if path == "jump" else [first]:
                smokes = path == "jump" and edit.name in SPANNING and asked.layout == "ours"
                yield Cell(answers, edit, path, smokes)
    for tag in published(template):
        yield Cell(DEFAULT_TASK, EDITS["nothing"], "jump", smoke=True, start=tag)


def prepare(template: Template, folder: Path, layout: str) -> None:
    """Make this process's bench."""
    global _bench
    _bench = bench(template, folder, layout)


def work(cell: Cell) -> Outcome:
    """Try a cell on this process's bench."""
    return _bench.tried(cell)


_bench: Bench


def column(outcome: Outcome) -> str:
    """The letters of a cell."""
    return f"{outcome.codes():6}"


def tell(outcome: Outcome) -> None:
    """Print what breaks the promise."""
    for tag, finding in outcome.faults():
        release = NAMES[TAGS.index(tag) - 1]
        where = f"{outcome.cell.answers}, to {tag} ({release})"
        print(f"    {finding.code} {where}: {finding.path}: {finding.text}", flush=True)


def sum_up(outcomes: list[Outcome], layout: str) -> bool:
    """Print what the letters mean, and the last line; whether the promise was kept."""
    found = [finding for one in outcomes for update in one.found for finding in update]
    for code in sorted({finding.code for finding in found}):
        print(f"{code}: {MEANINGS[code]}")
    pairs = {step for one in outcomes for step in one.cell.steps}
    edits = {one.cell.edit.name for one in outcomes}
    faults = [finding for one in outcomes for _, finding in one.faults()]
    lost = sum(finding.lines for finding in found if finding.code == "X")
    conflicts = sum(finding.code in ASKED | {"K"} for finding in faults)
    others = sum(finding.code not in ASKED | {"K", "X"} for finding in faults)
    print(
        f"updates ({layout}): {len(pairs)} pairs of releases, {len(edits)} edits, "
        f"{sum(len(one.found) for one in outcomes)} updates, {lost} lost lines, "
        f"{conflicts} conflicts for ordinary edits, {others} other faults"
    )
    return not faults and not lost


# ----------------------------------------------------------------------------------------- shield
def try_shield(template: Template, folder: Path, answers: list[str]) -> bool:
    """Let the newest core run the first release's files, of every task type."""
    tried, good = bench(template, folder), True
    server = Server(Path(sys.executable), folder)
    for task in (name for name in TASKS if name in answers):
        for edit in EDITED:
            with tempfile.TemporaryDirectory(prefix="updates-") as place:
                try:
                    done = shielded(tried, server, task, edit, Path(place))
                    row = f"went on from step {done.from_step} to {done.steps}, all as it should be"
                except AssertionError as error:
                    print(error, file=sys.stderr)
                    row, good = "FAILED", False
            print(f"shield  {task}, {edit}: {row}", flush=True)
    server.close()
    return good


if __name__ == "__main__":
    sys.exit(main())
