"""``main.py predict``: a checkpoint's answers for new inputs, written to a file.

Template's file: updates replace it.
"""

from argparse import Namespace
from pathlib import Path

from ..console import say
from ..errors import UserError
from ..files import shown
from ..imports import import_torch
from ..loggers.prediction_writer import check_target
from . import own_code
from .dispatch import Build
from .trained_run import trained_run


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Write a row of predictions for each sample of the input, or of the test set."""
    if own_code.is_wanted(arguments.code):
        return own_code.carry_out(arguments)
    trained, path, settings = trained_run(arguments, config_type)
    target = Path(arguments.predictions or trained.folder / "predictions.csv")
    check_target(target)
    given = arguments.input
    if given and not Path(given).exists() and not given.isidentifier():
        raise UserError(f"--input {given}: there is no such file or folder")
    import_torch()
    from ..trainer.stages import predict_checkpoint

    data, module, trainer = build(settings.config, trained)
    count = predict_checkpoint(trainer, module, data, path, given, target)
    say(f"{count} predictions of {shown(path)} in {shown(target)}")
    return 0
