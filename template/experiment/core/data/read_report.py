"""What was read, and what could not be, once a stage is over.

Template's file: updates replace it.
"""

import logging
from typing import Any

import pytorch_lightning as pl

from ..console import say
from .datasets import base_of, names_of
from .fetch import Fetch
from .train_loaders import named

log = logging.getLogger(__name__)


def predicted_names(trainer: pl.Trainer) -> list[str]:
    """What each predicted sample is called, such as its file; empty without names."""
    loaders = named(trainer.predict_dataloaders)
    return [name for loader in loaders.values() for name in _names(loader.dataset)]


def predicted_notes(trainer: pl.Trainer) -> list[str]:
    """What was passed over in the input of ``predict``, a line a kind."""
    loaders = named(trainer.predict_dataloaders)
    sources = [getattr(loader.dataset, "source", loader.dataset) for loader in loaders.values()]
    found = [getattr(base_of(source)[0], "notes", None) for source in sources]
    return [line for notes in found if notes is not None for line in notes.lines()]


def say_what_was_read(loaders: dict[str, dict[str, Any]]) -> None:
    """Say what was left out, and what was not read as it is, of the loaders by split and name."""
    warn_of_unreadable(loaders)
    say_late_notes(loaders)


def warn_of_unreadable(loaders: dict[str, dict[str, Any]]) -> None:
    """Say how many examples were left out, of the loaders by split and name."""
    for split, found in loaders.items():
        for name, loader in found.items():
            skipped = getattr(getattr(loader, "dataset", None), "skipped", None)
            if skipped is not None and (count := int(skipped.sum())):
                where = split if len(found) == 1 else f"{split} ({name})"
                log.warning(
                    f"{count} of {len(skipped):,} {where} examples were unreadable: left out"
                )


def say_late_notes(loaders: dict[str, dict[str, Any]]) -> None:
    """Say what was remarked of examples while they were read, once for each dataset."""
    said = []
    for found in loaders.values():
        for loader in found.values():
            source = getattr(getattr(loader, "dataset", None), "source", None)
            base: Any = base_of(source)[0] if source is not None else None
            if not hasattr(base, "late_notes") or any(base is other for other in said):
                continue
            said.append(base)
            for line in base.late_notes().lines():
                say(line)


def _names(fetch: Any) -> list[str]:
    if not isinstance(fetch, Fetch):
        return []
    names = zip(names_of(fetch.source), fetch.skipped.tolist(), strict=False)
    return [name for name, skipped in names if not skipped]
