"""The trained network leaves the project as a program that needs none of it."""

import subprocess
import sys

from harness.experiment import Experiment
from projects import Project

WORDS = ()
PROGRAM = "export.py"
EXPORT = '''"""Export a run's best network with torch.export: ``python export.py RUN FILE``."""

import sys

import torch
from torch import nn

from main import load


class Classifier(nn.Module):
    """From pixels as they are to probabilities."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("std", torch.tensor(std)[:, None, None])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.network((image - self.mean) / self.std).softmax(dim=1)


def export(run: str, file: str) -> None:
    """Write the program, and see that it says what the network says."""
    _, data, module = load(run)
    facts = data.facts
    classifier = Classifier(module.model, facts.mean, facts.std).eval()
    image = torch.rand(4, facts.channels, facts.image_size, facts.image_size)
    batch = torch.export.Dim("batch", min=1)
    program = torch.export.export(classifier, (image,), dynamic_shapes=({0: batch},))
    torch.export.save(program, file)
    more = torch.rand(9, *image.shape[1:])
    torch.testing.assert_close(torch.export.load(file).module()(more), classifier(more))
    print(f"{run}: the program in {file} agrees")


if __name__ == "__main__":
    export(*sys.argv[1:])
'''


def edit(project: Project) -> None:
    (project / PROGRAM).write_text(EXPORT)


def afterwards(experiment: Experiment) -> None:
    words = [sys.executable, PROGRAM, "a", "a.pt2"]
    done = subprocess.run(words, cwd=experiment.path, capture_output=True, text=True)
    assert "the program in a.pt2 agrees" in done.stdout, done.stderr
