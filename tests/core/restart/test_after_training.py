"""What fails once training is over, and what is not worth a second try."""

from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder, fit_words, replace
from harness.watched import Watched

pytestmark = pytest.mark.slow
STEP = '        self._step(batch, "test")'
MODULE = "experiment/module.py"
TESTS = "trainer.test_after_fit=true"


def test_an_error_in_testing_leaves_a_trained_run(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    replace(experiment / MODULE, STEP, f"        raise RuntimeError('no such class')\n{STEP}")

    code, shown = watch(TESTS).end()

    run = experiment.run("a")
    assert code == 4, shown
    assert (run.summary["status"], run.summary["test_error"]) == (
        "finished",
        "RuntimeError: no such class",
    )
    assert "val/loss" in run.summary["metrics"]
    assert "restarts" not in run.summary
    assert f'File "{experiment / MODULE}"' in shown  # not the run's copy of it
    sentence = "a is trained, but testing failed: RuntimeError: no such class; test again with: "
    assert f"{sentence}python main.py test --name a" in shown
    assert "testing failed    RuntimeError: no such class" in shown
    replace(experiment / MODULE, f"        raise RuntimeError('no such class')\n{STEP}", STEP)
    tested = experiment.main("test", "--name", "a")
    assert tested.returncode == 0, tested.stderr
    assert run.summary["test_error"] is None
    assert "test/loss" in run.summary["metrics"]


def test_who_is_killed_in_testing_only_tests_again(
    watch: Callable[..., Watched], experiment: Experiment, undisturbed: Callable[..., RunFolder]
) -> None:
    once = (
        "        import os, pathlib, signal\n"
        "        if not pathlib.Path('killed').exists():\n"
        "            pathlib.Path('killed').touch()\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    replace(experiment / MODULE, STEP, once + STEP)
    trains = '        return self._step(batch, "train")'
    note = "        open('steps', 'a').write('x')\n"
    replace(experiment / MODULE, trains, note + trains)

    code, shown = watch(TESTS).end()

    assert code == 0, shown
    run, calm = experiment.run("a"), undisturbed(TESTS)
    assert len((experiment / "steps").read_text()) == run.summary["steps"] == calm.summary["steps"]
    assert run.summary["restarts"] == 1
    assert run.metrics() == calm.metrics()
    assert run.summary["metrics"]["test/loss"] == calm.summary["metrics"]["test/loss"]


@pytest.mark.parametrize(
    ("replaced", "reason"),
    [
        (("self.model(batch.image)", "self.modle(batch.image)"), "AttributeError: 'Experiment"),
        (("import torch.nn.functional as F", "import torch.nn.functionl as F"), "ModuleNotFound"),
    ],
)
def test_a_typo_is_met_once_and_binds_nothing(
    watch: Callable[..., Watched],
    experiment: Experiment,
    replaced: tuple[str, str],
    reason: str,
) -> None:
    replace(experiment / MODULE, *replaced)

    code, shown = watch().end()

    assert code == 1, shown
    assert shown.count("Traceback (most recent call last)") == 1
    assert f"a: giving up: {reason}" in shown
    assert shown.rstrip().endswith("before the first step")
    assert f'File "{experiment / MODULE}"' in shown
    assert "runs/a/code/experiment/module.py" not in shown
    replace(experiment / MODULE, *reversed(replaced))
    code, shown = watch("model.width=8").end()  # another experiment, under the same name
    assert code == 0, shown


def test_an_error_of_the_machine_is_tried_again(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    once = (
        "        import pathlib\n"
        "        if not pathlib.Path('failed').exists():\n"
        "            pathlib.Path('failed').touch()\n"
        "            raise OSError('the file server is away')\n"
    )
    line = "        logits = self.model(batch.image)"
    replace(experiment / MODULE, line, once + line)

    code, shown = watch().end()

    assert code == 0, shown
    assert "OSError: the file server is away; restart 1" in shown


def test_a_metric_of_training_ranks_at_epochs_ends(experiment: Experiment) -> None:
    words = ("checkpoint.monitor=train/loss", "trainer.val_check_interval=0.5")
    early = ("callbacks.early_stopping={patience: 9, monitor: train/loss}",)
    done = experiment.fit("--name", "a", *words, *early, "trainer.max_epochs=3")

    run = experiment.run("a")
    assert done.returncode == 0, done.stderr
    assert "checkpoint.monitor: train/loss is whole at an epoch's end" in done.stdout
    losses = run.series("train/loss")
    assert len(losses) == 3
    assert list(run.best.values()) == [min(losses)]
    (state,) = [v for k, v in run.checkpoint()["callbacks"].items() if k.startswith("EarlyStop")]
    assert float(state["best_score"]) == pytest.approx(min(losses))


def test_what_there_is_not_to_test_is_a_line(experiment: Experiment) -> None:
    text = (experiment / MODULE).read_text()
    start, end = text.index("    def test_step("), text.index("    def predict_step(")
    (experiment / MODULE).write_text(text[:start] + text[end:])

    done = experiment.fit("--name", "a", "trainer.max_epochs=1", TESTS)

    assert done.returncode == 0, done.stderr
    assert "nothing is tested: module.py has no test_step" in done.stdout
    refused = experiment.main("test", "--name", "a")
    assert (refused.returncode, refused.stderr.strip()) == (
        2,
        "module.py: test needs a test_step, and there is none",
    )


def test_a_sweep_by_a_test_metric_marks_a_trial_whose_testing_failed(
    experiment: Experiment,
) -> None:
    replace(experiment / MODULE, STEP, f"        raise RuntimeError('no such class')\n{STEP}")
    (experiment / "sweeps/one.yaml").write_text(
        "method: grid\nmetric: {name: test/loss, goal: minimize}\n"
        "parameters: {seed: {values: [3]}}\n"
    )

    words = fit_words(TESTS, "trainer.max_epochs=1")[1:]
    done = experiment.main("sweep", "sweeps/one.yaml", *words)

    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "the first trial will fail (testing failed: RuntimeError: no such class)" in said
    assert "trial-001  failed: testing failed: RuntimeError: no such class" in said
    assert "Traceback" not in done.stderr
