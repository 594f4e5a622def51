"""``--strategy fsdp``: refused without GPUs, and the arithmetic of DDP where it runs."""

from pathlib import Path

import pytest
import torch
from assemble import Package, assemble
from harness.experiment import Experiment, RunFolder, replace

pytestmark = pytest.mark.slow
# What the option does on GPUs, here with two processes of a CPU.
SHARDED = "build_trainer(config, run, strategy=sharded(2), callbacks=[SameBuffers()])"
RANKS = ("callbacks.gradient_norm={}",)


def shard(experiment: Experiment) -> None:
    """Edit main.py, past the refusal."""
    head = "    from experiment.core.trainer import build_trainer\n"
    added = "    from experiment.core.distributed.fsdp import SameBuffers, sharded\n"
    replace(experiment / "main.py", head, added + head)
    replace(experiment / "main.py", "build_trainer(config, run)", SHARDED)


def trained(experiment: Experiment, *words: str) -> RunFolder:
    """A run of two processes, to its end."""
    for done in experiment.ranks(*RANKS, *words):
        assert done.returncode == 0, done.stdout + done.stderr
    return experiment.run("a")


def test_without_a_gpu_it_is_refused_in_a_sentence(experiment: Experiment) -> None:
    done = experiment.fit("--name", "a", "--strategy", "fsdp")

    assert done.returncode == 2
    assert done.stderr == (
        "trainer.strategy: fsdp shares a model out among GPUs, and none is used here; on CPUs, "
        "or where the model fits into one GPU, take auto\n"
    )
    assert not (experiment / "runs/a").exists()


@pytest.mark.parametrize("callback", ["ema", "swa", "sample_predictions"])
def test_what_needs_the_whole_model_is_refused_on_gpus(
    callback: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Package(assemble(tmp_path / "project"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    config = package.module("core.config.run_config").RunConfig()
    config.trainer.strategy = "fsdp"
    assert getattr(config.callbacks, callback) is None
    setattr(config.callbacks, callback, {})

    with pytest.raises(package.module("core.errors").UserError, match=rf"callbacks\.{callback}"):
        package.module("core.distributed.fsdp").make_strategy(config)


def test_a_run_of_copies_does_not_go_on_shared_out(experiment: Experiment) -> None:
    run = experiment.trained()
    before = run.weights()

    done = experiment.fit("--name", "a", "--strategy", "fsdp", "--epochs", "5")

    assert done.returncode == 2
    assert "started with trainer.strategy=auto and cannot go on with fsdp" in done.stderr
    assert run.weights() == before


def test_weights_of_another_layout_are_shared_out(experiment: Experiment) -> None:
    shard(experiment)
    line = "        self.model = build_model(config.model, facts)\n"
    layout = "        self.model.to(memory_format=torch.channels_last)\n"
    replace(experiment / "experiment/module.py", line, line + layout)
    head = "import torch.nn.functional as F\n"
    replace(experiment / "experiment/module.py", head, "import torch\n" + head)

    assert trained(experiment).summary["status"] == "finished"


def test_a_shared_out_model_learns_what_copies_learn(
    experiment: Experiment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copies = trained(experiment.copy(tmp_path_factory.mktemp("copies") / "experiment"))
    shard(experiment)

    shared = trained(experiment)

    assert shared.metrics() == pytest.approx(copies.metrics(), rel=1e-4, abs=1e-5)
    whole, expected = shared.checkpoint()["state_dict"], copies.checkpoint()["state_dict"]
    assert whole.keys() == expected.keys()
    for name, weight in expected.items():
        assert whole[name].shape == weight.shape
        assert whole[name].float().numpy() == pytest.approx(weight.float().numpy(), abs=1e-5)


def test_a_shared_out_run_goes_on_from_its_checkpoint(
    experiment: Experiment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shard(experiment)
    calm = trained(experiment.copy(tmp_path_factory.mktemp("calm") / "experiment"))
    stop = {"at": "on_train_batch_start", "count": 10, "signal_number": 9}
    experiment.ranks(*RANKS, victim=0, killed=stop)

    again = trained(experiment)

    assert again.weights() == calm.weights()
    assert again.metrics() == calm.metrics()
