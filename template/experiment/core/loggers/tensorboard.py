"""TensorBoard, where it is asked for.

Template's file: updates replace it. Turn it on with ``logger.tensorboard``.
"""

from typing import Any

import numpy as np
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only
from typing_extensions import override

from ..runs.run import Run
from .sounds import FULL, Wave


class TensorBoard(TensorBoardLogger):
    """Lightning's logger for TensorBoard, in one folder over all starts of a run.

    Args:
        run: In whose folder it writes.
        resumed_step: Of a start that goes on from a checkpoint, its step: TensorBoard forgets what
            came after it. The same steps are logged again, and no curve goes back.
    """

    def __init__(self, run: Run, resumed_step: int | None) -> None:
        forget: dict[str, Any] = {} if resumed_step is None else {"purge_step": resumed_step}
        super().__init__(run.folder, name="tensorboard", version="", flush_secs=10, **forget)

    @rank_zero_only
    def log_picture(self, name: str, picture: Image.Image, step: int) -> None:
        """Show a picture beside the curves."""
        self.experiment.add_image(name, np.asarray(picture), step, dataformats="HWC")

    @rank_zero_only
    def log_sounds(self, name: str, waves: list[Wave], rate: int, step: int) -> None:
        """Let sounds be heard beside the curves, their channels as one."""
        for number, sound in enumerate(waves, 1):
            tag = name if len(waves) == 1 else f"{name}/{number}"
            self.experiment.add_audio(tag, sound.mean(axis=1) / (FULL + 1), step, rate)

    @override
    def log_hyperparams(self, *args: Any, **_: Any) -> None:
        pass  # config.yaml holds them

    @override
    def save(self) -> None:
        pass  # the same
