"""``--profile``: the table says where the time went, and nothing that is learned changes."""

import re
from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder, replace

pytestmark = pytest.mark.slow


def columns(run: RunFolder) -> tuple[dict[str, float], dict[str, float]]:
    """The table's percentages and its milliseconds a step, by what the time was spent on."""
    table = (run / "profile.txt").read_text().partition("slowest operators")[0]
    rows = re.findall(r"^  (\w[\w' ]+\w) +([\d.]+)% +([\d.]+) ms a step", table, re.MULTILINE)
    shares = {name: float(share) for name, share, _ in rows}
    return shares, {name: float(milliseconds) for name, _, milliseconds in rows}


def test_profiling_changes_nothing_and_a_resume_may_leave_it_out(
    experiment: Experiment, undisturbed: Callable[..., RunFolder]
) -> None:
    experiment.killed("on_train_batch_start", 17, "--profile")

    done = experiment.fit("--name", "a")

    run = experiment.run("a")
    assert done.returncode == 0, done.stderr
    assert not (run / "profile.txt").exists()
    assert run.weights() == undisturbed().weights()
    assert run.metrics() == undisturbed().metrics()


def test_the_table_shares_out_the_whole_time(experiment: Experiment) -> None:
    replace(experiment / "experiment/data.py", "import torch\n", "import time\n\nimport torch\n")
    normalize = "v2.Normalize(self.facts.mean, self.facts.std),"
    slow = "v2.Lambda(lambda image: time.sleep(0.005) or image)"
    replace(experiment / "experiment/data.py", normalize, f"{normalize}\n                {slow},")

    done = experiment.fit("--name", "a", "--profile")

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shares, milliseconds = columns(experiment.run("a"))
    assert sum(shares.values()) == pytest.approx(100, abs=1)
    assert {"forward", "backward", "optimizer", "callbacks", "checkpoints"} <= set(shares)
    # In time, since a fast step's share of a slow table is rounded to nothing.
    assert all(milliseconds[p] > 0 for p in ("forward", "backward", "optimizer", "checkpoints"))
    training = {name: share for name, share in shares.items() if name != "validation"}
    assert max(training, key=training.__getitem__) == "waiting for data"
    assert "where the time of 11 steps went: " in done.stdout  # ten were looked at more closely
    assert "aten::convolution_backward, 9 calls" in done.stdout
