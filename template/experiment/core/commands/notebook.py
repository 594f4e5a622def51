"""A trained run in a notebook: ``from main import load; config, data, module = load("wide")``.

Template's file: updates replace it.
"""

import sys
from argparse import Namespace
from typing import Any

from .own_modules import load_with, use_own_modules


def load_run(
    config_type: type,
    build: Any,
    name: str = "",
    checkpoint: str = "best",
    output: str = "",
    code: str = "tree",
) -> tuple[Any, Any, Any]:
    """Configuration, DataModule and LightningModule of a run, with its weights, in eval mode.

    Args:
        config_type: The root dataclass of the configuration; main.py hands it over.
        build: Makes the parts; main.py hands it over.
        name: A run's name or folder; the newest run when left out.
        checkpoint: ``best``, ``last`` or a path. A path starts here or at the project.
        output: The folder of the runs; ``runs`` beside main.py when left out.
        code: ``tree``, the project as it is now, or ``run``, the code that the run was trained
            with: ``experiment`` is that from then on, until the next ``load``.

    Raises:
        UserError: There is no such run or checkpoint, or the weights do not fit the code.
    """
    use_own_modules()  # before anything else of the package is imported
    from ..checkpoint.find_checkpoint import choose
    from ..checkpoint.match_model import fitting_weights
    from ..console import quiet_lightning
    from ..files import PROJECT, typed_path
    from ..imports import import_torch
    from ..runs.run import Run
    from ..runs.run_folders import find_run
    from . import own_code
    from .trained_run import remark_on_changes, settings_of

    folder = find_run(_found(name), typed_path(_found(output)) if output else PROJECT / "runs")
    run = Run.at(folder, "load")
    checkpoint = _found(checkpoint)
    if own_code.is_wanted(code, "load: code="):
        return load_with(own_code.own_code(folder, checkpoint), folder, checkpoint)
    if "pytorch_lightning" not in sys.modules:
        import_torch()
    quiet_lightning()
    import torch

    path = choose(run.checkpoints, checkpoint).path
    offer = 'load(..., code="run")'
    config = settings_of(config_type, Namespace(config=[run.config_file]), path, offer).config
    run.seed = config.seed
    data, module, _ = build(config, run)
    weights = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    with fitting_weights(path, offer):
        module.load_state_dict(weights)
    remark_on_changes(run, path, offer)
    return config, data, module.eval()


def _found(path: str) -> str:
    """A path from here or, if that is none, from the project: notebooks have their own folder."""
    from ..files import project_path, typed_path

    if not path or typed_path(path).exists():
        return path
    there = project_path(path)
    return str(there) if there.exists() else path
