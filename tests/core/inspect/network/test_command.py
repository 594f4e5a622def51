"""``main.py inspect model``, as it is typed; of every task: core/commands/test_every_task.py."""

import json
import re

import pytest
from harness.experiment import Experiment, replace

pytestmark = pytest.mark.slow
MODEL = "experiment/model.py"
PAGE = "runs/inspect-model/index.html"


def test_json_alone_is_printed_and_a_trained_run_can_be_looked_at(experiment: Experiment) -> None:
    experiment.trained("--name", "wide", "--max-steps", "2", "trainer.limit_val_batches=1")

    done = experiment.main("inspect", "model", "--run", "wide", "--json")

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["findings"] == []
    assert seen["graph"][0]["name"] == "model"
    assert seen["memory"]["checkpoint"] > seen["parameters"]["bytes"]
    assert not (experiment / "runs/wide/inspect-model").exists()


def test_where_the_time_goes_is_said_if_asked_for(experiment: Experiment) -> None:
    done = experiment.main("inspect", "model", "--profile", "--output", "look.html")

    assert done.returncode == 0, done.stdout + done.stderr
    said = re.search(r"^time       (compute|data)-bound: a batch takes", done.stdout, re.MULTILINE)
    assert said or re.search(r"^time       balanced: a batch takes", done.stdout, re.MULTILINE)
    own = r"ms a step  convolution_backward in model\.\S+ \(experiment/blocks/convolution\.py:\d+\)"
    assert re.search(own, done.stdout)
    assert "Where the time goes" in (experiment / "look.html").read_text()
    assert not (experiment / "runs").exists()


def test_a_forward_that_fails_is_drawn_up_to_there_and_smoke_says_the_shapes(
    experiment: Experiment,
) -> None:
    replace(experiment / MODEL, "self.head(self.dropout(x))", "self.head(self.dropout(x)[:, 1:])")
    says = "in model.head (Linear): input (128, 127), weight (10, 128), bias (10,)"

    looked, smoke = experiment.main("inspect", "model"), experiment.main("smoke")

    assert (looked.returncode, smoke.returncode) == (1, 1), looked.stderr
    assert re.search(rf"^failed     experiment/model\.py:\d+: .*{re.escape(says)}$", looked.stdout,
                     re.MULTILINE)  # fmt: skip
    assert "Traceback" not in looked.stdout + looked.stderr + smoke.stdout + smoke.stderr
    assert "optimizer 0 bytes" not in looked.stdout  # a step that did not end has no cost
    assert says in smoke.stdout
    page = (experiment / PAGE).read_text(encoding="utf-8")
    assert says in page
    assert page.count('class="row failed"') == 2  # the network, and the layer in it


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--most 3", "command line: inspect model takes no --most, inspect data does"),
        ("--exclude a.txt", "command line: inspect model takes no --exclude, inspect data does"),
        ("--code run", "command line: inspect takes --code with --run NAME only"),
        ("--run nowhere", "nowhere"),
        ("--output configs", "--output configs is a folder; name a file, such as look.html"),
    ],
)
def test_what_is_wrong_is_one_sentence(experiment: Experiment, words: str, says: str) -> None:
    done = experiment.main("inspect", "model", *words.split())

    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (experiment / "runs").exists()
