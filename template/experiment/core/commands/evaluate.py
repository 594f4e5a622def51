"""``main.py validate`` and ``main.py test``: the metrics of a checkpoint.

Template's file: updates replace it.
"""

from argparse import Namespace
from contextlib import suppress

from ..console import say
from ..files import shown
from ..imports import import_torch
from ..runs.summary import read_summary
from . import own_code
from .dispatch import Build
from .trained_run import trained_run


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """``validate`` and ``test``: the metrics of a checkpoint."""
    if own_code.is_wanted(arguments.code):
        return own_code.carry_out(arguments)
    trained, path, settings = trained_run(arguments, config_type)
    import_torch()
    from ..trainer.stages import evaluate_checkpoint

    data, module, trainer = build(settings.config, trained)
    metrics = evaluate_checkpoint(arguments.command, trainer, module, data, path)
    say(f"{trained.name}, {shown(path)}")
    for name, value in metrics.items():
        say(f"  {name:<20} {value:.6g}")
    trained.summary = read_summary(trained.folder)  # training may have gone on meanwhile
    trained.summary["metrics"] = {**trained.summary.get("metrics", {}), **metrics}
    if arguments.command == "test":
        trained.summary["test_error"] = None
    with suppress(OSError):  # somebody else's run, to look at only
        trained.write_summary()
    return 0
