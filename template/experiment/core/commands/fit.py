"""``main.py fit``: train, under a supervisor, then test the best checkpoint.

Template's file: updates replace it. Free of torch, until training itself begins: the supervisor is
this same command, which starts it once more as the training process.
"""

from argparse import Namespace
from contextlib import suppress
from typing import Any

from ..checkpoint.weights_from import take_weights
from ..config.load import Settings, load_settings
from ..console import say, start_log_file
from ..errors import (
    CTRL_C,
    FINISHED,
    REFUSED,
    TERMINATED,
    UNTESTED,
    TestFailed,
    UserError,
    in_a_line,
    is_programs,
)
from ..files import PROJECT, writable
from ..imports import import_torch
from ..ranks import is_beside_others
from ..restart.debugger import is_debugged
from ..restart.orphans import take_parent
from ..restart.resume_from import finished, open_run
from ..restart.signals import take_usr1
from ..restart.supervisor import supervise
from ..runs.disk_errors import UNWRITABLE, unwritable
from ..runs.run import Run
from ..runs.tracebacks import print_tracebacks_of, traceback_text
from ..sweep.wandb_agent import name_trial
from .dispatch import Build, is_ctrl_c
from .report import report


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Train, then test the best checkpoint."""
    name_trial(arguments)
    settings = load_settings(config_type, arguments)
    supervised = take_parent()
    take_usr1()
    run = open_run(arguments, settings.config, supervised)
    if not supervised and run.status == "finished":
        if not run.joined:
            say(finished(run, settings.config))
            report(run)
        return 0
    try:
        start_log_file(run.log_file)
    except OSError as error:
        raise unwritable(run.folder, error) from None
    if not supervised:
        for remark in settings.remarks:
            say(remark)
    if not (supervised or is_beside_others()) and _has_used_up_its_time(run, settings.config):
        return 0
    watched = supervised or is_beside_others() or settings.config.restart.max == 0
    alone = watched or is_debugged(PROJECT)
    code = _train(settings, run, build) if alone else supervise(run, settings.config)
    if code in {FINISHED, UNTESTED} and not (supervised or run.joined):
        report(run)
    if code in {CTRL_C, TERMINATED} and not (supervised or run.joined):
        say(f"stopped: {run.name}; the same command goes on")
    return code


def _has_used_up_its_time(run: Run, config: Any) -> bool:
    if run.seconds < config.trainer.max_seconds:
        return False
    run.end("stopped", "max_time")
    limit = config.trainer.max_time
    say(f"{run.name} has used up its max_time of {limit}; a larger --max-time lets it go on")
    return True


def _train(settings: Settings[Any], run: Run, build: Build) -> int:
    try:
        train(settings, run, build)
    except BaseException as error:
        return _record(error, run)
    return 0


def train(settings: Settings[Any], run: Run, build: Build) -> None:
    """Fit and test, and write down how it went."""
    import_torch()
    # Only now: these import torch.
    from ..callbacks.overfit import overfits
    from ..checkpoint.match_model import choose_fitting, restoring
    from ..data.datamodule import DataModule
    from ..loggers.make_loggers import finish_loggers
    from ..trainer.resume_checks import check_start, say_start
    from ..trainer.stages import train_and_test

    config = settings.config
    try:
        data, module, trainer = build(config, run)
    except OSError as error:
        if error.errno in UNWRITABLE:
            raise unwritable(run.folder, error) from error
        raise
    choose_fitting(run, module)
    say_start(run, config)
    for line in data.summary() if isinstance(data, DataModule) else ():
        say(line)
    take_weights(module, run)
    test = config.trainer.test_after_fit and not overfits(config)
    try:
        check_start(run, config, trainer, module)
        with restoring(run, config):
            train_and_test(trainer, module, data, run, test)
    finally:
        run.step = trainer.global_step
        finish_loggers(trainer.loggers, exit_code=1)  # W&B alone would wait for ever


def _record(error: BaseException, run: Run) -> int:
    """Write down why a run ended before its time; a program's error keeps its traceback."""
    if type(error).__name__ == "SIGTERMException":
        # Lightning's exception is a SystemExit without a code: a killed run would look finished.
        run.end("stopped", "SIGTERM")
        return TERMINATED
    if is_ctrl_c(error):
        run.end("stopped", "Ctrl-C")
        return CTRL_C
    if isinstance(error, TestFailed):
        return _untested(error, run)
    reason = in_a_line(error)
    code = error.code if isinstance(error, UserError) else 1
    failure = {"error": reason, "step": run.step, "code": code}
    run.end("failed", reason, failure={**failure, "final": _would_repeat(error, run)})
    if isinstance(error, UserError):
        if error.code == REFUSED:
            run.withdraw()
        raise error
    with suppress(OSError), open(run.log_file, "a", encoding="utf-8") as file:
        file.write(writable(traceback_text(error, run.folder)))
    print_tracebacks_of(run.folder)
    raise error


def _untested(error: TestFailed, run: Run) -> int:
    cause = error.__cause__
    if cause is not None and not isinstance(cause, UserError):
        say(traceback_text(cause, run.folder))
    say(str(error))
    return UNTESTED


def _would_repeat(error: BaseException, run: Run) -> bool:
    """Whether a restart would only meet the same: a program's error before any step."""
    begun = run.step > 0 or run.newest_checkpoint() is not None
    of_worker = "in DataLoader worker process" in str(error)
    return is_programs(error) and not (begun or of_worker or isinstance(error, OSError))
