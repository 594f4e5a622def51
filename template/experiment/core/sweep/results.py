"""What came out of a sweep, best trial first, and what it says at its end.

Template's file: updates replace it.
"""

import json
import os
import shlex
from argparse import Namespace
from statistics import mean, stdev
from typing import Any

from ..config.cli_options import CORE_ARGUMENTS
from ..console import say
from ..files import shown
from ..runs.metrics_reader import rows_that_count
from ..runs.table import RunRow, read_run
from ..tables import aligned, as_typed, short_names, shown_value
from .progress import best_of
from .sweep_file import Metric, Sweep
from .trials import ENDED, SweepFolder, Trial

REPEATS = ("seed", "data.fold")  # what makes a trial another measurement of the same thing
MOST_ROWS, MOST_OTHERS = 20, 4  # on the terminal; the page and results.csv have all
OF_TEST = "test/"
OTHERS = ("val/", OF_TEST)


class Results:
    """The trials of a sweep, compared; result_files.py writes them down.

    Args:
        folder: The sweep's.
        sweep: What was varied.
        metric: What was compared.
        typed: The command line, for that of the best trial.
    """

    def __init__(self, folder: SweepFolder, sweep: Sweep, metric: Metric, typed: Namespace) -> None:
        self.folder, self.sweep, self.metric, self.typed = folder, sweep, metric, typed
        self.trials: list[Trial] = []
        self._measured: dict[int, dict[str, float]] = {}
        self.is_over = False

    @property
    def best(self) -> Trial | None:
        return best_of(self.trials, self.metric)

    def ranked(self) -> list[Trial]:
        """The trials, best first; those without a value last."""
        sign = -1 if self.metric.goal == "maximize" else 1
        worst = float("inf")
        return sorted(
            self.trials,
            key=lambda t: (worst if t.value is None else sign * t.value, t.number),
        )

    def say(self) -> None:
        """The table, and what to type next."""
        for row in self.table():
            say(row)
        if self.best is not None:
            say(f"best: {self.best.name}, {self.metric.name} {self.best.value:.6g}")
            say(f"  again        {self.command_line(self.best)}")
            say(f"  its settings {shown(self.folder.path / 'best.yaml')}")
        say(f"  results      {shown(self.folder.path / 'results.csv')}")
        say(f"  to look at   {shown(self.folder.path / 'index.html')}")
        modes = {self._wandb_mode(trial) for trial in self.trials}
        if "offline" in modes:
            pattern = f"{shown(self.folder.path)}/trial-*/wandb/offline-run-*"
            say(f"  W&B          offline; upload with: wandb sync {pattern}")

    def table(self) -> list[str]:
        """Rows of text: the best trials or, where trials repeat each other, their means."""
        if self.is_repeated:
            metrics = (None, *self.others[:MOST_OTHERS])
            return [row for metric in metrics for row in self._table_of_means(metric)]
        names, others = [p.key for p in self.sweep.parameters], self.others[:MOST_OTHERS]
        header = ["trial", "state", self.metric.name, *others, "seconds", *self._short(names)]
        cells = [
            [
                t.name,
                t.state,
                shown_value(t.value),
                *(shown_value(self.measured(t).get(name)) for name in others),
                f"{t.seconds:.0f}",
                *map(shown_value, t.values.values()),
            ]
            for t in self.ranked()[:MOST_ROWS]
        ]
        more = len(self.trials) - MOST_ROWS
        return [*aligned([header, *cells]), *([f"... and {more} more"] if more > 0 else [])]

    def _table_of_means(self, metric: str | None) -> list[str]:
        header = [*self._short(self.distinguishing), "n", "mean", "std"]
        cells = [
            [*map(shown_value, values), str(n), shown_value(average), shown_value(spread)]
            for values, n, average, spread in self.means(metric)
        ]
        return [f"{metric or self.metric.name}:", *aligned([header, *cells])]

    def means(self, metric: str | None = None) -> list[tuple[list[Any], int, float, float]]:
        """Of trials that are equal but for seed and fold: values, how many, mean, deviation.

        Args:
            metric: Another one than the trials are compared by.
        """
        keys = self.distinguishing
        groups: dict[str, list[float]] = {}
        for trial in self.trials:
            value = trial.value if metric is None else self.measured(trial).get(metric)
            if value is not None:
                same = json.dumps([trial.values.get(key) for key in keys], sort_keys=True)
                groups.setdefault(same, []).append(value)
        rows = [(json.loads(same), group) for same, group in groups.items()]
        return [(values, *_statistics(group)) for values, group in rows]

    @property
    def others(self) -> list[str]:
        """The metrics of validation and test beside the one that the trials are compared by."""
        names = dict.fromkeys(name for trial in self.trials for name in self.measured(trial))
        return sorted(names, key=lambda name: not name.startswith(OTHERS[0]))

    def measured(self, trial: Trial) -> dict[str, float]:
        """What else was logged with a trial's best value, and in its test."""
        if trial.value is None:
            return {}
        if trial.number not in self._measured or trial.state not in ENDED:
            rows = rows_that_count(self.folder.folder(trial) / "metrics.jsonl")
            self._measured[trial.number] = _beside(rows, self.metric.name, trial.value)
        return self._measured[trial.number]

    def command_line(self, trial: Trial) -> str:
        """What trains a trial's configuration again, in the code as it is now."""
        words = ["python", "main.py", "fit"]
        for file in self.typed.config:
            default = os.path.join("configs", "experiment.yaml")
            words += [] if str(file).endswith(default) else ["--config", str(file)]
        options = {k: v for k, v in vars(self.typed).items() if k not in CORE_ARGUMENTS}
        words += [*self.typed.overrides, *(f"{k}={as_typed(v)}" for k, v in options.items())]
        words += [f"{key}={as_typed(value)}" for key, value in trial.values.items()]
        return shlex.join(words)

    @property
    def is_repeated(self) -> bool:
        """Whether the sweep does the same thing under several seeds or on several folds."""
        return any(p.key in REPEATS for p in self.sweep.parameters)

    @property
    def distinguishing(self) -> list[str]:
        """The parameters that make a trial another thing."""
        return [p.key for p in self.sweep.parameters if p.key not in REPEATS]

    def _short(self, names: list[str]) -> list[str]:
        return list(short_names(dict.fromkeys(names)))

    def _wandb_mode(self, trial: Trial) -> str | None:
        return self._row(trial).summary.get("wandb", {}).get("mode")

    def state(self, trial: Trial) -> str:
        """How a trial ended or, while it is not over, how its run is."""
        return trial.state if trial.state in ENDED else self._row(trial).status

    def _row(self, trial: Trial) -> RunRow:
        return read_run(self.folder.folder(trial), self.folder.path.parent)


def _beside(rows: list[dict[str, Any]], metric: str, value: float) -> dict[str, float]:
    """The other metrics of the step at which one had a value; of the test the last ones."""
    steps = {row.get("step") for row in rows if row.get(metric) == value}
    found: dict[str, float] = {}
    for row in rows:
        for name, logged in row.items():
            wanted = name.startswith(OTHERS) and name != metric and not name.endswith("_step")
            same_time = name.startswith(OF_TEST) or row.get("step") in steps
            if wanted and same_time and isinstance(logged, int | float):
                found[name] = float(logged)
    return found


def _statistics(values: list[float]) -> tuple[int, float, float]:
    return len(values), mean(values), stdev(values) if len(values) > 1 else 0.0
