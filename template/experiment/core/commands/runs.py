"""``main.py runs``: what lies in ``runs/``, as a table; one run, several side by side, or away.

Template's file: updates replace it. Free of torch: it reads the files alone.
"""

import sys
from argparse import Namespace
from pathlib import Path

from ..errors import UserError
from ..files import shown
from ..runs.run_removal import removable, remove
from ..runs.selection import best_run, chosen, find_row, ordered
from ..runs.table import RunRow, read_runs
from .compare_runs import compare
from .dispatch import Build
from .runs_output import as_csv, as_json, in_detail, table


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Print it."""
    output = Path(arguments.output)
    if arguments.csv and arguments.json:
        raise UserError("command line: --csv or --json, not both")
    return {
        None: _list,
        "best": _best,
        "show": _show,
        "compare": _compare,
        "rm": _remove,
    }[arguments.action](arguments, output)


def _list(arguments: Namespace, output: Path) -> int:
    rows = _rows(arguments, output)
    if arguments.sort:
        rows = ordered(rows, arguments.sort)
    if arguments.json or arguments.csv:
        print(as_json(rows) if arguments.json else as_csv(rows), end="")
    elif not rows:
        where = " of that kind" if arguments.where else ""
        print(f"{shown(output)} holds no run{where}")
    else:
        print(table(rows), end="")
    return 0


def _best(arguments: Namespace, output: Path) -> int:
    rows = _rows(arguments, output)
    row, metric, left_out = best_run(rows, arguments.sort)
    if arguments.json or arguments.csv:
        print(as_json([row]) if arguments.json else as_csv([row]), end="")
        return 0
    others = len(rows) - left_out
    print(f"best of {others} run{'' if others == 1 else 's'} by {metric}: {row.name}")
    if left_out:
        print(f"  not compared      {left_out}, which have no {metric}")
    print(in_detail(row), end="")
    return 0


def _show(arguments: Namespace, output: Path) -> int:
    _refuse_choice(arguments)
    row = find_row(arguments.names[0], output)
    if arguments.json or arguments.csv:
        print(as_json([row]) if arguments.json else as_csv([row]), end="")
    else:
        print(in_detail(row), end="")
    return 0


def _compare(arguments: Namespace, output: Path) -> int:
    _refuse_choice(arguments)
    rows = [find_row(name, output) for name in dict.fromkeys(arguments.names)]
    if len(rows) < 2:
        raise UserError("runs compare needs two runs that are not the same")
    if arguments.json or arguments.csv:
        print(as_json(rows) if arguments.json else as_csv(rows), end="")
    else:
        print(compare(rows, output), end="")
    return 0


def _remove(arguments: Namespace, output: Path) -> int:
    _refuse_choice(arguments)
    folders = [removable(name, output) for name in dict.fromkeys(arguments.names)]
    if not arguments.yes:
        _ask([shown(folder) for folder in folders])
    for folder in folders:
        remove(folder)
        print(f"removed {shown(folder)}")
    return 0


def _ask(names: list[str]) -> None:
    """Have a person agree.

    Raises:
        UserError: Nobody does.
    """
    if not sys.stdin.isatty():
        raise UserError("runs rm asks before it deletes; where nobody can answer, give --yes")
    answer = input(f"delete {', '.join(names)}, with all checkpoints? [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise UserError("nothing was deleted")


def _rows(arguments: Namespace, output: Path) -> list[RunRow]:
    return chosen(read_runs(output), arguments.where or ())


def _refuse_choice(arguments: Namespace) -> None:
    for option in ("sort", "where"):
        if getattr(arguments, option):
            raise UserError(f"command line: runs {arguments.action} does not use --{option}")
