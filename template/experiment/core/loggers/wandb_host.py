"""Which W&B server is configured.

Template's file: updates replace it. Free of torch and of wandb, which takes a second to import.
"""

import configparser
import os
from pathlib import Path


def wandb_base_url() -> str:
    """``WANDB_BASE_URL``, or what ``wandb login --host`` wrote down; empty for W&B's own."""
    return os.environ.get("WANDB_BASE_URL") or _of_login()


def _of_login() -> str:
    """Beside the project, else in the home."""
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
