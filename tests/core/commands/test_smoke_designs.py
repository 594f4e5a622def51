"""``main.py smoke`` and the generated tests take what may be meant, and ask to have it stated."""

import json
import shutil
from subprocess import CompletedProcess

import pytest
from harness.experiment import Experiment, replace
from PIL import Image

pytestmark = pytest.mark.slow
MODULE, DATA, CONFIG = "experiment/module.py", "experiment/data.py", "configs/experiment.yaml"
Edits = list[tuple[str, str, str]]
Expected = dict[str, list[str]]

CLASS = "    config: Config\n\n    def __init__"
INIT = "        self.model = build_model(config.model, facts)\n"
TRAIN = """\
    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step(batch, "train")
"""
PREDICT = "    def predict_step(self, batch: Batch"
LOSS = "        self.average(split, len(batch.label), loss=loss)\n"
IMAGE = "self.model(batch.image).softmax"
BY_HAND = "  gradient_clip_norm: null\n  max_epochs: null"
FACTS = "    def find_facts(self)"


def module(*pairs: tuple[str, str]) -> Edits:
    """Edits of module.py, with the imports that they want."""
    imports = (
        "from typing import Any\n\nimport numpy as np\nimport torch\nfrom torch import Tensor\n"
    )
    return [(MODULE, "from torch import Tensor\n", imports), *((MODULE, *pair) for pair in pairs)]


def train_step(body: str) -> tuple[str, str]:
    """Another training_step."""
    head = "    def training_step(self, batch: Batch, batch_idx: int) -> Any:\n"
    return TRAIN, head + body


def rate(factor: str) -> tuple[str, str]:
    """Another course of the learning rate."""
    head = "    def learning_rate_factor(self, step: int, total_steps: float) -> float:\n"
    return TRAIN, f"{head}        return {factor}\n\n{TRAIN}"


def drawn(noise: str) -> tuple[str, str]:
    """A predict_step that draws."""
    answer = "        confidence, label = "
    return answer, f"        batch.image.add_({noise})\n{answer}"


def loader(name: str, *lines: str) -> tuple[str, str, str]:
    """A loader of data.py's own."""
    imports = "        import numpy as np\n        from torch.utils.data import DataLoader\n"
    body = "".join(f"        {line}\n" for line in lines)
    return DATA, FACTS, f"    def {name}_dataloader(self):\n{imports}{body}\n{FACTS}"


BATCHES = 'batches = [*self.loader("train", self.examples("train"))]'
DICT_PREDICTED = module(
    (PREDICT, PREDICT.replace("Batch", "Any")), (IMAGE, IMAGE.replace(".image", '["image"]'))
)
SOFT = """\
        with torch.no_grad():
            soft = self.teacher(batch.image).softmax(1)
        loss = loss + 1e-3 * F.cross_entropy(logits, soft)
"""
TEACHER = (
    (INIT, f"{INIT}        self.teacher = build_model(config.model, facts)\n"),
    (LOSS, SOFT + LOSS),
)
FROZEN = (
    INIT,
    f"{INIT}        self.teacher = build_model(config.model, facts).requires_grad_(False)\n",
)
POOLER = module((INIT, f"{INIT}        self.pooler = torch.nn.Linear(3, 3)\n"))
NO_VALIDATION = [
    (CONFIG, "  val_fraction: 0.15 ", "  val_fraction: 0.0 "),
    (CONFIG, "monitor: val/loss", "monitor: train/loss"),
]

MEANT: dict[str, Edits] = {
    "no predict_step": [(MODULE, "def predict_step", "def answer")],
    "another batch to predict": [
        *DICT_PREDICTED,
        loader(
            "predict",
            'batches = self.loader("predict", self.examples("test"))',
            'return DataLoader([{"image": b.image} for b in batches], batch_size=None)',
        ),
    ],
    "a rate that rises from 0": module(rate("min(1.0, step / 3)")),
    "a rate of 0 for an epoch": module(rate("float(step >= 6)")),
    "a dict": module(
        train_step('        return {"loss": self._step(batch, "train"), "kl": 0.0}\n')
    ),
    "skipped batches": module(
        train_step('        return None if batch_idx % 2 else self._step(batch, "train")\n')
    ),
    "a loader of one's own": [
        loader("train", BATCHES, "return DataLoader(batches, batch_size=None, shuffle=True)")
    ],
    "a frozen teacher": module(FROZEN, TEACHER[1]),
    "predictions that are drawn": module(drawn("torch.rand(())")),
}
ASKED: dict[str, tuple[Edits, str, Expected]] = {
    "a teacher that was not frozen": (
        module(*TEACHER),
        "training      no gradient reached teacher in 12 batches",
        {"no_gradient": ["teacher"]},
    ),
    "an optimizer that waits": (
        module(
            (INIT, f"{INIT}        self.late = torch.nn.Parameter(torch.ones(()))\n"),
            (LOSS, f"        loss = loss * self.late\n{LOSS}"),
            (TRAIN, f"{TRAIN}\n    def make_optimizer(self, groups: Any) -> Any:\n"
             "        return torch.optim.AdamW(self.model.parameters(), lr=2e-3)\n"),
        ),
        "training      nothing moved late in 12 batches",
        {"unmoved": ["late"]},
    ),
    "a loss with a floor": (
        module((LOSS, f"        loss = loss + 3.0\n{LOSS}")),
        "",
        {"not_learned": ["val/loss"]},
    ),
    "no validation split": (
        NO_VALIDATION,
        "training      there is no validation: the data has no val split",
        {"missing": ["validation"]},
    ),
    "no validation_step": (
        [(MODULE, "def validation_step", "def validate_later"), NO_VALIDATION[1]],
        "training      there is no validation: module.py has no validation_step",
        {"missing": ["validation"]},
    ),
    "batches that only --input brings": (
        DICT_PREDICTED,
        "checkpoint    there is no predict of a split, since predict_step fails with one",
        {"missing": ["predict"]},
    ),
    "a generator that nobody seeds": (
        module(drawn("np.random.default_rng().random()")),
        "checkpoint    predict_step gives something else each time, with the same seeds",
        {"random": ["predict_step"]},
    ),
    "a loader that nobody seeds": (
        [
            loader(
                "train",
                BATCHES,
                # Within batches, whose order would be the same by chance once in a few times.
                "order = np.random.default_rng().permutation(len(batches[0].image))",
                "mixed = [Batch(b.image[order], b.label[order]) for b in batches[:1]] * 9",
                "return DataLoader(mixed, batch_size=None)",
            )
        ],
        "data          train_dataloader gives something else each time, with the same seeds",
        {"random": ["train_dataloader"]},
    ),
}  # fmt: skip
# Stated in one project: a check says all that it finds.
UNTRUE: Expected = {
    "no_gradient": ["model.head", "model.haed"],
    "unmoved": ["model.stem"],
    "missing": ["validation", "predict"],
    "random": ["predict_step", "train_dataloader"],
}
FOUND_UNTRUE = (
    'training      expected["no_gradient"] is no longer true: model.head: model.head.weight, '
    "model.head.bias gets a gradient",
    'training      expected["no_gradient"] is no longer true: there is no model.haed; did you '
    "mean model.head?",
    'training      expected["unmoved"] is no longer true: model.stem: model.stem.0.',
    'training      expected["missing"] is no longer true: validation is there',
    'checkpoint    expected["missing"] is no longer true: predict is there',
    'checkpoint    expected["random"] is no longer true: predict_step gives the same',
    'data          expected["random"] is no longer true: train_dataloader gives the same',
)
REFUSED: dict[str, tuple[Edits, str]] = {
    "a loss that is not a number": (
        module((LOSS, f"        loss = loss * float('nan')\n{LOSS}")),
        "training      the loss of batch 1 is nan",
    ),
    "a rate that is always 0": (
        module(rate("0.0")),
        "training      12 batches, 12 optimizer steps changed no weight",
    ),
    "no gradient at all": (
        module(
            train_step("        return self._step(batch, 'train').detach().requires_grad_()\n"),
        ),
        "training      no gradient reached any parameter in 12 batches",
    ),
    "a step that raises": (
        module((LOSS, f"        loss = loss.no_such_thing\n{LOSS}")),
        "experiment/module.py:",
    ),
    "a loss by hand that is accumulated by the Trainer": (
        [
            *module((INIT, f"{INIT}        self.automatic_optimization = False\n")),
            (CONFIG, "  max_epochs: null", f"{BY_HAND}\n  accumulate_grad_batches: 2"),
        ],
        "training      trainer.accumulate_grad_batches: manual optimization accumulates by itself",
    ),
    "a monitor of validation that there is not": (
        [NO_VALIDATION[0]],
        "checkpoint.monitor: val/loss is of validation, and the data has no val split",
    ),
    "a kind that there is not": (
        [(MODULE, CLASS, f'    expected = {{"no_gradients": ["model"]}}\n{CLASS}')],
        "data          experiment/module.py: expected: 'no_gradients' is none of no_gradient, ",
    ),
    "outputs that the checkpoint does not hold": (
        module(
            (INIT, f"{INIT}        self.shift = float(np.random.default_rng().random())\n"),
            (IMAGE, IMAGE.replace("batch.image", "batch.image * self.shift")),
        ),
        "checkpoint    the same weights in a new model give other outputs",
    ),
}
GAN = '''\
"""Two networks against each other."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Config
from .core.module import Module
from .data import Batch, Facts


class ExperimentModule(Module):
    """The generator steps at every fifth batch."""

    config: Config
    expected = {"missing": ["validation"], "not_learned": ["train/generator"]}

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.automatic_optimization = False
        self.generator = nn.Linear(4, 64)
        self.critic = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        for_generator, for_critic = self.optimizers()
        real = batch.image.flatten(1)
        self.toggle_optimizer(for_critic)
        loss = F.relu(1 - self.critic(real)).mean() + F.relu(1 + self.critic(self(real))).mean()
        for_critic.zero_grad()
        self.manual_backward(loss)
        for_critic.step()
        self.untoggle_optimizer(for_critic)
        self.average("train", len(real), critic=loss)
        if (batch_idx + 1) % 5 == 0:
            self.toggle_optimizer(for_generator)
            loss = -self.critic(self(real)).mean()
            for_generator.zero_grad()
            self.manual_backward(loss)
            for_generator.step()
            self.untoggle_optimizer(for_generator)
            self.average("train", len(real), generator=loss)

    def forward(self, real: Tensor) -> Tensor:
        return self.generator(torch.randn(len(real), 4, device=self.device))

    def configure_optimizers(self) -> Any:
        return [
            torch.optim.Adam(part.parameters(), lr=1e-3) for part in (self.generator, self.critic)
        ]
'''
# The generated tests without what pytest would import for nobody here, and without its rewriting
# of asserts: both take longer than the tests.
NO_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
TESTS = """\
import sys, pytest

def tests():
    options = ["-q", "--assert=plain", "-p", "no:cacheprovider", "-k", "a_batch or one_batch"]
    return int(pytest.main([*options, "tests/test_contract.py"]))

"""
BETWEEN = "--- the tests ---"
BOTH = f"""\
{TESTS}
import runpy

sys.argv = ["main.py", "smoke", "logger.wandb=off"]
try:
    runpy.run_path("main.py", run_name="__main__")
except SystemExit as end:
    if end.code:
        raise
print("{BETWEEN}", flush=True)
sys.exit(tests())
"""


@pytest.fixture
def experiment(experiment: Experiment) -> Experiment:
    """A small one."""
    replace(experiment / CONFIG, "width: 32 ", "width: 8 ")
    replace(experiment / CONFIG, "batch_size: 128", "batch_size: 32")
    shutil.rmtree(experiment / "sweeps")  # which no design here is about
    return experiment


def edit(experiment: Experiment, edits: Edits, expected: Expected | None = None) -> None:
    """Write a design into the project, and what it states."""
    for file, old, new in edits:
        replace(experiment / file, old, new)
    if expected:
        literal = json.dumps(expected)
        replace(experiment / MODULE, CLASS, f"    expected = {literal}\n{CLASS}")


def smoke(experiment: Experiment, mode: str = "") -> CompletedProcess[str]:
    """``main.py smoke`` on the CPU, without W&B."""
    return experiment.main("smoke", "logger.wandb=off", env={"SMOKE": mode})


def contract(experiment: Experiment) -> CompletedProcess[str]:
    """The generated tests that take a batch; the one that is ``smoke`` is run apart."""
    (experiment / "run_tests.py").write_text(f"{TESTS}sys.exit(tests())\n")
    return experiment.main(program="run_tests.py", env=NO_PLUGINS)


def assert_asks_nothing(experiment: Experiment) -> None:
    """Neither ``SMOKE=strict`` nor those tests do, in one process, which imports all but once."""
    (experiment / "run_both.py").write_text(BOTH)

    done = experiment.main(program="run_both.py", env={"SMOKE": "strict", **NO_PLUGINS})

    assert done.returncode == 0, done.stdout + done.stderr
    strict, _, tests = done.stdout.partition(BETWEEN)
    assert "smoke passed" in strict
    assert "?" not in strict
    assert "2 passed" in tests


@pytest.mark.parametrize("design", MEANT)
def test_what_is_meant_needs_no_statement(experiment: Experiment, design: str) -> None:
    edit(experiment, MEANT[design])

    assert_asks_nothing(experiment)


@pytest.mark.parametrize("design", ASKED)
def test_what_may_be_meant_is_stated(experiment: Experiment, design: str) -> None:
    edits, question, expected = ASKED[design]
    edit(experiment, edits)
    literal = f"if it is meant, state in experiment/module.py: expected = {json.dumps(expected)}"

    plain = smoke(experiment)
    tests = None if question else contract(experiment)
    edit(experiment, [], expected)

    assert plain.returncode == 0, plain.stdout + plain.stderr
    if tests is None:
        assert f"? {question}" in plain.stdout
        assert f"  {literal}\n" in plain.stdout
        assert "with 1 question (?)" in plain.stdout
    else:  # a matter of the tests alone
        assert literal in tests.stdout
        assert tests.returncode == 1
    assert_asks_nothing(experiment)


def test_what_is_no_longer_true_is_asked_about(experiment: Experiment) -> None:
    edit(experiment, [], UNTRUE)

    done = smoke(experiment, "strict")

    assert done.returncode == 1
    for sentence in FOUND_UNTRUE:
        assert f"? {sentence}" in done.stdout
    # Each answer is what remains to be stated, and at last nothing does.
    assert done.stdout.count("  state in experiment/module.py: expected = ") == len(FOUND_UNTRUE)
    assert done.stdout.count("  state in experiment/module.py: expected = {}\n") == 1


@pytest.mark.parametrize("design", REFUSED)
def test_what_cannot_be_meant_is_refused(experiment: Experiment, design: str) -> None:
    edits, sentence = REFUSED[design]
    edit(experiment, edits)

    done = smoke(experiment)

    assert done.returncode == 1
    assert sentence in done.stdout
    assert "✗" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_question_counts_only_where_it_is_told_to(experiment: Experiment) -> None:
    edit(experiment, POOLER)

    plain, strict = smoke(experiment), smoke(experiment, "strict")

    assert (plain.returncode, strict.returncode) == (0, 1)
    for done in (plain, strict):
        assert "? training      no gradient reached pooler in 12 batches\n" in done.stdout
        assert 'expected = {"no_gradient": ["pooler"]}\n' in done.stdout
    assert "with 1 question (?)" in plain.stdout
    assert "1 question (?), and SMOKE=strict" in strict.stdout


def test_without_data_all_that_needs_it_is_left_out(experiment: Experiment) -> None:
    replace(experiment / "experiment/config.py", '"demo", "torchvision", "huggingface", ', "")
    replace(experiment / "experiment/config.py", '"folder"] = "demo"', '"folder"] = "folder"')
    replace(experiment / CONFIG, "source: demo ", "source: folder ")

    away = smoke(experiment)
    edit(experiment, module((INIT, f"        self.average = 3\n{INIT}")))
    for number in range(60):
        folder = experiment / f"data/train/{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), number).save(folder / f"{number}.png")
    faulty = smoke(experiment)

    assert away.returncode == 0, away.stdout
    assert "- data          skipped: data.root: there is no folder " in away.stdout
    for name in ("shapes", "training", "checkpoint", "logging"):
        assert f"- {name:<13} skipped: it needs the data" in away.stdout
    assert ", but for all that needs the data" in away.stdout
    assert faulty.returncode == 1
    assert "✗ data          ExperimentModule: self.average = 3 hides" in faulty.stdout


def test_a_gan_states_two_things(experiment: Experiment) -> None:
    (experiment / MODULE).write_text(GAN)
    replace(experiment / CONFIG, "monitor: val/loss", "mode: min\n  monitor: train/generator")
    replace(experiment / CONFIG, "  max_epochs: null", BY_HAND)

    assert_asks_nothing(experiment)


def test_a_name_that_is_not_logged_is_noticed(experiment: Experiment) -> None:
    edit(experiment, [], {"not_learned": ["val/lost"]})

    done = contract(experiment)

    assert done.returncode == 1
    assert "there is no val/lost; did you mean val/loss?" in done.stdout


def test_what_one_batch_teaches_after_all_is_noticed(experiment: Experiment) -> None:
    edit(experiment, [], {"not_learned": ["val/loss"]})

    done = contract(experiment)

    assert done.returncode == 1
    assert 'expected["not_learned"] is no longer true: val/loss one batch does teach' in done.stdout
