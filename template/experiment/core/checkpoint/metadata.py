"""What a checkpoint says of itself: where it stands, and what it needs to go on from there.

Template's file: updates replace it. Free of torch: a checkpoint's plain values are read from its
archive alone, and its tensors and objects are passed over.
"""

import pickle
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import shown
from ..runs.run import Run


@dataclass(frozen=True)
class Metadata:
    """A checkpoint's position and needs.

    Attributes:
        path: The checkpoint.
        epoch: Epochs that are done.
        batch: Batches of the next epoch that are done; 0 at an epoch's start.
        batches: Batches of an epoch; None where the checkpoint does not say.
        step: Optimizer steps that are done.
        needs: ``run`` and ``id`` that it is from, ``code``, ``versions``, ``config``, ``monitor``,
            ``processes`` and ``device``; empty in a checkpoint of another program.
        facts: What the data told the model.
    """

    path: Path
    epoch: int
    batch: int
    batches: int | None
    step: int
    needs: dict[str, Any]
    facts: Any

    @property
    def config(self) -> Any:
        """The configuration as plain values; empty where the checkpoint does not say."""
        return self.needs.get("config") or {}

    @property
    def place(self) -> str:
        """What comes next: ``epoch 3, batch 120 of 500``."""
        of = f" of {self.batches}" if self.batches else ""
        return f"epoch {self.epoch + 1}, batch {self.batch + 1}{of}"

    def is_of(self, run: Run) -> bool:
        """Whether it was written by this run; of one that does not say, it is taken for granted."""
        return self.needs.get("id", run.wandb_id) == run.wandb_id

    @property
    def origin(self) -> str:
        """Who wrote it, in words."""
        name = self.needs.get("run")
        return f"run {name}" if name else "another program"


def read_metadata(path: Path) -> Metadata:
    """Read what a checkpoint states.

    Raises:
        UserError: It is no checkpoint of a training.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
            with archive.open(name) as file:
                content = _PlainValues(file).load()
        loops = content["loops"]["fit_loop"]
        hyper_parameters = content.get("hyper_parameters") or {}
        needs = dict(content.get("needs") or {})
        needs.setdefault("config", hyper_parameters.get("config"))  # of before it was stated
        return Metadata(
            path,
            epoch=int(loops["epoch_progress"]["current"]["completed"]),
            batch=int(loops["epoch_loop.batch_progress"]["current"]["completed"]),
            batches=dict(content.get("position") or {}).get("batches"),
            step=int(content["global_step"]),
            needs=needs,
            facts=hyper_parameters.get("facts"),
        )
    except (OSError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError):
        raise _no_checkpoint(path) from None
    except (KeyError, IndexError, ValueError, TypeError, AttributeError):
        raise _no_checkpoint(path) from None


def _no_checkpoint(path: Path) -> UserError:
    return UserError(
        f"{shown(path)} is not a checkpoint that training can go on from; "
        "name another one with --resume, or train anew under another --name"
    )


class _PlainValues(pickle.Unpickler):
    """Reads dictionaries, lists and scalars; runs nothing that the file names."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        is_dictionary = (module_name, global_name) == ("collections", "OrderedDict")
        return OrderedDict if is_dictionary else _PassedOver

    def persistent_load(self, pid: Any, /) -> Any:
        return None  # a tensor's numbers


class _PassedOver:
    """Whatever is no plain value, such as a tensor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        pass

    def extend(self, items: Any) -> None:
        pass
