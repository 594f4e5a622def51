"""The commands of ``main.py``: each is one function, and each ends in an exit code.

Template's file: updates replace it. main.py hands over ``Config`` and ``build``, nothing else.

0 finished (or stopped by --max-time), 2 something the user can mend, 3 diverged for good, 129 the
terminal closed, 130 Ctrl-C, 143 SIGTERM, else a crash.
"""

import sys
import traceback
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import quiet_lightning, say, start_console, start_log_file
from .errors import UserError

if TYPE_CHECKING:
    from .run import Run
    from .settings import Settings

# Each command imports what it needs, so that --help answers at once.
Build = Callable[[Any, "Run"], tuple[Any, Any, Any]]
REFUSED, STOPPED_BY_CTRL_C, STOPPED_BY_SIGTERM = 2, 130, 143


def run_command(arguments: Namespace, config_type: type, build: Build) -> int:
    """Carry out a parsed command line.

    Args:
        arguments: From main.py's ``parse``.
        config_type: The root dataclass of the configuration.
        build: Makes the DataModule, the LightningModule and the Trainer of a configuration.

    Returns:
        The exit code.
    """
    start_console()
    try:
        return COMMANDS[arguments.command](arguments, config_type, build)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.code
    except (KeyboardInterrupt, SystemExit) as end:
        if _is_ctrl_c(end):
            return STOPPED_BY_CTRL_C
        raise


def show_config(arguments: Namespace, config_type: type, build: Build) -> int:
    """Print what the configuration comes to, and where each value is from."""
    from .settings import describe_settings, load_settings

    print(describe_settings(load_settings(config_type, arguments)))
    return 0


def fit(arguments: Namespace, config_type: type, build: Build) -> int:
    """Train, then test the best checkpoint."""
    from .disk import unwritable
    from .processes import is_debugged, take_parent, take_usr1
    from .ranks import is_beside_others
    from .report import report
    from .resume import finished, open_run
    from .run import PROJECT
    from .settings import load_settings
    from .supervise import supervise
    from .sweep.agent import name_trial

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
    if not (supervised or is_beside_others()) and _has_used_up_its_time(run, settings.config):
        return 0
    watched = supervised or is_beside_others() or settings.config.restart.max == 0
    alone = watched or is_debugged(PROJECT)
    code = _train(settings, run, build) if alone else supervise(run, settings.config)
    if code == 0 and not (supervised or run.joined):
        report(run)
    if code in {STOPPED_BY_CTRL_C, STOPPED_BY_SIGTERM} and not (supervised or run.joined):
        say(f"stopped: {run.name}; the same command goes on")
    return code


def _has_used_up_its_time(run: "Run", config: Any) -> bool:
    if run.seconds < config.trainer.max_seconds:
        return False
    run.end("stopped", "max_time")
    limit = config.trainer.max_time
    say(f"{run.name} has used up its max_time of {limit}; a larger --max-time lets it go on")
    return True


def _train(settings: "Settings[Any]", run: "Run", build: Build) -> int:
    try:
        train(settings, run, build)
    except BaseException as error:
        return _record(error, run)
    return 0


def train(settings: "Settings[Any]", run: "Run", build: Build) -> None:
    """Fit and test, and write down how it went."""
    import_torch()
    from .disk import UNWRITABLE, unwritable
    from .fitting import choose_fitting
    from .loggers import finish_loggers
    from .overfit import overfits
    from .starting import check_start, restoring, say_start
    from .training import train_and_test
    from .weights import take_weights

    config = settings.config
    try:
        data, module, trainer = build(config, run)
    except OSError as error:
        if error.errno in UNWRITABLE:
            raise unwritable(run.folder, error) from error
        raise
    choose_fitting(run, module)
    say_start(run, config)
    take_weights(module, run)
    test = config.trainer.test_after_fit and not overfits(config)
    try:
        check_start(run, config, trainer, module)
        with restoring(run, config):
            train_and_test(trainer, module, data, run, test)
    finally:
        run.step = trainer.global_step
        finish_loggers(trainer.loggers, exit_code=1)  # W&B alone would wait for ever


def evaluate(arguments: Namespace, config_type: type, build: Build) -> int:
    """``validate`` and ``test``: the metrics of a checkpoint."""
    from .run import read_summary, shown

    run, path, settings = _existing(arguments, config_type)
    import_torch()
    from .training import evaluate_checkpoint

    data, module, trainer = build(settings.config, run)
    metrics = evaluate_checkpoint(arguments.command, trainer, module, data, path)
    say(f"{run.name}, {shown(path)}")
    for name, value in metrics.items():
        say(f"  {name:<20} {value:.6g}")
    run.summary = read_summary(run.folder)  # training may have gone on meanwhile
    run.summary["metrics"] = {**run.summary.get("metrics", {}), **metrics}
    with suppress(OSError):  # somebody else's run, to look at only
        run.write_summary()
    return 0


def predict(arguments: Namespace, config_type: type, build: Build) -> int:
    """Write a row of predictions for each sample of the input, or of the test set."""
    from .prediction import check_target
    from .run import shown

    run, path, settings = _existing(arguments, config_type)
    target = Path(arguments.predictions or run.folder / "predictions.csv")
    check_target(target)
    if arguments.input and not Path(arguments.input).exists():
        raise UserError(f"--input {arguments.input}: there is no such file or folder")
    import_torch()
    from .training import predict_checkpoint

    data, module, trainer = build(settings.config, run)
    count = predict_checkpoint(trainer, module, data, path, arguments.input, target)
    say(f"{count} predictions of {shown(path)} in {shown(target)}")
    return 0


def tune(arguments: Namespace, config_type: type, build: Build) -> int:
    """Find a learning rate or a batch size, or draw the schedule."""
    from .settings import load_settings

    settings = load_settings(config_type, arguments)
    import_torch()
    from .tune import run_tune

    return run_tune(settings, arguments, build)


def smoke(arguments: Namespace, config_type: type, build: Build) -> int:
    """Prove the wiring in seconds."""
    from .settings import load_settings

    settings = load_settings(config_type, arguments)
    import_torch()
    from .smoke import run_smoke

    return run_smoke(settings, arguments, build)


def sweep(arguments: Namespace, config_type: type, build: Build) -> int:
    """Run the trials of a sweep file."""
    from .sweep.command import run_sweep

    return run_sweep(arguments, config_type)


COMMANDS: dict[str, Callable[[Namespace, type, Build], int]] = {
    "fit": fit,
    "validate": evaluate,
    "test": evaluate,
    "predict": predict,
    "tune": tune,
    "sweep": sweep,
    "config": show_config,
    "smoke": smoke,
}


def import_torch() -> None:
    """Import torch and Lightning, quickly and without their remarks."""
    from . import imports

    imports.import_torch()
    quiet_lightning()


def _record(error: BaseException, run: "Run") -> int:
    """Write down why a run ended before its time; a program's error keeps its traceback."""
    if type(error).__name__ == "SIGTERMException":
        # Lightning's exception is a SystemExit without a code: a killed run would look finished.
        run.end("stopped", "SIGTERM")
        return STOPPED_BY_SIGTERM
    if _is_ctrl_c(error):
        run.end("stopped", "Ctrl-C")
        return STOPPED_BY_CTRL_C
    reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    code = error.code if isinstance(error, UserError) else 1
    run.end("failed", reason, failure={"error": reason, "step": run.step, "code": code})
    if isinstance(error, UserError):
        if error.code == REFUSED:
            run.withdraw()
        raise error
    with suppress(OSError), open(run.log_file, "a", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    raise error


def _is_ctrl_c(error: BaseException) -> bool:
    # Lightning turns it into exit(1), whatever it was doing.
    cause = error.__context__ if isinstance(error, SystemExit) else error
    return isinstance(cause, KeyboardInterrupt)


def _existing(arguments: Namespace, config_type: type) -> "tuple[Run, Path, Settings[Any]]":
    """A trained run, the checkpoint that is meant, and the configuration it was trained with."""
    from .checkpoint_files import choose
    from .cli import DEFAULTS
    from .run import Run
    from .runs import find_run
    from .settings import load_settings

    folder = find_run(arguments.name or "", Path(arguments.output))
    run = Run.at(folder, arguments.command)
    if arguments.config == DEFAULTS["config"]:
        arguments.config = [str(run.config_file)]
    settings = load_settings(config_type, arguments)
    run.seed = settings.config.seed
    path = choose(run.checkpoints, arguments.checkpoint).path
    return run, path, settings
