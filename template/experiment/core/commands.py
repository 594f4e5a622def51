"""The commands of ``main.py``: each is one function, and each ends in an exit code.

Template's file: updates replace it. main.py hands over ``Config`` and ``build``, nothing else.

0 finished, 2 something the user can mend, 3 diverged, 130 Ctrl-C, 143 SIGTERM, else a crash.
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
STOPPED_BY_CTRL_C, STOPPED_BY_SIGTERM = 130, 143


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
    from .processes import is_debugged, take_parent
    from .report import report
    from .resume import open_run
    from .run import PROJECT
    from .settings import load_settings
    from .supervise import supervise

    settings = load_settings(config_type, arguments)
    supervised = take_parent()
    run = open_run(arguments, settings.config, supervised)
    if not supervised and run.status == "finished":
        say(f"{run.name} is finished; for more give more --epochs, for a new run another --name")
        report(run)
        return 0
    start_log_file(run.log_file)
    alone = supervised or run.joined or settings.config.restart.max == 0 or is_debugged(PROJECT)
    code = _train(settings, run, build) if alone else supervise(run, settings.config)
    if code == 0 and not (supervised or run.joined):
        report(run)
    return code


def _train(settings: "Settings[Any]", run: "Run", build: Build) -> int:
    try:
        train(settings, run, build)
    except BaseException as error:
        return _record(error, run)
    return 0


def train(settings: "Settings[Any]", run: "Run", build: Build) -> None:
    """Fit and test, and write down how it went."""
    import_torch()
    from .training import say_start, train_and_test

    data, module, trainer = build(settings.config, run)
    say_start(run)
    try:
        train_and_test(trainer, module, data, run, settings.config.trainer.test_after_fit)
    finally:
        run.step = trainer.global_step


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
    with suppress(OSError):  # somebody else's run, to look at only
        run.update(metrics={**run.summary.get("metrics", {}), **metrics})
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


def smoke(arguments: Namespace, config_type: type, build: Build) -> int:
    """Prove the wiring in seconds."""
    from .settings import load_settings

    settings = load_settings(config_type, arguments)
    import_torch()
    from .smoke import run_smoke

    return run_smoke(settings, arguments, build)


COMMANDS: dict[str, Callable[[Namespace, type, Build], int]] = {
    "fit": fit,
    "validate": evaluate,
    "test": evaluate,
    "predict": predict,
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
    run.end("failed", reason, failure={"error": reason, "step": run.step})
    if isinstance(error, UserError):
        if error.code == 2:
            run.withdraw()
        raise error
    with open(run.log_file, "a", encoding="utf-8") as file:
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
    from .run import Run, find_run
    from .settings import load_settings

    folder = find_run(arguments.name or "", Path(arguments.output))
    run = Run.at(folder, arguments.command)
    if arguments.config == DEFAULTS["config"]:
        arguments.config = [str(run.config_file)]
    settings = load_settings(config_type, arguments)
    run.seed = settings.config.seed
    path = choose(run.checkpoints, arguments.checkpoint).path
    return run, path, settings
