"""Labels of the demo's digits that were flipped: how well are they ranked, by us and by Datalab?

    uv run --project my-experiment python benchmarks/suspects.py --cleanlab /tmp/cleanlab/bin/python

Five of a hundred labels, of training and of what is held out, are flipped by a seed. A run is
trained on them as a user types it, and its best model's chances of the held-out digits are ranked
by ours and, on the same chances, as Datalab ranks label issues. cleanlab has an environment of its
own, since none of ours needs it: ``python -m venv /tmp/cleanlab``, then ``/tmp/cleanlab/bin/pip
install "cleanlab[datalab]"``. Without it ours stands alone. The command fails if the mean average
precision over three seeds lies more than 0.01 below Datalab's.
"""

import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from project import build, command_line, temporary_project

SEEDS = (0, 1, 2)
SHARE = 0.05  # of the labels
MARGIN = 0.01
QUICK = ("trainer.max_steps=30",)
# Datalab as a user calls it. It wants names of classes, in the order of the chances' columns.
THEIRS = """
import sys
import numpy as np
from cleanlab import Datalab
read = np.load(sys.argv[1])
names = [f"{label:03}" for label in read["labels"]]
lab = Datalab({"label": names}, label_name="label", verbosity=0)
lab.find_issues(pred_probs=read["chances"], issue_types={"label": {}})
issues = lab.get_issues("label")
np.savez(sys.argv[2], scores=issues["label_score"], named=issues["is_label_issue"])
"""


def core(name: str) -> Any:
    """A module of the project's ``core``."""
    return importlib.import_module(f"experiment.core.{name}")


def write_digits(folder: Path, seed: int) -> set[str]:
    """The demo's digits as a folder of images; the ids of those that lie in a wrong class's."""
    random, flipped = np.random.default_rng(seed), set()
    for split, digits in core("data.images.demo_digits").load().items():
        labels = digits.labels.numpy().copy()
        wrong = random.choice(len(labels), round(SHARE * len(labels)), replace=False)
        labels[wrong] = (labels[wrong] + random.integers(1, 10, len(wrong))) % 10
        for number, (pixels, label) in enumerate(zip(digits.pixels, labels, strict=True)):
            path = folder / split / str(label) / f"{number:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[0].numpy()).save(path)
            if number in wrong:
                flipped.add(f"{split}/{label}/{path.name}")
    return flipped


def ask(project: Path, digits: Path, seed: int, words: tuple[str, ...]) -> Any:
    """Train a run; of its best model, ids, chances and labels of the held-out digits."""
    settings = ["data.source=folder", f"data.root={digits}", f"seed={seed}", "logger.wandb=off"]
    name = f"seed-{seed}"
    command = [sys.executable, "main.py", "--name", name, *settings, *words]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    checkpoint = project / "runs" / name
    best = json.loads((checkpoint / "summary.json").read_text(encoding="utf-8"))["best"]
    parts = build(project, *settings, "trainer.devices=1", "trainer.progress_bar=false")
    predict = core("commands.predict_splits").predict_splits
    predicted, _ = predict(parts, checkpoint / best["checkpoint"], None, lambda count: None)
    record_of = core("data.records").record_of
    ids = [
        record_of(parts[0].examples(split), index).id
        for split, found in predicted.items()
        for index in found.indices.tolist()
    ]
    chances = np.concatenate([found.chances for found in predicted.values()])
    return ids, chances, np.concatenate([found.labels for found in predicted.values()])


def average_precision(quality: NDArray[Any], wrong: NDArray[np.bool_]) -> float:
    """Of the ranking by which the least comes first; of equals, the order of the examples."""
    ranked = wrong[np.argsort(quality, kind="stable")]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(precision[ranked].mean())


def theirs(python: str, chances: NDArray[Any], labels: NDArray[Any]) -> Any:
    """Datalab's scores, and which it names; None where cleanlab is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder) / "given.npz", Path(folder) / "answered.npz"
        np.savez(given, chances=chances.astype(np.float64), labels=labels)
        command = [python, "-c", THEIRS, str(given), str(answered)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode and "No module named 'cleanlab'" in done.stderr:
            return None
        if done.returncode:
            raise RuntimeError(done.stderr)
        with np.load(answered) as read:
            return read["scores"], read["named"]


def compare(python: str, seed: int, words: tuple[str, ...]) -> tuple[float, float | None]:
    """The average precision of both, with a line about it."""
    with temporary_project() as project, tempfile.TemporaryDirectory() as folder:
        flipped = write_digits(Path(folder), seed)
        ids, chances, labels = ask(project, Path(folder), seed, words)
        confident = core("inspect.dataset.confident_learning")
        wrong = np.array([str(one).removeprefix(f"{folder}/") in flipped for one in ids])
        ours = average_precision(confident.own_chances(chances, labels), wrong)
        named = confident.suspects(chances, labels)
    answered = theirs(python, chances, labels)
    other, beside = None, ""
    if answered is not None:
        other = average_precision(answered[0], wrong)
        beside = f", Datalab {other:.4f}, which names {answered[1].sum()}, of which "
        beside += f"{(answered[1] & wrong).sum()} are"
    right = float((chances.argmax(axis=1) == labels)[~wrong].mean())
    print(
        f"seed {seed}: {wrong.sum()} of {len(wrong)} flipped, {named.sum()} named, of which "
        f"{(named & wrong).sum()} are; {right:.1%} of the others right; "
        f"average precision: ours {ours:.4f}{beside}"
    )
    return ours, other


def main() -> int:
    parser = command_line(__doc__)
    parser.add_argument("--cleanlab", default=sys.executable, help="a Python that has cleanlab")
    arguments = parser.parse_args()
    seeds, words = (SEEDS[:1], QUICK) if arguments.quick else (SEEDS, ())
    found = [compare(arguments.cleanlab, seed, words) for seed in seeds]
    ours = float(np.mean([mine for mine, _ in found]))
    others = [other for _, other in found if other is not None]
    if len(others) < len(found):
        print(f"suspects: average precision ours {ours:.4f}; cleanlab is not installed: see --help")
        return 0
    other = float(np.mean(others))
    difference = ours - other
    print(f"suspects: average precision ours {ours:.4f}, Datalab {other:.4f}: {difference:+.4f}")
    return 0 if arguments.quick or difference >= -MARGIN else 1


if __name__ == "__main__":
    sys.exit(main())
