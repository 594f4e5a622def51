"""What an epoch's start sets up is there in a resumed epoch, too: the same weights and numbers."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from core.restart.test_exact_resume import assert_same
from harness.experiment import Experiment, RunFolder, Server, replace
from harness.matrix import spanned
from projects import Project

pytestmark = pytest.mark.slow

# Moments in six epochs of 7 batches: in the first, the fourth and the sixth, and at a boundary.
MOMENTS = {
    "in the first epoch": ("on_train_batch_start", 5),
    "in the fourth epoch": ("on_train_batch_start", 26),
    "in the sixth epoch": ("on_train_batch_start", 40),
    "at an epoch's start": ("on_train_epoch_start", 4),
    "in an epoch's first batch": ("on_train_batch_end", 22),
    "right after a save in an epoch": ("on_train_batch_end", 27),
}
SAVED = ("trainer.max_epochs=6", "checkpoint.every_n_steps=2")
HEAD = "import random\n\nimport numpy as np\nimport torch\n"
CALLBACKS = {
    "Curriculum": """
    def on_train_epoch_start(self, trainer, pl_module):
        pl_module.model.dropout.p = 0.1 * trainer.current_epoch
""",
    "Unfreezing": """
    def on_train_start(self, trainer, pl_module):
        pl_module.model.stem.requires_grad_(False)

    def on_train_epoch_start(self, trainer, pl_module):
        if trainer.current_epoch == 3:
            pl_module.model.stem.requires_grad_(True)
""",
    "Evaluating": """
    def on_train_epoch_start(self, trainer, pl_module):
        if trainer.current_epoch >= 3:
            pl_module.model.stages.eval()
""",
    "Drawing": """
    def on_train_epoch_start(self, trainer, pl_module):
        drawn = float(torch.rand(1)) + random.random() + np.random.rand()
        pl_module.model.dropout.p = drawn / 4
""",
    "Logging": """
    def on_train_epoch_start(self, trainer, pl_module):
        pl_module.log("start/epoch", float(trainer.current_epoch))
        trainer.logger.log_metrics({"start/step": trainer.global_step}, step=trainer.global_step)
""",
    "Counting": """
    count = 0

    def on_train_epoch_start(self, trainer, pl_module):
        self.count += 1
        pl_module.model.dropout.p = 0.05 * self.count

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        pl_module.model.dropout.p = 0.05 * self.count

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]
""",
    "Spoiling": """
    def on_train_epoch_start(self, trainer, pl_module):
        with torch.no_grad():  # once an epoch: the checkpoint has it, twice would be too much
            for weight in pl_module.parameters():
                weight.mul_(0.9)
                weight.data.add_(0.01)
        for group in trainer.optimizers[0].param_groups:
            group["weight_decay"] *= 0.5
        for state in trainer.optimizers[0].state.values():
            state["exp_avg"].zero_()
""",
    "Stepping": """
    count = 0

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.count += 1
        pl_module.model.dropout.p = 0.9 / (1 + self.count)
        with torch.no_grad():  # once a batch
            next(pl_module.parameters()).mul_(0.9)

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]
""",
}
LIGHTNINGS = {
    "Accumulating": """
from pytorch_lightning.callbacks import GradientAccumulationScheduler


class Accumulating(GradientAccumulationScheduler):
    def __init__(self):
        super().__init__({0: 1, 2: 3})
""",
    "Finetuning": """
from pytorch_lightning.callbacks import BackboneFinetuning


class Finetuning(BackboneFinetuning):
    def __init__(self):
        super().__init__(unfreeze_backbone_at_epoch=2, backbone_initial_lr=0.0001)

    def setup(self, trainer, pl_module, stage):
        pl_module.__dict__["backbone"] = pl_module.model.stem
        super().setup(trainer, pl_module, stage)
""",
}


def add_callback(project: Path, name: str) -> None:
    """Write one of them into a project's callbacks.py."""
    code = LIGHTNINGS.get(name) or f"\n\nclass {name}(pl.Callback):{CALLBACKS[name]}"
    with (project / "experiment/callbacks.py").open("a") as file:
        file.write(f"\n\n{HEAD}{code}")


@pytest.fixture
def edited(experiment: Experiment) -> Callable[[str], Experiment]:
    """The project with a callback in its callbacks.py."""

    def edit(name: str) -> Experiment:
        add_callback(experiment.path, name)
        return experiment

    return edit


@pytest.fixture(scope="module")
def calm(
    default_project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], RunFolder]:
    """A run with one of the callbacks that nothing happened to, trained once for all moments."""

    @cache
    def train(name: str) -> RunFolder:
        project = Experiment(default_project.path, server)
        experiment = project.copy(tmp_path_factory.mktemp("calm") / "experiment")
        add_callback(experiment.path, name)
        return experiment.trained(*words_for(name))

    return train


def words_for(name: str) -> tuple[str, ...]:
    """What is typed to train with one of them."""
    return (f"callbacks.extra.experiment.callbacks.{name}={{}}", *SAVED)


# Each callback at a moment that matters to it, each moment with some; all of them: tests.torture.
CELLS = [(name, moment) for name in (*CALLBACKS, *LIGHTNINGS) for moment in MOMENTS]
SPANNING = [
    ("Curriculum", "in an epoch's first batch"),
    ("Unfreezing", "in the fourth epoch"),
    ("Evaluating", "in the sixth epoch"),
    ("Drawing", "in the first epoch"),
    ("Logging", "at an epoch's start"),
    ("Counting", "right after a save in an epoch"),
    ("Spoiling", "in the fourth epoch"),
    ("Stepping", "in an epoch's first batch"),
    ("Accumulating", "in the sixth epoch"),
    ("Finetuning", "in the fourth epoch"),
]


def test_each_callback_and_each_moment_is_spanned() -> None:
    assert {name for name, _ in SPANNING} == {*CALLBACKS, *LIGHTNINGS}
    assert {moment for _, moment in SPANNING} == set(MOMENTS)


@pytest.mark.parametrize(
    ("name", "moment"), spanned(CELLS, [cell for cell in CELLS if cell not in SPANNING])
)
def test_a_callback_finds_what_it_had_set_up(
    name: str,
    moment: str,
    edited: Callable[[str], Experiment],
    calm: Callable[[str], RunFolder],
) -> None:
    experiment = edited(name)

    experiment.killed(*MOMENTS[moment], *words_for(name))
    run = experiment.trained(*words_for(name))

    assert_same(run, calm(name))


def test_a_module_finds_what_it_had_set_up(experiment: Experiment) -> None:
    module = experiment / "experiment/module.py"
    replace(
        module,
        "    def training_step",
        "    def on_train_epoch_start(self) -> None:\n"
        "        self.factor = 1.0 + 0.1 * self.current_epoch + float(torch.rand(1))\n"
        "        self.metrics['val'].reset()\n"
        '        self.log("train/factor", self.factor)\n\n'
        "    def training_step",
    )
    replace(
        module,
        'return self._step(batch, "train")',
        'return self.factor * self._step(batch, "train")',
    )
    replace(
        module, "import torch.nn.functional as F", "import torch\nimport torch.nn.functional as F"
    )
    moments = [MOMENTS[name] for name in ("in the first epoch", "in the fourth epoch")]
    copies = [experiment.copy(experiment.path.with_name(str(count))) for _, count in moments]
    calm = experiment.trained(*SAVED)

    for moment, copy in zip(moments, copies, strict=True):
        copy.killed(*moment, *SAVED)
        run = copy.trained(*SAVED)
        assert_same(run, calm)
        assert len(run.series("train/factor")) == 6


@pytest.mark.parametrize(
    "words",
    [("optimizer.freeze=[model.stem, model.stages]",), ("callbacks.timer={}",)],
    ids=["freeze", "timer"],
)
def test_what_comes_with_the_template_is_set_up_again(
    words: tuple[str, ...], experiment: Experiment
) -> None:
    calm = experiment.copy(experiment.path.with_name("calm"))

    experiment.killed(*MOMENTS["in the fourth epoch"], *words, *SAVED)
    run, expected = experiment.trained(*words, *SAVED), calm.trained(*words, *SAVED)

    assert run.weights() == expected.weights()
    learned = [
        {k: v for k, v in r.metrics().items() if "time/" not in k[1]} for r in (run, expected)
    ]
    assert learned[0] == learned[1]
    assert all(seconds < 60 for seconds in run.series("time/epoch"))


def test_the_worked_example_logs_a_time_that_can_be(experiment: Experiment) -> None:
    words = words_for("EpochTime")

    experiment.killed(*MOMENTS["in the fourth epoch"], *words)
    run = experiment.trained(*words)

    assert len(run.series("time/epoch")) == 6
    assert all(0 < seconds < 60 for seconds in run.series("time/epoch"))


def test_who_learns_otherwise_than_was_saved_is_told(edited: Callable[[str], Experiment]) -> None:
    experiment = edited("Curriculum")
    replace(
        experiment / "experiment/callbacks.py",
        "pl_module.model.dropout.p = 0.1 * trainer.current_epoch",
        "pl_module.model.head.requires_grad_(getattr(self, 'seen', None) is not None)\n"
        "        self.seen = True",
    )
    words = words_for("Curriculum")
    experiment.killed(*MOMENTS["in the fourth epoch"], *words)

    done = experiment.fit("--name", "a", *words)

    assert done.returncode == 0, done.stderr
    assert (
        "on_train_epoch_start would let model.head.weight, model.head.bias learn or train "
        "otherwise: it stays as it was saved"
    ) in done.stdout


def test_lightnings_own_swa_which_does_not_resume_exactly_is_refused(
    experiment: Experiment,
) -> None:
    words = (
        "callbacks.extra={pytorch_lightning.callbacks.StochasticWeightAveraging: {swa_lrs: 0.1}}",
    )

    done = experiment.fit("--name", "a", *words)

    assert done.returncode == 2
    assert done.stderr.strip().endswith(
        "callbacks.extra: Lightning's StochasticWeightAveraging does not go on after a kill as if "
        "nothing had happened; callbacks.swa={} does"
    )
    assert not experiment.run("a").path.exists()
