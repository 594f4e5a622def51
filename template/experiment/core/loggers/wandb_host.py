"""The address of the W&B server whose pages runs have.

Template's file: updates replace it. Free of torch and of wandb, which takes a second to import.
"""

import configparser
import os
from pathlib import Path

CLOUD = "https://api.wandb.ai"
PAGES_OF_THE_CLOUD = "https://wandb.ai"


def wandb_host() -> str:
    """Scheme and host of its pages: of ``WANDB_BASE_URL``, of ``wandb login --host``, else W&B's."""
    base = (os.environ.get("WANDB_BASE_URL") or _of_login() or CLOUD).rstrip("/")
    return PAGES_OF_THE_CLOUD if base == CLOUD else base


def _of_login() -> str:
    """What ``wandb login`` wrote down: beside the project, else in the home."""
    home = Path(os.environ.get("WANDB_CONFIG_DIR") or Path.home() / ".config" / "wandb")
    for file in (Path("wandb/settings"), home / "settings"):
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        if url := parser.get("default", "base_url", fallback=""):
            return url
    return ""
