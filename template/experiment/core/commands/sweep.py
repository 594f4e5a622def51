"""``main.py sweep [FILE]``: the whole story of a sweep on this machine.

Template's file: updates replace it. The same file goes to ``wandb sweep``.
The files are those of core/sweep/.

==================  ==========================================================================
``sweep_file.py``   what the file says; ``parameters.py``, ``distributions.py``: what it varies
``checks.py``       every value tried in the configuration; ``metric_check.py``: the metric, too
``folder.py``       the folder: new, gone on with, or joined; ``trials.py``: what lies in it
``search.py``       the next point; ``bayes.py``: by what is known so far
``runner.py``       starts trials (``launcher.py``) and ends them (``trial_outcome.py``)
``results.py``      what came out; ``result_files.py``: as files; ``html_page.py``: to look at
==================  ==========================================================================
"""

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..config.direction import direction_of, unknown_direction, watched
from ..config.load import load_settings
from ..console import say
from ..errors import UserError
from ..files import shown
from ..sweep import devices
from ..sweep.checks import check_values, refuse_typed
from ..sweep.folder import open_folder
from ..sweep.launcher import Launcher
from ..sweep.metric_check import check_metric
from ..sweep.progress import best_of, line
from ..sweep.result_files import write_results
from ..sweep.results import Results
from ..sweep.runner import Runner
from ..sweep.search import Search
from ..sweep.sweep_file import DEFAULT_FILE, Metric, Sweep, read_sweep
from ..sweep.trials import ENDED, SweepFolder, Trial
from .dispatch import Build

GAVE_UP = 1
GOAL_OF = {"min": "minimize", "max": "maximize"}


def run(arguments: Namespace, config_class: type, build: Build) -> int:
    """Run a sweep file, or go on with it; the exit code.

    Raises:
        UserError: Something is wrong with the file: told before anything is started.
    """
    sweep = read_sweep(Path(arguments.file) if arguments.file else DEFAULT_FILE)
    refuse_typed(sweep, arguments)
    settings = load_settings(config_class, arguments)
    config: Any = settings.config
    check_values(sweep, config_class, arguments)
    if sweep.method == "bayes":
        from ..sweep.bayes import require_optuna

        require_optuna()
    metric = sweep.metric or _monitored(config)
    _rank_by(metric, sweep, config)
    for remark in settings.remarks:
        say(remark)
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
        write_results(results, trials)

    runner = Runner(folder, sweep, search, config.sweep, workers, (gpus_each, gpus), announce)
    early_end = None if ended.is_all(folder) else runner.run()
    write_results(results, folder.trials(), is_over=True)
    results.say()
    if early_end is not None:
        say(f"{folder.name} stopped: {early_end}")
    if runner.asked is not None:
        say("the same command goes on with it")
        return 128 + runner.asked
    nothing = bool(runner.failures) and best_of(folder.trials(), metric) is None
    return GAVE_UP if nothing or len(runner.failures) >= config.sweep.give_up_after else 0


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
    """Without a metric of its own a sweep compares what ranks the checkpoints.

    Raises:
        UserError: Nobody says what is better.
    """
    ranking = watched(config.checkpoint)
    mode = ranking.mode or direction_of(ranking.metric)
    if mode is None:
        raise UserError(unknown_direction(ranking))
    return Metric(ranking.metric, GOAL_OF[mode], place="checkpoint.monitor")


def _rank_by(metric: Metric, sweep: Sweep, config: Any) -> None:
    """Let each trial keep the checkpoints that are best by the sweep's goal.

    Raises:
        UserError: The configuration wants the opposite.
    """
    varied = {parameter.key for parameter in sweep.parameters}
    settings = {"checkpoint.monitor", "checkpoint.mode"}
    if metric.name != config.checkpoint.monitor or settings & varied:
        return
    mode = next(mode for mode, goal in GOAL_OF.items() if goal == metric.goal)
    if config.checkpoint.mode not in (None, mode):
        raise UserError(
            f"{metric.place}: metric.goal is {metric.goal}, and checkpoint.mode is "
            f"{config.checkpoint.mode}: a trial would keep its worst checkpoint; one of both must "
            "change"
        )
    config.checkpoint.mode = mode


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
