"""Whether W&B is online, offline or off; there is never a prompt.

Template's file: updates replace it.
"""

import os

from ..console import say
from ..errors import UserError
from ..runs.run import Run
from .wandb_variables import described, refused_variables


def wandb_mode(wanted: str, run: Run) -> str:
    """Online where there is a key, else offline; ``WANDB_MODE`` and the configuration come first.

    There is never a prompt, and W&B's own files go into the run's folder.

    Raises:
        UserError: W&B is asked for online, and refuses what the environment says of it.
    """
    forced = os.environ.get("WANDB_MODE", "")
    if wanted == "off" or forced == "disabled":
        return "off"
    refused = refused_variables()
    if refused:
        if wanted == "online":
            raise UserError(f"logger.wandb=online: W&B refuses {described(refused)}; mend or unset")
        say(f"W&B refuses {described(refused)}: logging offline, without it")
        for name in refused:
            del os.environ[name]
    _keep_wandb_inside(run)
    if refused or wanted == "offline" or forced in {"offline", "dryrun"}:
        return "offline"
    has_key, trouble = _find_key()
    if has_key:
        return "online"
    if trouble and wanted == "online":
        raise UserError(f"logger.wandb=online: the API key cannot be used ({trouble})")
    if trouble:
        say(f"W&B: the API key cannot be used ({trouble}): logging offline")
    elif wanted == "online":
        say("W&B: no API key (run `wandb login` or set WANDB_API_KEY): logging offline")
    return "offline"


def _find_key() -> tuple[bool, str]:
    """Whether W&B finds credentials without asking for them, and what is wrong with them."""
    import wandb

    try:
        return wandb.login(prompt=False, verify=False), ""  # the run itself asks the server, once
    except Exception as error:  # a key of the wrong length, an unreadable .netrc
        return False, (str(error).strip().splitlines() or [type(error).__name__])[0]


def _keep_wandb_inside(run: Run) -> None:
    """A home that cannot be written must not matter: W&B's own files go into the run's folder."""
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_ARTIFACT_DIR"):
        os.environ.setdefault(name, str(run.folder / "wandb"))
    os.environ.setdefault("WANDB_SILENT", "true")
