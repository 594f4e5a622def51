"""Examples that a model contests, with what it says drawn on them, for the page.

Template's file: updates replace it. Only where a word says too little: boxes and masks. They look
as ``preview`` in data.py makes them, with what ``predict_step`` in module.py answers.
"""

from typing import Any

import numpy as np
import torch
from lightning_fabric.utilities import move_data_to_device

from ..data.datasets import Subset
from ..data.samples import with_prediction
from ..data.sampling import BatchKey
from ..inspect.dataset.augmented import in_short, look_at
from ..inspect.dataset.finding_cards import MOST
from ..inspect.dataset.inspection import ExampleId, Inspection
from ..loggers.prediction_writer import rows

DRAWN = ("suspect_boxes", "suspect_masks")


def draw_predictions(data: Any, module: Any, inspection: Inspection) -> None:
    """Give the first examples of each such finding their pictures.

    Args:
        data: Whose examples they are.
        module: Has the checkpoint's weights.
        inspection: Gets the samples, or a line that says why there are none.
    """
    module.eval()
    for finding in inspection.findings:
        if finding.detector not in DRAWN:
            continue
        for (example,) in finding.groups[:MOST]:
            try:
                sample = _sample(data, module, example)
            except Exception as error:  # a predict_step of the researcher's, of another form
                inspection.skipped.append(f"predictions are not drawn: {in_short(error)}")
                return
            inspection.pictures[finding.detector, example] = sample


def _sample(data: Any, module: Any, example: ExampleId) -> Any:
    found = look_at(data, example.split, [example.index], after=False)
    if len(found.before) != 1:
        raise ValueError((found.remarks or ["preview() in data.py gave none"])[0])
    dataset = Subset(data.examples(example.split), [example.index])
    batch = data.fetch(example.split, dataset)[BatchKey(0, 0, np.arange(1))]
    with torch.no_grad():
        columns: Any = module.predict_step(move_data_to_device(batch, module.device), 0)
    return with_prediction(found.before[0], next(rows([columns])))
