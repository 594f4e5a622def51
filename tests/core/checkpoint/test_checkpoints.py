"""Where training starts from, and which checkpoints are kept."""

from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]


# --- --resume ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("best", "runs/a/checkpoints holds no best checkpoint yet; use 'last', or train first"),
        ("last", "runs/a/checkpoints holds no last.ckpt to resume from"),
        (
            "nowhere.ckpt",
            "--resume nowhere.ckpt: no such file; use auto, last, best, none or a path",
        ),
        ("README.md", "--resume README.md is no checkpoint; use auto, last, best, none or a path"),
    ],
)
def test_a_checkpoint_that_is_not_there_is_a_sentence(
    wanted: str, message: str, experiment: Experiment
) -> None:
    refused = experiment.fit("--name", "a", "--resume", wanted)

    assert refused.returncode == 2
    assert refused.stderr == f"{message}\n"


def test_a_refused_start_leaves_the_name_free(experiment: Experiment) -> None:
    experiment.fit("--name", "a", "--resume", "best")

    assert experiment.trained("seed=3").summary["status"] == "finished"


def test_resume_none_does_not_touch_a_run_that_has_checkpoints(experiment: Experiment) -> None:
    run = experiment.killed("on_train_batch_start", 10)
    weights = run.weights()

    refused = experiment.fit("--name", "a", "--resume", "none")
    anew = experiment.fit("--resume", "none")

    assert refused.returncode == 2
    assert refused.stderr == (
        "runs/a/checkpoints/last.ckpt exists; to start anew use another --name\n"
    )
    assert run.weights() == weights
    assert "run-001: new run" in anew.stdout


def test_resume_last_goes_on_as_auto_does(experiment: Experiment, undisturbed: Undisturbed) -> None:
    experiment.killed("on_train_batch_start", 10)

    run = experiment.trained("--resume", "last")

    assert run.weights() == undisturbed().weights()


def test_resume_path_starts_from_that_checkpoint(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    first = experiment.killed("on_train_epoch_start", 3)
    saved = first / "checkpoints/last.ckpt"

    done = experiment.fit("--name", "b", "--resume", str(saved))

    assert done.returncode == 0, done.stderr
    assert "resuming b at epoch 2, batch 1 of 7, from runs/a/checkpoints/last.ckpt" in done.stdout
    assert experiment.run("b").weights() == undisturbed().weights()
    assert saved.exists()


def test_resume_best_repeats_what_followed_it(experiment: Experiment) -> None:
    words = ("optimizer.learning_rate=0.5", "trainer.max_epochs=4")  # gets worse
    run = experiment.trained(*words)
    (best,) = run.best
    step = run.checkpoint(best)["global_step"]

    done = experiment.fit("--name", "a", *words, "--resume", "best")

    assert done.returncode == 0, done.stderr
    assert f", from {best} (step {step})" in done.stdout


# --- the record --------------------------------------------------------------------------------


def test_a_torn_row_stays_torn_and_alone(experiment: Experiment) -> None:
    run = experiment.killed("on_train_batch_start", 10)
    log = run / "metrics.jsonl"
    log.write_text(log.read_text() + '{"step": 9, "train/lo')

    done = experiment.fit("--name", "a")

    assert done.returncode == 0, done.stderr
    lines = log.read_text().splitlines()
    torn = [line for line in lines if not line.endswith("}")]
    assert torn == ['{"step": 9, "train/lo']


# --- the best ones -------------------------------------------------------------------------------


def test_the_best_k_are_the_k_best(experiment: Experiment) -> None:
    run = experiment.trained("checkpoint.save_top_k=2", "trainer.max_epochs=6")

    best_two = sorted(run.series("val/loss"))[:2]
    assert sorted(run.best.values()) == best_two
    assert [name for name in run.checkpoints if name.endswith(".ckpt")] == [
        *sorted(run.best),
        "last.ckpt",
        "last.previous.ckpt",
    ]
    assert run.summary["best"]["value"] == best_two[0]


def test_a_larger_metric_may_be_the_better_one(experiment: Experiment) -> None:
    run = experiment.trained("checkpoint.monitor=val/accuracy", "trainer.max_epochs=6")

    assert list(run.best.values()) == [max(run.series("val/accuracy"))]


def test_no_best_one_is_kept_where_none_is_wanted(experiment: Experiment) -> None:
    run = experiment.trained("checkpoint.save_top_k=0", "trainer.test_after_fit=true")

    assert [n for n in run.checkpoints if n.endswith("ckpt")] == ["last.ckpt", "last.previous.ckpt"]
    assert run.summary["best"] is None


def test_a_metric_that_is_not_logged_is_a_sentence(experiment: Experiment) -> None:
    monitor = ("checkpoint.monitor=val/acuracy", "checkpoint.mode=max")

    refused = experiment.fit("--name", "a", *monitor)

    assert refused.returncode == 2
    assert refused.stderr.startswith("checkpoint.monitor: val/acuracy is not logged; logged are ")
    assert "val/accuracy" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_best_of_mid_epoch_gives_the_logged_value(experiment: Experiment) -> None:
    words = ("trainer.val_check_interval=0.5", "trainer.max_epochs=2", "schedule.name=constant")
    run = experiment.trained(*words, "trainer.limit_train_batches=7", "checkpoint.save_top_k=4")

    for name, value in run.best.items():
        path = f"runs/a/checkpoints/{name}"
        assert validated(experiment, "--checkpoint", path)["val/loss"] == pytest.approx(
            value, rel=1e-6
        )
    assert len(run.best) == 4


def test_resume_best_of_mid_epoch_starts_from_the_clean_point_before(
    experiment: Experiment,
) -> None:
    # The learning rate jumps after the middle of the second epoch, so that its middle is the best.
    words = ("trainer.val_check_interval=0.5", "optimizer.learning_rate=0.3")
    run = experiment.trained(*words, "trainer.max_epochs=2")
    (best,) = run.best
    if not (start := run / "checkpoints" / best.replace(".ckpt", ".start.ckpt")).exists():
        pytest.fail(f"{best} was not scored in mid-epoch")

    done = experiment.fit("--name", "a", *words, "trainer.max_epochs=2", "--resume", "best")

    assert done.returncode == 0, done.stderr
    assert f"{best} was scored in mid-epoch: from the clean point before it" in done.stdout
    assert f"from {start.name}" in done.stdout


def test_every_n_steps_saves_inside_the_epoch(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 14, "checkpoint.every_n_steps=5")

    done = experiment.fit("--name", "a", "checkpoint.every_n_steps=5")

    assert done.returncode == 0, done.stderr
    assert "resuming a at epoch 2, batch 6 of 7, from last.ckpt (step 12)" in done.stdout


def test_saves_by_the_clock_fall_anywhere_and_change_nothing(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    # Every look at the clock finds the time over: after 1, 2, 4, 8 and 16 batches, but for those
    # where no checkpoint can be; the second start looks in others.
    always = "checkpoint.every_minutes=0.0000001"
    experiment.killed("on_train_batch_start", 12, always)
    between = experiment.run("a").checkpoint()["global_step"]
    experiment.killed("on_train_batch_start", 5, always)

    run = experiment.trained(always)

    assert between not in {0, 7, 14}
    assert run.weights() == undisturbed().weights()
    assert run.metrics() == undisturbed().metrics()
    assert run.best == undisturbed().best


def validated(experiment: Experiment, *argv: str) -> dict[str, float]:
    """The metrics that ``validate`` records."""
    done = experiment.main("validate", "--name", "a", *argv)
    assert done.returncode == 0, done.stderr
    return experiment.run("a").summary["metrics"]
