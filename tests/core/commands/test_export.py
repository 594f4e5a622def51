"""``main.py export``: what is written, where it goes, and what is refused in a line.

Every task's export is used without the project in test_every_task.py.
"""

import json
import sys

import pytest
from harness.experiment import Experiment, replace
from PIL import Image
from projects import run
from safetensors.torch import load_file

pytestmark = pytest.mark.slow
ALL = ["example.py", "network.onnx", "network.pt2", "preprocessing.json", "weights.safetensors"]
# The environment's packages, and nothing of the project: -I leaves the folder out.
ALONE = (
    "import json, sys; sys.path.insert(0, sys.argv[1]); import example; "
    "assert 'experiment' not in sys.modules; print(json.dumps(example.answer(sys.argv[2])))"
)


def test_all_formats_of_a_run_and_its_page_on_wandb(experiment: Experiment) -> None:
    folder = experiment.trained("logger.wandb=offline", "callbacks.ema={}")
    before = sorted((folder / "wandb").glob("offline-run-*"))

    done = experiment.main("export", "--name", "a", "--format", "all")

    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in (folder / "export").iterdir()) == ALL
    known = json.loads((folder / "export/preprocessing.json").read_text())
    assert known["image"]["fit"].startswith("the square about its middle")
    assert known["not_known"] == []
    weights = load_file(folder / "export/weights.safetensors")
    (best,) = (folder / "checkpoints").glob("best-*.ckpt")
    trained = folder.checkpoint(best.name)["state_dict"]  # the average: what validation saw
    assert all(trained[f"model.{name}"].equal(weight) for name, weight in weights.items())
    (segment,) = set((folder / "wandb").glob("offline-run-*")) - set(before)
    kept = segment / "files/export/network.onnx"
    assert kept.read_bytes() == (folder / "export/network.onnx").read_bytes()
    assert len(folder.wandb_ids()) == 1  # it is the same run

    # Again, of another form: what the last export wrote is all there is.
    Image.new("L", (30, 20), 90).save(experiment / "grey.png")
    done = experiment.main("export", "--format", "torch", "logger.wandb=off")
    words = ("--input", "grey.png", "--output", "answers.jsonl")
    told = experiment.main("predict", "--name", "a", *words)

    assert done.returncode == told.returncode == 0, done.stdout + done.stderr + told.stderr
    assert sorted(path.name for path in (folder / "export").iterdir()) == [ALL[0], *ALL[2:4]]
    grey = str(experiment / "grey.png")
    alone = run([sys.executable, "-I", "-c", ALONE, str(folder / "export"), grey], folder.path)
    assert alone.returncode == 0, alone.stderr
    answer, row = json.loads(alone.stdout), json.loads((experiment / "answers.jsonl").read_text())
    assert answer["class"] == row["class"]
    assert answer["confidence"] == pytest.approx(row["confidence"], abs=1e-4)


def test_what_cannot_be_exported_is_a_line_and_leaves_what_was_there(
    experiment: Experiment,
) -> None:
    folder = experiment.trained()
    (folder / "export").mkdir()
    (folder / "export/mine.txt").write_text("an earlier one")
    model = experiment / "experiment/model.py"
    line = "        x = self.stages"
    branch = "        image = image if image.sum() > 0 else -image\n"
    replace(model, line, branch + line)

    refused = experiment.main("export", "--format", "torch")

    assert refused.returncode == 2
    last = refused.stderr.splitlines()[-1]
    assert last.startswith("export: model cannot be exported: its control flow depends on the data")
    assert "experiment/model.py:" in last
    assert "Traceback" not in refused.stderr
    assert (folder / "export/mine.txt").exists()
    assert not (folder / ".export.tmp").exists()


def test_an_unknown_format_is_refused_before_anything_is_read(experiment: Experiment) -> None:
    refused = experiment.main("export", "--format", "onnx,coreml")

    assert refused.returncode == 2
    assert refused.stderr == (
        "command line: --format onnx,coreml: coreml is none of onnx, torch, weights, all\n"
    )
