"""``--weights-from``: fine-tuning starts from another run's weights, and nothing else of it."""

import json
import shutil
from argparse import Namespace

import pytest
import torch
from harness.experiment import Experiment, digest, replace

safetensors = pytest.importorskip("safetensors.torch")
pytestmark = pytest.mark.slow
STILL = ("optimizer.learning_rate=1e-30", "optimizer.weight_decay=0.0")


@pytest.fixture
def experiment_with_base(experiment: Experiment) -> Experiment:
    """A project with a trained run ``base``, whose average is not what was under training."""
    done = experiment.fit("--name", "base", "callbacks.ema.decay=0.5")
    assert done.returncode == 0, done.stderr
    return experiment


def parameters(state: dict[str, torch.Tensor]) -> str:
    """A hash of what an optimizer could change: training refreshes the running statistics."""
    return digest({name: v for name, v in state.items() if name.endswith(("weight", "bias"))})


def test_the_best_weights_are_taken_and_nothing_else(experiment_with_base: Experiment) -> None:
    experiment, base = experiment_with_base, experiment_with_base.run("base")
    (best,) = base.best
    taken = base.checkpoint(best)

    by_name = experiment.fit("--name", "a", "--weights-from", "base", *STILL)
    torch.save(
        {f"_orig_mod.{name.removeprefix('model.')}": v for name, v in taken["state_dict"].items()},
        experiment / "network.pt",
    )
    by_path = experiment.fit("--name", "b", "--weights-from", "network.pt", *STILL)

    assert by_name.returncode == by_path.returncode == 0, by_name.stderr + by_path.stderr
    line = f"weights of runs/base/checkpoints/{best}: 56 of 56 loaded, no optimizer state"
    assert line in by_name.stdout.splitlines()
    assert "value range" not in by_name.stdout
    run = experiment.run("a")
    assert parameters(run.checkpoint()["state_dict"]) == parameters(taken["state_dict"])
    assert parameters(taken["current_model_state"]) != parameters(taken["state_dict"])
    assert experiment.run("b").weights() == run.weights()
    assert run.checkpoint()["global_step"] == 21
    (state, *_) = run.checkpoint()["optimizer_states"][0]["state"].values()
    assert state["step"] == 21
    assert run.summary["weights_from"]["wanted"] == "base"


def test_a_part_of_a_published_file_and_a_folder_of_shards_are_taken(
    experiment_with_base: Experiment,
) -> None:
    experiment, base = experiment_with_base, experiment_with_base.run("base")
    (best,) = base.best
    state = base.checkpoint(best)["state_dict"]
    wrapped = {f"module.{k.removeprefix('model.')}": v for k, v in state.items()}
    other = {name: torch.zeros_like(value) for name, value in wrapped.items()}
    torch.save({"model": other, "model_ema": wrapped, "args": Namespace(a=1)}, experiment / "e.pth")
    shards = experiment / "shards"
    shards.mkdir()
    for number, names in enumerate((list(state)[:30], list(state)[30:])):
        safetensors.save_file({n: state[n] for n in names}, shards / f"model-{number}.safetensors")
    weight_map = {n: f"model-{int(i >= 30)}.safetensors" for i, n in enumerate(state)}
    (shards / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))

    several = experiment.fit("--name", "a", "--weights-from", "e.pth", *STILL)
    part = experiment.fit("--name", "a", "--weights-from", "e.pth:model_ema", *STILL)
    folder = experiment.fit("--name", "b", "--weights-from", "shards", *STILL)

    assert several.stderr == (
        "--weights-from: e.pth has several sets of weights, model, model_ema: say which, such as "
        "e.pth:model\n"
    )
    assert (part.returncode, folder.returncode) == (0, 0), part.stderr + folder.stderr
    assert (
        "\nweights of e.pth: 56 of 56 loaded, no optimizer state\n"
        "  names        module.* there is model.* here\n"
    ) in part.stdout
    assert "weights of shards: 56 of 56 loaded, no optimizer state" in folder.stdout
    for name in ("a", "b"):
        assert parameters(experiment.run(name).checkpoint()["state_dict"]) == parameters(state)


def test_another_head_starts_anew_and_is_named(experiment_with_base: Experiment) -> None:
    model = experiment_with_base / "experiment/model.py"
    replace(model, "nn.Linear(channels, facts.num_classes)", "nn.Linear(channels, 11)")
    replace(model, "self.stem", "self.start")

    done = experiment_with_base.fit("--name", "a", "--weights-from", "base")

    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert any(line.endswith(": 48 of 56 loaded, no optimizer state") for line in said)
    assert "  starts anew  model.head.weight: (10, 16) there, (11, 16) here" in said
    assert "  starts anew  model.start.0.convolution.weight: not there" in said
    assert "  left out     model.stem.0.convolution.weight: not in this model" in said
    record = experiment_with_base.run("a").summary["weights_from"]
    assert len(record["loaded"]) == 48
    assert set(record["anew"]) >= {"model.head.weight", "model.head.bias"}


def test_weights_that_saw_other_numbers_are_told_of(experiment_with_base: Experiment) -> None:
    words = ("--name", "a", "--weights-from", "base", "data.value_range=[0, 510]")

    done = experiment_with_base.fit(*words)

    assert done.returncode == 0, done.stderr
    said = "value range: [0.0, 255.0] of the images there, [0.0, 510.0] here: the same pixels are"
    assert said in done.stdout


def test_a_run_takes_them_once(experiment_with_base: Experiment) -> None:
    experiment, words = experiment_with_base, ("--weights-from", "base")
    assert experiment.fit("--name", "calm", *words).returncode == 0
    experiment.killed("on_train_batch_start", 3, *words)  # before its first checkpoint
    shutil.rmtree(experiment / "runs/base/checkpoints")  # and the other run is gone

    experiment.killed("on_train_batch_start", 17, *words)
    done = experiment.fit("--name", "a", *words)

    assert done.returncode == 0, done.stderr
    assert "resuming a at epoch 3" in done.stdout
    assert "weights of" not in done.stdout
    assert experiment.run("a").weights() == experiment.run("calm").weights()


def test_weights_that_cannot_be_taken_are_a_sentence(experiment_with_base: Experiment) -> None:
    experiment = experiment_with_base
    torch.save({"other": torch.zeros(3)}, experiment / "other.pt")

    missing = experiment.fit("--name", "a", "--weights-from", "bse")
    strange = experiment.fit("--name", "a", "--weights-from", "other.pt")
    late = experiment.fit("--name", "base", "callbacks.ema.decay=0.5", "--weights-from", "other.pt")

    assert missing.stderr == "--weights-from: there is no run bse in runs; there are base\n"
    assert strange.stderr == (
        "--weights-from other.pt: no name and shape fits this model: there is other, here is "
        "model.stem.0.convolution.weight\n"
    )
    assert late.stderr == (
        "--weights-from other.pt: run base was started without, and goes on from its own "
        "checkpoint; give the new run another --name\n"
    )
    assert [done.returncode for done in (missing, strange, late)] == [2, 2, 2]
    assert not (experiment / "runs/a").exists()
