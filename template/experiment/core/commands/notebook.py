"""A trained run in a notebook: ``from main import load; config, data, module = load("wide")``.

Template's file: updates replace it.
"""

from argparse import Namespace
from typing import Any


def load_run(
    config_type: type, build: Any, name: str = "", checkpoint: str = "best", output: str = ""
) -> tuple[Any, Any, Any]:
    """Configuration, DataModule and LightningModule of a run, with its weights, in eval mode.

    Args:
        config_type: The root dataclass of the configuration; main.py hands it over.
        build: Makes the parts; main.py hands it over.
        name: A run's name or folder; the newest run when left out.
        checkpoint: ``best``, ``last`` or a path.
        output: The folder of the runs; ``runs`` beside main.py when left out.

    Raises:
        UserError: There is no such run or checkpoint, or the weights do not fit the code.
    """
    import torch

    from ..checkpoint.find_checkpoint import choose
    from ..checkpoint.match_model import fitting_weights
    from ..config.load import load_settings
    from ..files import PROJECT, typed_path
    from ..runs.run import Run
    from ..runs.run_folders import find_run

    run = Run.at(find_run(name, typed_path(output) if output else PROJECT / "runs"), "load")
    config = load_settings(config_type, Namespace(config=[run.config_file])).config
    run.seed = config.seed
    path = choose(run.checkpoints, checkpoint).path
    data, module, _ = build(config, run)
    weights = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    with fitting_weights(path):
        module.load_state_dict(weights)
    return config, data, module.eval()
