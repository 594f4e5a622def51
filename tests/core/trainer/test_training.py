"""What a training run does: what it says, seeds, steps, precision, callbacks."""

import math
from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder, fit_words, replace

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]


def test_fit_says_where_everything_lies(experiment: Experiment) -> None:
    done = experiment.main(*fit_words("logger.wandb=auto", "trainer.test_after_fit=true"))

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    run = experiment.run("run-001")
    (best,) = run.best
    lines = done.stdout.splitlines()
    assert lines[0] == "run-001: new run in runs/run-001"
    assert any(line.startswith("finished: run-001, 3 epochs, 21 steps, ") for line in lines)
    assert any(line.startswith("  test/accuracy ") for line in lines)
    value = run.best[best]
    assert lines[-4] == (
        f"  best checkpoint   runs/run-001/checkpoints/{best}  (val/loss {value:.4g})"
    )
    assert lines[-3] == "  log               runs/run-001/train.log, runs/run-001/metrics.jsonl"
    assert lines[-2] == (
        "  W&B               offline; upload with: wandb sync runs/run-001/wandb/offline-run-*"
    )
    (offline,) = (run / "wandb").glob("offline-run-*")
    assert lines[-1] == f"  look at it        wandb leet runs/run-001/wandb/{offline.name}"
    assert len(list(offline.glob("*.wandb"))) == 1
    assert experiment.status() == ""


def test_a_run_leaves_what_the_contract_says(
    undisturbed: Undisturbed, experiment: Experiment
) -> None:
    run = undisturbed()

    assert sorted(path.name for path in run.path.iterdir()) == [
        ".facts.lock",
        ".lock",
        "checkpoints",
        "code",
        "config.yaml",
        "environment.txt",
        "facts.json",
        "metrics.jsonl",
        "record.json",
        "summary.json",
        "train.log",
    ]
    assert set(run.summary) >= {"status", "reason", "command", "metrics", "best", "epochs", "steps"}
    assert (run / "code/experiment/model.py").read_text() == (
        experiment / "experiment/model.py"
    ).read_text()


def test_the_same_seed_gives_the_same_series_and_another_another(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    same = experiment.trained()
    experiment.fit("--name", "b", "--seed", "1")
    other = experiment.run("b")

    assert same.metrics() == undisturbed().metrics()
    assert same.weights() == undisturbed().weights()
    pairs = zip(same.series("train/loss_step"), other.series("train/loss_step"), strict=True)
    assert all(one != two for one, two in pairs)


def test_the_seed_decides_the_first_weights(experiment: Experiment) -> None:
    still = ("optimizer.learning_rate=1e-30", "data.augment=false", "model.dropout=0.0")
    words = ("trainer.max_epochs=1", *still)
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        experiment.fit("--name", name, "--seed", seed, *words)

    losses = [experiment.run(name).series("val/loss") for name in "abc"]

    assert losses[0] == losses[1] != losses[2]


def test_worker_processes_change_nothing(experiment: Experiment, undisturbed: Undisturbed) -> None:
    run = experiment.trained("data.num_workers=2")

    assert run.weights() == undisturbed().weights()
    assert run.metrics() == undisturbed().metrics()


def test_accumulation_counts_optimizer_steps_and_averages_exactly(experiment: Experiment) -> None:
    still = ("optimizer.learning_rate=1e-30", "data.augment=false", "model.dropout=0.0")
    single = experiment.trained(*still)
    done = experiment.fit("--name", "b", *still, "trainer.accumulate_grad_batches=2")
    assert done.returncode == 0, done.stderr
    paired = experiment.run("b")

    steps = sorted({step for step, name in paired.metrics() if name == "train/loss_step"})
    assert steps == list(range(3 * math.ceil(7 / 2)))
    assert paired.series("train/loss") == pytest.approx(single.series("train/loss"), rel=1e-6)
    # Batches 0 and 1 make a step, and 2 and 3, and 4 and 5; the epoch's last one makes its own.
    by_batch = single.series("train/loss_step")
    last_of_each = [by_batch[7 * epoch + batch] for epoch in range(3) for batch in (1, 3, 5, 6)]
    assert paired.series("train/loss_step") == pytest.approx(last_of_each, rel=1e-6)


def test_bfloat16_trains_with_clipping(experiment: Experiment) -> None:
    run = experiment.trained("trainer.precision=bf16-mixed", "trainer.gradient_clip_norm=0.1")

    assert all(math.isfinite(value) for value in run.metrics().values())
    assert run.series("train/loss")[-1] < run.series("train/loss")[0]
    assert all(t.dtype.itemsize >= 4 for t in run.checkpoint()["state_dict"].values())


def test_every_logged_value_is_a_number(undisturbed: Undisturbed) -> None:
    assert all(math.isfinite(value) for value in undisturbed().metrics().values())


@pytest.mark.parametrize("model", ["model.name=vit", "model.name=timm/resnet18"])
def test_other_networks_train(model: str, experiment: Experiment) -> None:
    size = ["data.image_size=32", "data.limit=40"] if "timm" in model else []

    run = experiment.trained(model, "trainer.max_epochs=2", *size)

    assert run.series("train/loss")[-1] < run.series("train/loss")[0]


# --- callbacks -----------------------------------------------------------------------------------


def test_early_stopping_stops_after_its_patience(experiment: Experiment) -> None:
    run = experiment.trained(
        "callbacks.early_stopping={patience: 2, min_delta: 9.0}", "trainer.max_epochs=9"
    )

    assert run.summary["epochs"] == 3
    assert run.summary["status"] == "finished"


def test_the_learning_rate_is_that_of_the_schedule(undisturbed: Undisturbed) -> None:
    rates = undisturbed().series("lr-AdamW/pg1")

    assert len(rates) == 21
    assert max(rates) == pytest.approx(0.002)
    peak = rates.index(max(rates))
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 0.1 * max(rates)


def test_the_learning_rate_monitor_can_be_switched_off(experiment: Experiment) -> None:
    run = experiment.trained("callbacks.learning_rate_monitor=null")

    assert run.series("lr-AdamW/pg1") == []
    assert run.series("train/loss_step") != []


def test_throughput_logs_samples_and_waiting(experiment: Experiment) -> None:
    run = experiment.trained("callbacks.throughput.window=3")

    assert len(run.series("throughput/samples_per_second")) == 3 * math.ceil(7 / 3)
    assert all(value > 0 for value in run.series("throughput/samples_per_second"))
    assert all(0 <= value < 1 for value in run.series("throughput/data_wait_share"))


def test_a_callback_of_yours_is_named_in_the_configuration(experiment: Experiment) -> None:
    run = experiment.trained(
        "callbacks.extra={experiment.callbacks.EpochTime: {every_n_epochs: 2}}"
    )

    assert len(run.series("time/epoch")) == 1


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            "{experiment.callbacks.EpochTme: {}}",
            "callbacks.extra: experiment.callbacks.EpochTme: cannot be imported (module "
            "'experiment.callbacks' has no attribute 'EpochTme')",
        ),
        (
            "{nowhere.Callback: {}}",
            "callbacks.extra: nowhere.Callback: cannot be imported (No module named 'nowhere')",
        ),
        (
            "{experiment.callbacks.EpochTime: {every: 2}}",
            "callbacks.extra: experiment.callbacks.EpochTime: got an unexpected keyword argument "
            "'every'; it takes (every_n_epochs: int = 1)",
        ),
        (
            "{pathlib.Path: {}}",
            "callbacks.extra: pathlib.Path: is no subclass of pytorch_lightning.Callback",
        ),
    ],
)
def test_a_callback_that_is_none_is_a_sentence(
    extra: str, message: str, experiment: Experiment
) -> None:
    refused = experiment.fit("--name", "a", f"callbacks.extra={extra}")

    assert refused.returncode == 2
    assert refused.stderr == f"{message}\n"


# --- a mistake of the researcher's ---------------------------------------------------------------


def test_smoke_names_the_line_of_a_broken_model_and_keeps_it(experiment: Experiment) -> None:
    model = experiment / "experiment/model.py"
    lines = model.read_text().splitlines()
    number = next(i for i, line in enumerate(lines) if "def forward" in line)
    indent = " " * 8
    end = next(i for i in range(number, len(lines)) if "->" in lines[i]) + 1
    lines.insert(end, f"{indent}image = image.reshap(1)")
    model.write_text("\n".join(lines) + "\n")
    broken = model.read_bytes()

    done = experiment.main("smoke")

    assert done.returncode == 1
    assert f"experiment/model.py:{end + 1}: AttributeError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert model.read_bytes() == broken
    assert not (experiment / "runs").exists()


def test_smoke_names_the_line_of_a_syntax_error(experiment: Experiment) -> None:
    model = experiment / "experiment/model.py"
    replace(model, "def build_model(", "def build_model(((")

    done = experiment.main("smoke")

    assert done.returncode == 1
    assert "experiment/model.py:" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_smoke_passes_and_leaves_nothing(experiment: Experiment) -> None:
    done = experiment.main("smoke")

    assert done.returncode == 0, done.stdout + done.stderr
    assert experiment.status() == ""
    assert list(experiment.temporary.iterdir()) == []
