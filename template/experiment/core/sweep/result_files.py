"""The files that a sweep leaves beside its trials: results.csv, best.yaml, and the page.

Template's file: updates replace it.
"""

import csv
import io

from ..files import write_text
from ..tables import as_typed
from .html_page import page
from .results import Results
from .trials import Trial


def write_results(results: Results, trials: list[Trial], is_over: bool = False) -> None:
    """Bring all files up to date, each whole or not at all."""
    results.trials, results.is_over = trials, is_over
    folder, best = results.folder, results.best
    with folder.lock():
        write_text(folder.path / "results.csv", _csv(results))
        write_text(folder.path / "index.html", page(results))
        if best is not None:
            config = folder.folder(best) / "config.yaml"
            if config.exists():
                head = f"# {best.name}: {results.metric.name} {best.value:.6g}\n"
                write_text(folder.path / "best.yaml", head + config.read_text(encoding="utf-8"))


def _csv(results: Results) -> str:
    names = [p.key for p in results.sweep.parameters]
    others = results.others
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "state", results.metric.name, *names, "seconds", "reason", *others])
    for t in results.trials:
        values = [as_typed(t.values.get(name)) for name in names]
        value = "" if t.value is None else repr(t.value)
        beside = [results.measured(t).get(name, "") for name in others]
        writer.writerow([t.name, t.state, value, *values, t.seconds, t.reason or "", *beside])
    return text.getvalue()
