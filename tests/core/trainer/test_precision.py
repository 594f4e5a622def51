"""Mixed precision and clipping: gradients as they should be, losses in float32, one line each."""

from typing import Any

import pytest
import torch
from harness.experiment import Experiment

pytestmark = pytest.mark.slow
# Writes each step's gradients before and after they are clipped, and the loss's type.
WITNESS = """

class TrainingStepCheck(pl.Callback):
    seen, before = [], None

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.before = self.flat(pl_module)  # not after each batch: they may accumulate

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        loss = outputs["loss"]
        self.seen.append((self.before, self.flat(pl_module), str(loss.dtype)))

    def on_train_end(self, trainer, pl_module):
        torch.save(self.seen, "gradients.pt")

    def flat(self, module):
        return torch.cat([p.grad.flatten() for p in module.parameters()])
"""


def gradients(experiment: Experiment, *argv: str) -> tuple[list[Any], str]:
    """(before, after, loss's type) of each step, and what was said."""
    callbacks = experiment / "experiment/callbacks.py"
    text = callbacks.read_text()
    if "TrainingStepCheck" not in text:
        text = text.replace("import pytorch_lightning as pl\n", IMPORTS, 1) + WITNESS
        callbacks.write_text(text)
    words = ("callbacks.extra={experiment.callbacks.TrainingStepCheck: {}}", "trainer.max_epochs=1")
    done = experiment.fit("--name", f"run{hash(argv) % 10**6}", *words, *argv)
    assert done.returncode == 0, done.stderr
    return torch.load(experiment / "gradients.pt", weights_only=True), done.stdout


IMPORTS = "import pytorch_lightning as pl\nimport torch\n"


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_gradients_are_clipped_by_norm_or_by_value(precision: str, experiment: Experiment) -> None:
    words = (f"trainer.precision={precision}", "trainer.accumulate_grad_batches=2")

    by_norm, said = gradients(experiment, *words, "trainer.gradient_clip_norm=0.1")
    by_value, _ = gradients(experiment, *words, "trainer.gradient_clip_value=0.001")

    steps = [by_norm[i] for i in (1, 3, 5, 6)]  # of two batches each, the epoch's last of one
    assert all(before.norm() > 0.1 for before, _, _ in steps)
    for before, after, _ in steps:
        torch.testing.assert_close(after, before * 0.1 / before.norm(), rtol=1e-4, atol=1e-7)
    for before, after, _ in (by_value[i] for i in (1, 3, 5, 6)):
        assert before.abs().max() > 0.001
        torch.testing.assert_close(after, before.clamp(-0.001, 0.001))
    assert {dtype for _, _, dtype in by_norm} == {"torch.float32"}
    assert said.count("optimizer: not fused") == (precision != "32-true")


def test_a_cpu_takes_bfloat16_for_float16_and_says_so(experiment: Experiment) -> None:
    words = ("trainer.gradient_clip_norm=null", "--precision")
    float16, said = gradients(experiment, *words, "16-mixed")
    bfloat16, _ = gradients(experiment, *words, "bf16-mixed")

    line = "trainer.precision: a CPU does not train in 16-mixed: taking bf16-mixed"
    assert said.splitlines().count(line) == 1
    assert "not fused" not in said
    for (one, _, dtype), (other, _, _) in zip(float16, bfloat16, strict=True):
        assert torch.equal(one, other)
        assert dtype == "torch.float32"


def test_deterministic_runs_agree_to_the_last_digit(experiment: Experiment) -> None:
    for name in ("a", "b"):
        done = experiment.fit("--name", name, "trainer.deterministic=true")
        assert done.returncode == 0, done.stderr

    assert experiment.run("a").metrics() == experiment.run("b").metrics()
    assert experiment.run("a").weights() == experiment.run("b").weights()
