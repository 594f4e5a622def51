"""W&B's own process, wandb-core: how long it may take, and its end.

Template's file: updates replace it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

import psutil

# A killed W&B loses what it has not written: by default the last 15 seconds of rows.
FLUSH_SECONDS = 1.0
# Without an answer in this time the run goes on offline; W&B's own default is 90 s, then an error.
INIT_SECONDS = 30.0
# What has not arrived in this time after the end is kept for `wandb sync`; W&B's own is for ever.
FINISH_SECONDS = 30.0
PATIENCE_SECONDS = 5.0  # on top of it, then its process is killed


@contextmanager
def in_time() -> Iterator[None]:
    """Kill W&B's process if it is still busy long after its own time limit.

    That limit it forgets while it sends an alert to a server that answers 500, again and again.
    """
    timer = Timer(FINISH_SECONDS + PATIENCE_SECONDS, _kill_service)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill_service() -> None:
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.name().startswith("wandb-core"):
                process.kill()


def teardown() -> None:
    """End W&B's process, dead or alive, so that another can be started."""
    import wandb

    with suppress(Exception):  # its process may be dead
        wandb.teardown()


def make_settings(commit: str | None) -> Any:
    """How long W&B may take, and the commit that a run was started from."""
    import wandb

    # The commit that the run started from, which may no longer be the one that is checked out.
    settings = wandb.Settings(init_timeout=INIT_SECONDS, git_commit=commit)
    # Those that a later W&B may have dropped.
    wishes = {
        "finish_timeout": FINISH_SECONDS,
        "finish_timeout_raises": True,
        "x_transaction_log_flush_interval": FLUSH_SECONDS,
    }
    for name, value in wishes.items():
        if name in getattr(wandb.Settings, "model_fields", {}):
            setattr(settings, name, value)
    return settings
