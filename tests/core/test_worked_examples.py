"""The pages of worked examples are true: typed word for word they smoke, train, die and go on."""

import json
import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from core.restart.test_exact_resume import assert_same
from designs.run import MID_EPOCH, said, tool
from harness import type_check
from harness.copy_project import copy_project
from harness.experiment import Experiment, RunFolder, Server
from harness.typed_pages import type_blocks, type_page, type_tables
from projects import PAGES_OF_ONE_TASK, ROOT, Project, Template

pytestmark = pytest.mark.slow
TASK = "custom"
EXAMPLES = [Path(name).stem for name in PAGES_OF_ONE_TASK[TASK]]
# What is typed for a run of a second: some ten batches an epoch, a row of the log each.
SMALL = ("model.width=8", "data.batch_size=12", "trainer.log_every_n_steps=1")
LIMITED = ("data.limit=120",)
SIZES = {"simulation": ("data.held_out=60", "trainer.limit_train_batches=10")}
DRAWN = ("callbacks.sample_predictions.every_n_epochs=1", "trainer.check_val_every_n_epoch=1")


@pytest.fixture(scope="module")
def base(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh project of the task."""
    return published.generate(tmp_path_factory.mktemp(TASK) / "my-experiment", task=TASK)


def typed(page: str, base: Project, folder: Path, server: Server) -> Experiment:
    """A project in which a page was typed, its script run, and nothing of core touched."""
    project = Project(copy_project(base.path, folder / page))
    type_page(project, ROOT / f"template/docs/{page}.md")
    changed = project.status.split()[1::2]
    assert not [name for name in changed if "core/" in name], changed
    for script in project.path.glob("make_*.py"):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(project.path)
            runpy.run_path(str(script))
    return Experiment(project.path, server, small=SMALL + SIZES.get(page, LIMITED))


@pytest.fixture(scope="module")
def examples(
    base: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Experiment]:
    """A project of each page."""
    folder = tmp_path_factory.mktemp("examples")
    return {page: typed(page, base, folder, server) for page in EXAMPLES}


@pytest.fixture(scope="module")
def complaints(examples: dict[str, Experiment], server: Server) -> list[str]:
    """What the type checker says of what a reader has typed; core's is checked elsewhere."""
    roots = [experiment.path for experiment in examples.values()]
    yours = [file for root in roots for file in sorted(root.glob("experiment/*.py"))]
    return type_check.complaints(roots[0].parent, roots, yours, server.python)


@pytest.mark.parametrize("page", EXAMPLES)
def test_an_example_lives_word_for_word(
    page: str, examples: dict[str, Experiment], complaints: list[str], tmp_path: Path
) -> None:
    calm = examples[page]
    tool(Project(calm.path), "ruff", "check")
    tool(Project(calm.path), "ruff", "format", "--check")
    assert [line for line in complaints if line.startswith(f"{calm.path}/")] == []
    said(calm.main("smoke", env={"SMOKE": "strict"}))
    dying = calm.copy(tmp_path / "dying")

    trained = calm.trained(*DRAWN)
    dying.killed(*MID_EPOCH, *DRAWN)
    again = dying.trained(*DRAWN)

    assert_same(again, trained)
    assert len(again.series("val/loss")) == 3
    assert (again / "samples/epoch-003.png").stat().st_size > 1000
    said(dying.main("validate", "--name", "a"))
    said(dying.main("test", "--name", "a"))
    CHECKS[page](dying, again)


def predicted(experiment: Experiment, given: str) -> list[dict[str, object]]:
    """What is predicted of a file or folder."""
    said(experiment.main("predict", "--name", "a", "--input", given, "--output", "answers.jsonl"))
    return [json.loads(line) for line in (experiment / "answers.jsonl").read_text().splitlines()]


def scaffolds_are_apart(experiment: Experiment, run: RunFolder) -> None:
    """No scaffold is in two splits; of one file, and of a folder, a class each."""
    program = (
        "from main import load\n"
        "data = load('runs/a')[1]\n"
        "data.config.limit = None\n"
        "from experiment.core.data.cross_validation import groups_of\n"
        "found = [set(groups_of(data.examples(s))) for s in ('train', 'val', 'test')]\n"
        "assert sum(map(len, found)) == len(set.union(*found)) == 300, list(map(len, found))\n"
    )
    (experiment / "apart.py").write_text(program)
    tool(Project(experiment.path), "apart", python=experiment.server.warm)

    (experiment / "more").mkdir()
    for file in ("scaffold000-0.npz", "scaffold001-3.npz"):
        shutil.copy(experiment / "data" / file, experiment / "more")
    rows = predicted(experiment, "more")
    assert [Path(str(row["input"])).name[:11] for row in rows] == ["scaffold000", "scaffold001"]
    assert {row["class"] for row in rows} <= {"apart", "bonded"}


def pictures_are_answered_by_pictures(experiment: Experiment, run: RunFolder) -> None:
    """Both of a pair are flipped alike; each answer is a file of the input's size."""
    program = (
        "import torch\n"
        "from main import load\n"
        "data = load('runs/a')[1]\n"
        "flip, pair = data.transforms('train'), data.examples('train')[0]\n"
        "pair = pair._replace(clean=pair.noisy)\n"
        "flipped = [flip(pair) for _ in range(20)]\n"
        "assert all(noisy.equal(clean) for noisy, clean in flipped)\n"
        "assert len({tuple(noisy.flatten().tolist()) for noisy, _ in flipped}) == 4\n"
    )
    (experiment / "alike.py").write_text(program)
    tool(Project(experiment.path), "alike", python=experiment.server.warm)
    (experiment / "more").mkdir()
    for number in range(20):  # two batches
        shutil.copy(experiment / f"data/noisy/{number:03d}.png", experiment / "more")

    rows = predicted(experiment, "more")

    files = [str(row["denoised"]) for row in rows]
    assert len(set(files)) == len(rows) == 20
    from PIL import Image

    assert {Image.open(experiment / file).size for file in files} == {(32, 32)}
    assert all(Path(file).parent.name == "denoised" for file in files)


def motions_are_explained(experiment: Experiment, run: RunFolder) -> None:
    """A measured motion has a stiffness; folds of a stream there are none."""
    import numpy as np

    np.save(experiment / "motion.npy", np.cos(np.arange(64) / 10))

    (row,) = predicted(experiment, "motion.npy")
    refused = experiment.fit("data.fold=0", "data.folds=5")

    assert set(row) == {"input", "stiffness", "friction"}
    assert refused.returncode == 2
    assert "data.fold=0: the data is a stream" in refused.stderr
    assert "Traceback" not in refused.stderr


CHECKS: dict[str, Callable[[Experiment, RunFolder], None]] = {
    "graphs": scaffolds_are_apart,
    "image-pairs": pictures_are_answered_by_pictures,
    "simulation": motions_are_explained,
}


def test_the_readmes_walk_ends_with_a_passing_smoke(
    base: Project, server: Server, tmp_path: Path
) -> None:
    import numpy as np

    project = Project(copy_project(base.path, tmp_path / "walk"))
    page, experiment = ROOT / "tasks" / TASK / "README.md", Experiment(project.path, server)
    for number in range(40):
        file = project / f"data/{('run', 'walk')[number % 2]}/{number:03d}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        moments = 95 if number == 7 else 80
        np.save(file, np.random.default_rng(number).random((moments, 3)) + number % 2)

    type_tables(project, page)
    before = said(experiment.main("smoke"))
    type_blocks(project, page)
    delete(project, "deal", "CARDS, KINDS")
    tool(project, "ruff", "check", "--fix", "--quiet")
    uneven = experiment.main("smoke")
    project.replace("experiment/data.py", "np.load(file)).float()", "np.load(file)[:80]).float()")
    passed = said(experiment.main("smoke", env={"SMOKE": "strict"}))

    assert "data has no *.npz in it; there are *.npy" in before
    assert "but for all that needs the data" in before
    assert uneven.returncode == 1
    assert "field cards has shapes such as (80, 3) and (95, 3)" in uneven.stdout
    assert "data/walk/007.npy" in uneven.stdout
    assert "cards (" in passed
    assert "80, 3) float32" in passed
    run = Experiment(project.path, server, small=SMALL + LIMITED).trained("--epochs", "1")
    assert "2 classes: run, walk" in (run / "train.log").read_text()
    (row,) = predicted(experiment, "data/walk/007.npy")
    assert row["class"] in ("run", "walk")


def delete(project: Project, function: str, line: str) -> None:
    """Take a function out of data.py, and a line by its beginning."""
    file = project / "experiment/data.py"
    text = re.sub(rf"(?ms)^def {function}\(.*?(?=^\w)", "", file.read_text())
    file.write_text(re.sub(rf"(?m)^{line}.*\n", "", text))


# As people publish it: options read at the top, another file beside it, a dict for a sample.
PUBLISHED = {
    "__init__.py": "",
    "utils.py": "def normalise(x):\n    return (x-x.mean())/ (x.std()+1e-8)\n",
    "dataset.py": """
import argparse, os, glob
import numpy as np
import torch
from torch.utils.data import Dataset
from . import utils

parser = argparse.ArgumentParser()
parser.add_argument('--jitter', type=float, default=0.1)
parser.add_argument('--gpu', type=int, default=0)
args = parser.parse_args()

class GaitDataset(Dataset):
    def __init__(self, root_dir, transform=None):
        self.paths = sorted(glob.glob(os.path.join(root_dir, '*.npy')))
        self.targets = [int(os.path.basename(p)[0]) for p in self.paths]
        self.transform = transform
    def __len__(self): return len(self.paths)
    def __getitem__(self, idx):
        x = utils.normalise(np.load(self.paths[idx]).astype('float32'))
        x = x + args.jitter*np.random.randn(*x.shape).astype('float32')
        return {'signal': torch.from_numpy(x), 'y': self.targets[idx], 'path': self.paths[idx]}
""",
    "net.py": """
import torch.nn as nn, torch.nn.functional as F

class GaitNet(nn.Module):
    def __init__(self, args, in_channels=3, n_cls=10):
        super(GaitNet, self).__init__()
        self.rnn = nn.GRU(in_channels, args.hidden_size, batch_first=True)
        self.fc = nn.Linear(args.hidden_size, n_cls)
    def forward(self, x):
        out, h = self.rnn(x)
        return self.fc(h[-1])
""",
}


def test_what_others_published_drops_in(base: Project, server: Server, tmp_path: Path) -> None:
    import numpy as np

    project = Project(copy_project(base.path, tmp_path / "theirs"))
    vendored = project / "experiment/third_party"
    vendored.mkdir()
    for name, text in PUBLISHED.items():
        (vendored / name).write_text(text)
    (project / "data").mkdir()
    for number in range(80):
        values = np.random.default_rng(number).random((20, 3))
        np.save(project / f"data/{number % 2}-{number:03d}.npy", values)
    project.replace("experiment/third_party/dataset.py", "parse_args()", "parse_args([])")
    wire(project)

    tool(project, "ruff", "format", "--quiet")
    tool(project, "ruff", "check", "--fix", "--quiet")
    yours = [str(file) for file in project.path.glob("experiment/*.py")]
    tool(project, "basedpyright", "--pythonpath", str(server.python), *yours)
    calm = Experiment(project.path, server, small=SMALL + LIMITED)
    passed = said(calm.main("smoke", env={"SMOKE": "strict"}))
    dying = calm.copy(tmp_path / "dying")
    trained = calm.trained(*DRAWN)
    dying.killed("on_train_batch_start", 7, *DRAWN)

    assert_same(dying.trained(*DRAWN), trained)
    assert (trained / "samples/epoch-003.png").stat().st_size > 1000
    assert "signal (" in passed
    assert "2 classes" in (trained / "train.log").read_text()
    said(dying.main("predict", "--name", "a", "--input", "test"))


def wire(project: Project) -> None:
    """What the README's table says to write."""
    data, module = "experiment/data.py", "experiment/module.py"
    lines = {
        "experiment/config.py": {
            'Literal["demo", "folder"] = "demo"': 'Literal["folder"] = "folder"'
        },
        "configs/experiment.yaml": {"source: demo": "source: folder"},
        data: {
            "self.datasets.update(example_files.load(self.config, self.root, "
            '"*.npz", read_hand))': 'self.datasets["train"] = GaitDataset(self.root)',
            "self.some(1).cards.shape": 'self.some(1)["signal"].shape',
            "from .core.data import DataModule": (
                "from .third_party.dataset import GaitDataset\nfrom .core.data import DataModule"
            ),
            'return shuffled if split == "train" and self.config.augment else None': "return None",
            "zip(*self.some(n, split)": 'zip(*map(self.some(n, split).get, ("signal", "y"))',
        },
        module: {
            "RelationNetwork(config.model, facts)": (
                "GaitNet(Namespace(hidden_size=config.model.width), facts.features, n_cls=2)"
            ),
            "from .model import RelationNetwork": "from .third_party.net import GaitNet",
            "import torch.nn": "from argparse import Namespace\nimport torch.nn",
            "batch.cards": 'batch["signal"]',
            "batch.label": 'batch["y"]',
            "batch: Batch": "batch: dict[str, Tensor]",
        },
    }
    for file, changes in lines.items():
        for old, new in changes.items():
            project.replace(file, old, new)
