"""The pages of worked examples are true: typed word for word they smoke, train, die and go on."""

import json
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from core.restart.test_exact_resume import assert_same
from designs.run import MID_EPOCH, said, tool
from harness.experiment import Experiment, RunFolder, Server
from harness.typed_pages import type_page
from projects import PAGES_OF_ONE_TASK, ROOT, Project, Template

pytestmark = pytest.mark.slow
TASK = "custom"
EXAMPLES = [Path(name).stem for name in PAGES_OF_ONE_TASK[TASK]]
# What is typed for a run of a second: some ten batches an epoch, a row of the log each.
SMALL = ("model.width=8", "data.limit=120", "data.batch_size=12", "trainer.log_every_n_steps=1")
DRAWN = ("callbacks.sample_predictions.every_n_epochs=1", "trainer.check_val_every_n_epoch=1")


@pytest.fixture(scope="module")
def base(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh project of the task."""
    return published.generate(tmp_path_factory.mktemp(TASK) / "my-experiment", task=TASK)


def typed(page: str, base: Project, folder: Path, server: Server) -> Experiment:
    """A project in which a page was typed, its script run, and nothing of core touched."""
    project = Project(Path(shutil.copytree(base.path, folder / page, symlinks=True)))
    type_page(project, ROOT / f"template/docs/{page}.md")
    changed = project.status.split()[1::2]
    assert not [name for name in changed if "core/" in name], changed
    for script in project.path.glob("make_*.py"):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(project.path)
            runpy.run_path(str(script))
    return Experiment(project.path, server, small=SMALL)


@pytest.mark.parametrize("page", EXAMPLES)
def test_an_example_lives_word_for_word(
    page: str, base: Project, server: Server, tmp_path: Path
) -> None:
    calm = typed(page, base, tmp_path, server)
    tool(Project(calm.path), "ruff", "check")
    tool(Project(calm.path), "ruff", "format", "--check")
    tool(Project(calm.path), "basedpyright", "--pythonpath", str(server.python))
    said(calm.main("smoke", env={"SMOKE": "strict"}))
    dying = calm.copy(tmp_path / "dying")

    trained = calm.trained(*DRAWN)
    dying.killed(*MID_EPOCH, *DRAWN)
    again = dying.trained(*DRAWN)

    assert_same(again, trained)
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
    tool(Project(experiment.path), "apart")

    (one,) = predicted(experiment, "data/scaffold000-0.npz")
    assert one["class"] in ("apart", "bonded")
    assert len(predicted(experiment, "data")) == 1500


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
    tool(Project(experiment.path), "alike")
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
