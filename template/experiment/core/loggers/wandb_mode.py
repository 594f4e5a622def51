"""Whether W&B is online, offline or off; there is never a prompt.

Template's file: updates replace it.
"""

import os

from ..console import say
from ..runs.run import Run


def wandb_mode(wanted: str) -> str:
    """Online where there is a key, else offline; ``WANDB_MODE`` and the configuration come first.

    There is never a prompt.
    """
    forced = os.environ.get("WANDB_MODE", "")
    if wanted == "off" or forced == "disabled":
        return "off"
    if wanted == "offline" or forced in {"offline", "dryrun"}:
        return "offline"
    if has_wandb_key():
        return "online"
    if wanted == "online":
        say("W&B: no API key (run `wandb login` or set WANDB_API_KEY): logging offline")
    return "offline"


def has_wandb_key() -> bool:
    """Whether W&B finds credentials without asking for them."""
    import wandb

    try:
        return wandb.login(prompt=False, verify=False)  # the run itself asks the server, once
    except Exception as error:  # a key of the wrong length, an unreadable .netrc
        say(f"W&B: the API key cannot be used ({str(error).splitlines()[0]})")
        return False


def keep_wandb_inside(run: Run) -> None:
    """A home that cannot be written must not matter: W&B's own files go into the run's folder."""
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_ARTIFACT_DIR"):
        os.environ.setdefault(name, str(run.folder / "wandb"))
    os.environ.setdefault("WANDB_SILENT", "true")
