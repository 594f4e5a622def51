"""Checkpoints, early stopping and plateau know which direction of their metric is better."""

import pytest
from harness.experiment import Experiment, replace

pytestmark = pytest.mark.slow
ACCURACY = "checkpoint.monitor=val/accuracy"


def score_it(experiment: Experiment) -> None:
    """Have the module log val/score, of whose name nobody knows what it means."""
    replace(experiment / "experiment/module.py", "loss=loss", "loss=loss, score=-loss")


def test_everything_that_watches_a_metric_takes_its_direction(experiment: Experiment) -> None:
    everything = ("callbacks.early_stopping.patience=1", "schedule.name=plateau")
    done = experiment.fit("--name", "a", ACCURACY, *everything, "trainer.max_epochs=6")

    assert done.returncode == 0, done.stderr
    assert "checkpoint.mode is max: a greater val/accuracy is better" in done.stdout
    state = experiment.run("a").checkpoint()
    (early,) = [v for k, v in state["callbacks"].items() if k.startswith("EarlyStop")]
    accuracies = experiment.run("a").series("val/accuracy")
    assert float(early["best_score"]) == max(accuracies)
    assert any(s.get("mode") == "max" for s in state["lr_schedulers"])
    assert max(accuracies) == experiment.run("a").summary["best"]["value"]


def test_a_metric_of_which_nobody_knows_is_refused_before_training(experiment: Experiment) -> None:
    score_it(experiment)

    refused = experiment.fit("--name", "a", "checkpoint.monitor=val/score")
    told = experiment.trained("checkpoint.monitor=val/score", "checkpoint.mode=max")

    assert refused.returncode == 2
    assert refused.stderr.startswith(
        "checkpoint.mode: whether a smaller or a greater val/score is better does not show in its "
        "name: set checkpoint.mode to min or to max"
    )
    assert list(told.best.values()) == [max(told.series("val/score"))]


def test_torchmetrics_goes_before_a_name_and_after_what_is_said(experiment: Experiment) -> None:
    module = experiment / "experiment/module.py"
    replace(module, '"accuracy": ', '"quality": ')

    known = experiment.fit("--name", "a", "checkpoint.monitor=val/quality")
    said = experiment.fit("--name", "b", "checkpoint.monitor=val/quality", "checkpoint.mode=min")

    assert known.returncode == said.returncode == 0, known.stderr + said.stderr
    assert list(experiment.run("a").best.values()) == [
        max(experiment.run("a").series("val/quality"))
    ]
    assert "checkpoint.mode is min and holds, though torchmetrics knows: " in said.stdout
    assert list(experiment.run("b").best.values()) == [
        min(experiment.run("b").series("val/quality"))
    ]


def test_plateau_takes_changed_settings_into_a_run_that_goes_on(experiment: Experiment) -> None:
    plateau = ("schedule.name=plateau", "schedule.warmup_fraction=0")
    experiment.trained(*plateau)

    run = experiment.trained(*plateau, "schedule.mode=max", "schedule.patience=2",
                             "--allow-change", "trainer.max_epochs=4")  # fmt: skip

    (state,) = [s for s in run.checkpoint()["lr_schedulers"] if "patience" in s]
    assert (state["mode"], state["patience"]) == ("max", 2)
    assert state["best"] == run.series("val/loss")[-1]
