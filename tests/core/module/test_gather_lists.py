"""Metrics that keep a list of their batches, in processes that were shown unequal many."""

import json
import socket

import pytest
from harness.experiment import Experiment

RANK = """
import json, os, sys
from datetime import timedelta

import torch
import torch.distributed as dist
from torchmetrics.detection import MeanAveragePrecision
from torchmetrics.retrieval import RetrievalMAP

from experiment.core.module import BoxPrecision, Detections
from experiment.core.module.split_metrics import SplitMetrics

rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
if world > 1:
    dist.init_process_group("gloo", timeout=timedelta(seconds=30))


def measured(first):
    torch.manual_seed(0)
    alone, kept = BoxPrecision(), SplitMetrics()
    theirs = MeanAveragePrecision(backend="faster_coco_eval")
    kept.add("val", {"ours": BoxPrecision(), "theirs": theirs, "ranked": RetrievalMAP()})
    own = kept.of("val")._modules
    for number in range(6):
        corners = torch.rand(1, 3, 2)
        at = torch.cat([corners, corners + torch.rand(1, 3, 2) + 0.1], 2)
        box, kind, sure = at + 0.1 * torch.rand(1, 3, 4), torch.randint(2, (1, 3)), torch.rand(1, 3)
        label, scores, right = torch.randint(2, (1, 3)), torch.rand(4), torch.randint(2, (4,))
        if world == 1 or (number in first) == (rank == 0):
            alone.update(Detections(box, kind, sure), at, label)
            own["ours"].update(Detections(box, kind, sure), at, label)
            found = [{"boxes": box[0], "labels": kind[0], "scores": sure[0]}]
            own["theirs"].update(found, [{"boxes": at[0], "labels": label[0]}])
            own["ranked"].update(scores, right, indexes=torch.full((4,), number))
    values = {"alone": alone.compute()}
    values["kept"] = kept.compute([("val", "", name) for name in own], torch.device("cpu"))
    shown = 6 if world == 1 else len(first) if rank == 0 else 6 - len(first)
    assert len(alone.detection_box) == len(own["ranked"].preds) == shown  # given back
    return {f"{of} {name}": float(v) for of in values for name, v in values[of].items()}


print(json.dumps([measured(first) for first in json.loads(sys.argv[1])]))
"""
CASES = [[0, 2, 3, 5], []]  # which of six images the first process is shown


def measured(experiment: Experiment, world: int) -> list[list[dict[str, float]]]:
    """What each process says in each case."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    env = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(world)}
    cases = json.dumps(CASES)
    ranks = [
        experiment.start(cases, program="rank.py", env={**env, "RANK": str(rank)})
        for rank in range(world)
    ]
    ends = [rank.wait() for rank in ranks]
    assert [end.returncode for end in ends] == [0] * world, "\n".join(end.stderr for end in ends)
    return [json.loads(end.stdout.splitlines()[-1]) for end in ends]


@pytest.mark.slow
def test_two_processes_measure_what_one_does(experiment: Experiment) -> None:
    (experiment / "rank.py").write_text(RANK)

    (alone,) = measured(experiment, world=1)
    both = measured(experiment, world=2)

    assert 0 < alone[0]["alone map"] == alone[0]["kept val/ours_map"] < 1
    assert 0 < alone[0]["kept val/ranked"] < 1
    for found in both:
        assert found == [pytest.approx(values, abs=1e-6) for values in alone]
