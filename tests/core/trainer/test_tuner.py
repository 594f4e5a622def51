"""``main.py tune``: what is found is sensible and said, and nothing else is touched."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from assemble import Package, assemble
from harness.experiment import SMALL, Experiment, replace

pytestmark = pytest.mark.slow
CPU = ("trainer.accelerator=cpu", "logger.wandb=off")
# Takes parts of its own, searches, and compares its parts with what they were.
BESIDE = """
import json, random
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
from experiment.config import Config
from experiment.core.runs.run import Run
from experiment.core.config.load import load_settings
from experiment.core.trainer.tuner import find_batch_size, find_learning_rate
from main import build

words = {words}
given = Namespace(config=["configs/experiment.yaml"], overrides=words)
config = load_settings(Config, given).config
data, module, trainer = build(config, Run(Path("elsewhere"), "load"))
module.extra = {{"steps": 0}}

def state():
    batch = next(iter(data.train_dataloader()))
    weights = {{name: value.clone() for name, value in module.state_dict().items()}}
    draws = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    attributes = sorted(module.__dict__), module.extra, module.averages.sums, config.data.batch_size
    return weights, draws, attributes, (batch.image.clone(), batch.label.clone())

before = state()
curve = find_learning_rate(config, build)
size = find_batch_size(config, build)
after = state()
assert all(torch.equal(before[0][name], after[0][name]) for name in before[0])
assert before[1:3] == after[1:3]
assert all(torch.equal(one, other) for one, other in zip(before[3], after[3]))
print(json.dumps([len(curve.rates), curve.suggestion, size]))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("tune")))


def test_a_search_leaves_everything_as_it_was(experiment: Experiment) -> None:
    (experiment / "beside.py").write_text(BESIDE.format(words=[*SMALL, *CPU]))
    kept = experiment / "experiment/module.py"
    replace(kept, "def training_step(self", "drawn = 0\n\n    def training_step(self")

    safe = {"TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1"}  # torch's default, which Lightning sets aside
    done = experiment.main(program="beside.py", env=safe)

    assert done.returncode == 0, done.stderr
    steps, suggestion, size = json.loads(done.stdout.splitlines()[-1])
    assert steps == 100  # though an epoch has 7 batches
    assert 1e-4 < suggestion <= 0.1
    assert size == 200  # all there are


def test_the_learning_rate_goes_into_the_file_and_its_comments_stay(
    experiment: Experiment,
) -> None:
    file = experiment / "configs/experiment.yaml"
    before = file.read_text()

    done = experiment.main("tune", "--write", *SMALL, *CPU)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = re.search(r"    learning_rate: ([\d.e-]+)  # was 0.002", done.stdout)
    assert found, done.stdout
    after = file.read_text()
    assert after == before.replace("learning_rate: 0.002", f"learning_rate: {found[1]}")
    line = 1 + before[: before.index("learning_rate:")].count("\n")
    assert f"written: configs/experiment.yaml:{line}" in done.stdout
    curve = (experiment / "runs/tune/learning-rate.svg").read_text()
    assert curve.count("<polyline") == 1
    assert f">{found[1]}</text>" in curve
    assert not list((experiment / "runs").rglob("*.ckpt"))


def test_the_batch_size_is_the_largest_that_fits(experiment: Experiment) -> None:
    replace(
        experiment / "experiment/module.py",
        '        return self._step(batch, "train")',
        "        if len(batch.label) > 20:\n"
        '            raise RuntimeError("DefaultCPUAllocator: can\'t allocate memory")\n'
        '        return self._step(batch, "train")',
    )

    done = experiment.main("tune", "--batch-size", *SMALL, *CPU)

    assert done.returncode == 0, done.stderr
    assert "batch size: 16, the largest power of two that fits" in done.stdout
    assert "    batch_size: 16  # was 32" in done.stdout
    assert "200 examples, or when less than 10% of memory is free" in done.stdout


def test_the_schedule_is_drawn_over_the_optimizer_steps(experiment: Experiment) -> None:
    words = ("trainer.accumulate_grad_batches=2", "trainer.max_epochs=5")

    done = experiment.main("tune", "--schedule", *SMALL, *CPU, *words)

    assert done.returncode == 0, done.stderr
    # 5 epochs of 4 steps; a twentieth of them is the warm-up
    assert "schedule: cosine, 20 steps: 0.002 at step 1, " in done.stdout
    points = re.search(r'points="([^"]+)"', (experiment / "runs/tune/schedule.svg").read_text())
    assert points
    assert len(points[1].split()) == 20


# --- suggestions and files, without training -----------------------------------------------------


def test_a_suggestion_is_where_the_loss_falls_fastest_or_is_refused(package: Package) -> None:
    suggest = package.module("core.trainer.tuner").suggest
    rates = [10 ** (-6 + 6 * i / 99) for i in range(100)]

    def fall(at: float) -> list[float]:
        return [2.3 - 2 / (1 + (at / rate) ** 3) for rate in rates]

    # Lightning's own would take one of the first, whose neighbours are 1e-7 apart.
    noisy = [loss - 1e-4 * (i % 2) for i, loss in enumerate(fall(0.003))]
    assert suggest(rates, noisy).suggestion == pytest.approx(0.003, rel=0.3)
    assert suggest(rates, fall(0.5)).suggestion == 0.1
    assert "which is cut to 0.1" in suggest(rates, fall(0.5)).remark
    flat = suggest(rates, [2.3] * 100)
    assert (flat.suggestion, flat.remark[:23]) == (None, "the loss falls nowhere:")
    rising = suggest(rates, [2.3 + rate for rate in rates])
    assert rising.suggestion is None
    short = suggest(rates[:7], fall(1e-6)[:7])
    assert short.remark == "only 7 steps before the loss diverged"
    assert suggest(rates, [float("nan")] * 100).suggestion is None


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        ("a:\n  b: 1  # why\n  c: 2\n", "a.b", 0.5, "a:\n  b: 0.5  # why\n  c: 2\n"),
        ("a:   # head\n    c: 2\n", "a.b", 3, "a:   # head\n    b: 3\n    c: 2\n"),
        ("# only\nc: 2", "a.b", 3, "# only\nc: 2\na:\n  b: 3\n"),
        ("a: {b: 1, c: 2}  # x\n", "a.b", 7, "a: {b: 7, c: 2}  # x\n"),
        ("a:\n  b: '1'\nb: 1\n", "b", 1e-05, "a:\n  b: '1'\nb: 1.0e-05\n"),
    ],
)
def test_a_value_is_set_without_touching_the_rest(
    text: str, key: str, value: Any, expected: str, package: Package, tmp_path: Path
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)

    line = package.module("core.config.yaml_edit").set_value(file, key, value)

    assert file.read_text() == expected
    assert f"{key.rpartition('.')[2]}:" in expected.splitlines()[line - 1]
    assert yaml.safe_load(expected) is not None


def test_a_file_that_would_change_its_meaning_is_left_alone(
    package: Package, tmp_path: Path
) -> None:
    file = tmp_path / "a.yaml"
    text = "base: &base {b: 1}\na: {c: 2, <<: *base}\n"
    file.write_text(text)

    with pytest.raises(package.module("core.errors").UserError, match=r"edit it by hand"):
        package.module("core.config.yaml_edit").set_value(file, "a.b", 5)

    assert file.read_text() == text
