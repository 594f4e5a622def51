"""Texts by ``data.source``: which reader reads what.

Template's file: updates replace it. For a source of your own, override ``read_source`` in data.py.
"""

from pathlib import Path

from ...config.data import TextDataConfig
from ...errors import UserError
from ..leaving_out import leave_out
from . import demo_topics, folder, huggingface
from .documents import Texts


def download(config: TextDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: There is no such data set, or it cannot be downloaded.
    """
    if config.source == "huggingface":
        huggingface.download(config, root)


def load(config: TextDataConfig, root: Path) -> dict[str, Texts]:
    """The texts of the source by split, as they are: those splits that it has, "train" always.

    Raises:
        UserError: They are not there, or are no texts; says which, and what is right.
    """
    splits = _read(config, root)
    leave_out(splits, config)
    return splits


def _read(config: TextDataConfig, root: Path) -> dict[str, Texts]:
    match config.source:
        case "demo":
            return demo_topics.load()
        case "huggingface":
            return huggingface.load(config, root)
        case "folder":
            return folder.load(config, root)
    raise UserError(f"data.source: {config.source} is read by nothing in core/data/texts/")
