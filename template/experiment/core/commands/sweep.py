"""``main.py sweep [FILE]``: the whole story of a sweep on this machine.

Template's file: updates replace it. The same file goes to ``wandb sweep``.

==================  ==========================================================================
``file.py``         what the file says; ``parameters.py``, ``distributions.py``: what it varies
``checks.py``       every value tried in the configuration; ``probe.py``: whether the metric is
``opening.py``      the folder: new, gone on with, or joined; ``trials.py``: what lies in it
``search.py``       the next point; ``bayes.py``: by what is known so far
``runner.py``       starts trials (``launch.py``) and ends them (``outcome.py``, ``hyperband.py``)
``results.py``      table, results.csv, best.yaml; ``page.py``: the same to look at
==================  ==========================================================================
"""

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..cli import PROJECT
from ..console import say
from ..errors import UserError, shown
from ..settings import load_settings
from . import devices
from .checks import check_values, refuse_typed
from .file import Metric, read_sweep
from .launch import Launcher
from .opening import open_folder
from .probe import check_metric
from .progress import best_of, line
from .results import Results
from .runner import Runner
from .search import Search
from .trials import ENDED, SweepFolder, Trial

DEFAULT_FILE = PROJECT / "sweeps" / "sweep.yaml"
GAVE_UP = 1


def run_sweep(arguments: Namespace, config_class: type) -> int:
    """Run a sweep file, or go on with it; the exit code.

    Raises:
        UserError: Something is wrong with the file: told before anything is started.
    """
    sweep = read_sweep(Path(arguments.file) if arguments.file else DEFAULT_FILE)
    refuse_typed(sweep, arguments)
    config: Any = load_settings(config_class, arguments).config
    check_values(sweep, config_class, arguments)
    if sweep.method == "bayes":
        from .bayes import require_optuna

        require_optuna()
    metric = sweep.metric or _monitored(config)
    search = Search(sweep, metric, config.seed)
    workers, gpus_each, gpus = devices.share(
        _count(arguments.workers, "--workers"),
        _count(arguments.devices_per_trial, "--devices-per-trial"),
    )
    ended = _Ended(search)
    folder = open_folder(arguments.name, Path(arguments.output), sweep, config, ended.is_all)
    trials = folder.trials()
    if ended.is_all(folder):
        say(f"{folder.name} is finished; for more raise run_cap, for a new one give --name")
    elif not trials:
        with folder.lock():  # who joins at once waits for what is found out here
            if not folder.trials():
                launcher = Launcher(sweep, folder, workers)
                check_metric(metric, launcher, _first(search))
    results = Results(folder, sweep, metric, arguments)
    _say_start(folder, search, trials, workers)

    def announce(trial: Trial, trials: list[Trial]) -> None:
        say(line(trial, trials, metric, search.size, workers))
        results.write(trials)

    runner = Runner(folder, sweep, search, config.sweep, workers, (gpus_each, gpus), announce)
    early_end = None if ended.is_all(folder) else runner.run()
    results.write(folder.trials(), is_over=True)
    results.say()
    if early_end is not None:
        say(f"{folder.name} stopped: {early_end}")
    if runner.asked is not None:
        say("the same command goes on with it")
        return 128 + runner.asked
    return GAVE_UP if len(runner.failures) >= config.sweep.give_up_after else 0


class _Ended:
    """Whether a sweep has nothing left to do."""

    def __init__(self, search: Search) -> None:
        self.search = search

    def is_all(self, folder: SweepFolder) -> bool:
        trials, size = folder.trials(), self.search.size
        best = best_of(trials, self.search.metric)
        if best is not None and self.search.metric.reaches_target(best.value):
            return all(trial.state in ENDED for trial in trials)
        return size is not None and sum(trial.state in ENDED for trial in trials) >= size


def _monitored(config: Any) -> Metric:
    """Without a metric of its own a sweep compares what ranks the checkpoints."""
    goal = {"min": "minimize", "max": "maximize"}[config.checkpoint.mode]
    return Metric(config.checkpoint.monitor, goal, place="checkpoint.monitor")


def _count(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UserError(
            f"command line: {option} is {text}; it must be a whole number of at least 1"
        )
    return int(text)


def _first(search: Search) -> Trial:
    point = search.point(1, [])
    if point is None:
        raise UserError(f"{search.sweep.path.name}: there is nothing to try")
    return Trial(1, *point)


def _say_start(folder: SweepFolder, search: Search, trials: list[Trial], workers: int) -> None:
    size = search.size
    many = f"{size} trials" if size is not None else "trials until Ctrl-C (there is no run_cap)"
    done = sum(trial.state in ENDED for trial in trials)
    goes_on = f", {done} of them done" if trials else ""
    beside = f", {workers} at a time" if workers > 1 else ""
    say(
        f"{folder.name}: {search.sweep.method} search, {many}{goes_on}{beside}, in "
        f"{shown(folder.path)}"
    )
