"""Pictures among predictions: PNG files beside the table, called as their inputs are.

Template's file: updates replace it. A picture is what ``predict_step`` in module.py gives as one
of PIL's. Those of the column ``mask`` lie in ``answers.mask/`` beside ``answers.csv``.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytorch_lightning as pl
from PIL import Image


@dataclass
class Kept:
    """A picture that lies on the disk until it is known which input it is of."""

    file: Path


KINDS = (Kept, Image.Image)


class KeepPictures(pl.Callback):
    """Writes pictures as they are predicted, since thousands are too many for memory.

    Which input each is of is known at the end only, when some inputs may have been left out.

    Args:
        table: The file that the rows will be written to.
    """

    def __init__(self, table: Path) -> None:
        self.folder, self.count = table.with_name(f".{table.name}.pictures"), 0

    def on_predict_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        rmtree(self.folder, ignore_errors=True)  # of a process that was killed

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        rmtree(self.folder, ignore_errors=True)

    def on_predict_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        for name, column in outputs.items() if isinstance(outputs, dict) else ():
            if isinstance(column, list):  # in place of the picture: Lightning keeps the rest
                outputs[name] = [self._kept(one) for one in column]

    def _kept(self, value: Any) -> Any:
        if not isinstance(value, Image.Image):
            return value
        self.folder.mkdir(exist_ok=True)
        self.count += 1
        file = self.folder / f"{self.count}.png"
        value.save(file, "PNG")
        return Kept(file)


class PictureFolders:
    """The folders that the pictures of a table end in, one for each column that has some.

    Args:
        table: The file of the rows.
        names: The input of each row, such as its file; empty where it has no name.
    """

    def __init__(self, table: Path, names: Sequence[str]) -> None:
        self.table, self.names = table, picture_names(names)
        self.columns: set[str] = set()

    def placed(self, row: dict[str, Any], number: int) -> dict[str, Any]:
        """The row with number ``number``, from 1 on, with the places of its pictures in them."""
        name = self.names[number - 1] if self.names else f"{number:06d}"
        return {
            column: self._place(column, value, name) if isinstance(value, KINDS) else value
            for column, value in row.items()
        }

    def finish(self) -> None:
        """Put the folders in the place of those that were there before."""
        for column in self.columns:
            folder = self._folder(column)
            if folder.exists():
                rmtree(folder)
            os.replace(self._unfinished(column), folder)
        rmtree(self.table.with_name(f".{self.table.name}.pictures"), ignore_errors=True)

    def _place(self, column: str, picture: Kept | Image.Image, name: str) -> str:
        if column not in self.columns:
            self.columns.add(column)
            rmtree(self._unfinished(column), ignore_errors=True)
        target = self._unfinished(column) / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(picture, Kept):
            os.replace(picture.file, target)
        else:
            picture.save(target, "PNG")
        return f"{self._folder(column).name}/{name}.png"

    def _folder(self, column: str) -> Path:
        return self.table.with_name(f"{self.table.stem}.{column}")

    def _unfinished(self, column: str) -> Path:
        return self.table.with_name(f".{self.table.stem}.{column}.tmp")


def picture_names(names: Sequence[str]) -> list[str]:
    """What pictures are called after their inputs, folders below the common one included.

    Without the suffix, unless two inputs differ in nothing else; none where an input has no name.
    """
    if not names or not all(names):
        return []
    paths = [os.path.abspath(name) for name in names]
    common = os.path.commonpath([os.path.dirname(path) for path in paths])
    whole = [os.path.relpath(path, common) for path in paths]
    bare = [os.path.splitext(name)[0] for name in whole]
    return bare if len({name.lower() for name in bare}) == len(bare) else whole
