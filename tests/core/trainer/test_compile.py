"""``trainer.compile``: checkpoints load with and without, and it is no matter where it can't be."""

import pytest
from harness.experiment import Experiment

pytestmark = pytest.mark.slow
# Inductor calls a C++ compiler, which takes a minute; everything before it is torch.compile's own.
WITHOUT_INDUCTOR = """
import runpy
from functools import partial

import torch

def backend(graph, inputs):
    print("a graph is compiled")
    return graph

torch.compile = partial(torch.compile, backend=backend)
runpy.run_path("main.py", run_name="__main__")
"""


def test_checkpoints_load_with_and_without(experiment: Experiment) -> None:
    (experiment / "compiled.py").write_text(WITHOUT_INDUCTOR)
    plain = experiment.trained("data.limit=64")
    words = ("--resume", "runs/a/checkpoints/last.ckpt", "data.limit=64", "trainer.max_epochs=4")

    with_ = experiment.fit("--name", "b", *words, "trainer.compile=true", program="compiled.py")
    without = experiment.main("validate", "--name", "b", "trainer.compile=false")

    assert with_.returncode == without.returncode == 0, with_.stderr + without.stderr
    assert "a graph is compiled" in with_.stdout
    assert "resuming b at epoch 4" in with_.stdout
    run = experiment.run("b")
    assert list(run.checkpoint()["state_dict"]) == list(plain.checkpoint()["state_dict"])
    value = min(run.best.values())
    assert run.summary["metrics"]["val/loss"] == pytest.approx(value, rel=1e-4)


def test_without_a_compiler_training_goes_on_and_says_so(experiment: Experiment) -> None:
    variables = {"PATH": "/nowhere", "CXX": "/nowhere/g++"}

    done = experiment.fit("trainer.compile=true", "trainer.max_epochs=1", env=variables)

    assert done.returncode == 0, done.stderr
    (said,) = (line for line in done.stdout.splitlines() if line.startswith("trainer.compile: "))
    assert said.startswith("trainer.compile: torch.compile does not work here (InvalidCxxCompiler")
    assert said.endswith("): training without")
    assert done.stderr == ""
