"""Whether the metric that a sweep compares is one that the module logs: known before it starts.

Template's file: updates replace it. Runs of the same code have recorded what they logged. Without
one, the first point of the sweep is trained for a single batch, which also shows that it trains.
"""

import json
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from ..console import say
from ..errors import UserError
from ..files import PROJECT
from ..runs import code_snapshot
from ..runs.run_folders import all_runs
from ..runs.summary import read_summary
from ..spelling import did_you_mean, nearest
from .launcher import CONSOLE, Launcher
from .sweep_file import Metric
from .trial_outcome import last_words
from .trials import Trial

REFUSED = 2  # the exit code of what the user can mend
# The shortest run that validates and tests; what is typed last wins.
SHORTEST = (
    "trainer.max_epochs=1",
    "trainer.max_steps=null",
    "trainer.limit_train_batches=1",
    "trainer.limit_val_batches=1",
    "trainer.limit_test_batches=1",
    "trainer.check_val_every_n_epoch=1",
    "trainer.val_check_interval=1.0",
    "trainer.accumulate_grad_batches=1",
    "trainer.log_every_n_steps=1",
    "restart.max=0",
    "alert.command=null",
    "logger.wandb=off",
)


def check_metric(metric: Metric, launcher: Launcher, first: Trial) -> None:
    """Make sure that every trial will have something to be compared by.

    Raises:
        UserError: The module logs no such metric, or the command is refused.
    """
    if metric.name in recorded_names(launcher.folder.path.parent):
        return
    names = probed_names(launcher, first)
    if names is not None and metric.name not in names:
        known = did_you_mean(nearest(metric.name, names)) or f"; it logs {', '.join(sorted(names))}"
        raise UserError(f"{metric.place}: {metric.name} is not logged by this module{known}")


def recorded_names(output: Path) -> set[str]:
    """The metrics in the summaries of all runs that had the code as it is now."""
    print_ = code_snapshot.fingerprint(PROJECT)
    summaries = (read_summary(folder) for folder in all_runs(output))
    ours = (summary for summary in summaries if summary.get("code") == print_)
    return {name for summary in ours for name in summary.get("metrics", {})}


def probed_names(launcher: Launcher, first: Trial) -> set[str] | None:
    """What one batch of the sweep's first point logs; None if this very point cannot train."""
    with tempfile.TemporaryDirectory(
        prefix=".probe-", dir=launcher.folder.path, ignore_cleanup_errors=True
    ) as temporary:
        folder = Path(temporary)
        words = [*launcher.command(first, folder, "run", folder), *SHORTEST]
        environment = launcher.environment(folder / "run", [])
        with open(folder / CONSOLE, "wb") as console:
            try:
                done = subprocess.run(
                    words,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                raise UserError(f"the sweep's command cannot be started: {error}") from None
        if done.returncode:
            failed = read_summary(folder / "run").get("test_error")
            said = f"testing failed: {failed}" if failed else last_words(folder / CONSOLE)
            said = said.replace(f"{folder}{os.sep}", "") or f"exit code {done.returncode}"
            if done.returncode == REFUSED:  # and so would be every other one
                raise UserError(f"the first trial is refused: {said}")
            say(f"the first trial will fail ({said}): what is logged shows at the second one")
            return None
        return _logged(folder / "run")


def _logged(run: Path) -> set[str]:
    names = set(read_summary(run).get("metrics", {}))
    with suppress(OSError):
        for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
            names |= set(json.loads(line))
    return names - {"step"}
