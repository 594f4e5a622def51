"""``main.py export``: a trained network in files that need no project.

Template's file: updates replace it. What is written, and how it is checked: core/export/.
"""

from argparse import Namespace

from ..errors import UserError
from ..imports import import_torch
from . import own_code
from .dispatch import Build
from .trained_run import trained_run

FORMATS = ("onnx", "torch", "weights")
ALL = "all"


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at what was typed and at the run, and only then import what takes seconds."""
    formats = wanted_formats(arguments.format or FORMATS[0])
    if own_code.is_wanted(arguments.code):
        return own_code.carry_out(arguments)
    trained, path, settings = trained_run(arguments, config_type)
    import_torch()
    from .take_out import take_out

    return take_out(settings.config, build, trained, path, formats)


def wanted_formats(text: str) -> tuple[str, ...]:
    """What ``--format`` means: one, several with commas between, or all.

    Raises:
        UserError: There is no such format.
    """
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in (*FORMATS, ALL):
            known = ", ".join((*FORMATS, ALL))
            raise UserError(
                f"command line: --format {text}: {word or 'nothing'} is none of {known}"
            )
    return FORMATS if ALL in words else tuple(form for form in FORMATS if form in words)
