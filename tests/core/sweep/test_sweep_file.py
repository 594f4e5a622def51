"""Sweep files: each mistake that a person makes is one sentence with its place."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from assemble import Package, assemble
from projects import ROOT, TASKS, Project

GOOD = """\
program: main.py
method: random
metric:
  name: val/loss
parameters:
  model.width:
    values: [4, 8]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def package(project: Path) -> Package:
    return Package(project)


class Files:
    """``parameters(text)`` is how many a file has; ``refused(text)`` the sentence."""

    def __init__(self, package: Package, project: Path, folder: Path) -> None:
        self.check = package.module("core.sweep.checks").check_sweep
        self.config = package.module("config").Config
        self.error: Any = package.module("core.errors").UserError
        self.arguments = Namespace(config=[project / "configs/experiment.yaml"])
        self.file = folder / "sweep.yaml"

    def parameters(self, text: str) -> int:
        self.file.write_text(text)
        return self.check(self.file, self.config, self.arguments)

    def refused(self, text: str) -> str:
        with pytest.raises(self.error) as caught:
            self.parameters(text)
        return str(caught.value)


@pytest.fixture
def files(
    package: Package, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Files:
    monkeypatch.chdir(tmp_path)
    return Files(package, project, tmp_path)


def swept(*lines: str, method: str = "random") -> str:
    """A file whose parameters, from its sixth line on, are these."""
    head = GOOD.partition("  model.width")[0].replace("method: random", f"method: {method}")
    return head + "".join(f"  {line}\n" for line in lines)


@pytest.mark.parametrize("task", TASKS)
def test_the_shipped_file_is_good(task: str, tmp_path: Path) -> None:
    project = assemble(tmp_path / "project", task)
    package = Package(project)
    check = package.module("core.sweep.checks").check_sweep
    arguments = Namespace(config=[project / "configs/experiment.yaml"])

    shipped = ROOT / "tasks" / task / "sweep.yaml"

    assert check(shipped, package.module("config").Config, arguments) > 0


def test_the_rendered_files_are_good(
    default_project: Project, package: Package, project: Path
) -> None:
    check = package.module("core.sweep.checks").check_sweep
    arguments = Namespace(config=[project / "configs/experiment.yaml"])

    counts = {
        file.name: check(file, package.module("config").Config, arguments)
        for file in (default_project / "sweeps").iterdir()
    }

    assert counts == {"folds.yaml": 2, "seeds.yaml": 1, "sweep.yaml": 5}


def test_nested_and_dotted_parameters_are_the_same_settings(files: Files) -> None:
    nested = ["optimizer:", "  parameters:", "    learning_rate:", "      values: [0.1]"]

    assert files.parameters(swept(*nested, "model.depth: {values: [1, 2]}")) == 2


def test_names_stand_in_w_and_b_s_order(files: Files, package: Package) -> None:
    files.file.write_text(swept("seed: {value: 1}", "model:", "  parameters:",
                                "    width: {value: 2}", "    depth: {value: 3}"))  # fmt: skip

    sweep = package.module("core.sweep.sweep_file").read_sweep(files.file)

    assert [parameter.key for parameter in sweep.parameters] == [
        "model.depth",
        "model.width",
        "seed",
    ]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["model.widht: {values: [4]}"],
         "6: model.widht is not a setting; did you mean model.width?"),
        (["width: {values: [4]}"], "6: width is not a setting; did you mean model.width?"),
        (["model.width: {values: [4, wide]}"],
         "6: model.width is 'wide'; it must be a whole number"),
        (["model.width: {min: 4.0, max: 8.5}"],
         "6: model.width is 8.5; it must be a whole number"),
        (["model.width: {values: []}"],
         "6: model.width: values must be a list with something in it"),
        (["model.width: {values: 4}"],
         "6: model.width: values must be a list with something in it"),
        (["model.width: {min: 8, max: 4}"],
         "6: model.width: min is 8; it must be below max, which is 4"),
        (["model.width: {min: 4}"],
         "6: model.width has nothing to vary: give it values, or min and max"),
        (["model.width: {value: 4, max: 8}"],
         "6: max is not a field of model.width, which is constant; there are distribution, value"),
        (["model.width: {valeus: [4]}"],
         "6: valeus is not a field of model.width; did you mean values?"),
        (["model.width: 4"], "6: model.width must hold lines of 'key: value'"),
        (["model.width: {values: [0, 4]}"], "6: model.width is 0; it must be at least 1"),
        (["model.dropout: {min: 0.5, max: 2.0}"],
         "6: model.dropout is 1.9999999999999998; it must be at least 0 and below 1"),
        (["optimizer.learning_rate:", "  min: 1e-3", "  max: 0.1"],
         "7: 1e-3 is text to W&B, whose YAML wants a point and a sign in it: write 0.001"),
        (["optimizer.learning_rate: {distribution: log_unifrom, min: 1, max: 2}"],
         "6: optimizer.learning_rate: log_unifrom is not a distribution; did you mean "
         "log_uniform?"),
        (["optimizer.learning_rate: {distribution: log_uniform_values, min: 0, max: 2}"],
         "6: optimizer.learning_rate: min is 0; log_uniform_values needs one above 0"),
        (["model.width: {values: [4, 8], probabilities: [0.5, 0.6]}"],
         "6: model.width: probabilities sum to 1.1; they must to 1"),
        (["on: {values: [1]}"], "6: YAML reads the key on as true; write it in quotes, 'on'"),
        (["off: {values: [1]}"], "6: YAML reads the key off as false; write it in quotes, 'off'"),
        (["model.name: {values: [convnet, yes]}"],
         "6: model.name is true; it must be text (YAML reads yes as true: write it in quotes, "
         "'yes')"),
        (["model.depth: {values: [1]}", "model.depth: {values: [2]}"],
         "7: model.depth is already set on line 6"),
        (["model: {parameters: {depth: {value: 1}}}", "model.depth: {values: [2]}"],
         "7: model.depth is already varied at sweep.yaml:6"),
        (["callbacks.ema: {values: [null, {}]}"],
         "6: null reaches main.py as the text None through the command's ${args}; end command "
         "with --set-json and ${args_json}, which keep every type"),
    ],
)  # fmt: skip
def test_a_wrong_parameter(files: Files, lines: list[str], says: str) -> None:
    assert files.refused(swept(*lines)) == f"sweep.yaml:{says}"


def test_a_grid_cannot_list_a_range(files: Files) -> None:
    assert files.refused(swept("model.dropout: {min: 0.0, max: 0.5}", method="grid")) == (
        "sweep.yaml:6: model.dropout is uniform, which method: grid cannot list; give it values, "
        "or take method: random"
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("method: random", "method: gird", "2: method gird is none; did you mean grid?"),
        ("method: random\n", "", " a sweep needs a method: grid, random, bayes"),
        ("method: random", "metod: random", "2: metod is not a key of a sweep file; did you mean "
         "method?"),
        ("metric:\n  name: val/loss\n", "", " method: bayes needs a metric: which logged value to "
         "compare"),
        ("  name: val/loss", "  name: val/loss\n  goal: min", "5: metric.goal is min; it must be "
         "minimize or maximize"),
        ("  name: val/loss", "  goal: minimize", "3: metric needs a name, such as val/loss"),
        ("parameters:", "run_cap: many\nparameters:", "5: run_cap is 'many'; it must be a number"),
        ("parameters:", "early_terminate: {type: median}\nparameters:", "5: early_terminate.type "
         "is median; W&B knows hyperband alone"),
        ("parameters:", "early_terminate: {type: hyperband}\nparameters:", "5: early_terminate "
         "needs min_iter, or max_iter and s"),
        ("parameters:", "command: main.py\nparameters:", "5: command must be a list of words"),
    ],
)  # fmt: skip
def test_a_wrong_key(files: Files, old: str, new: str, says: str) -> None:
    text = GOOD.replace("random", "bayes") if says.startswith(" method: bayes") else GOOD

    assert old in text
    assert files.refused(text.replace(old, new)) == f"sweep.yaml:{says}"


def test_a_file_without_parameters(files: Files) -> None:
    assert files.refused("method: grid\n") == (
        "sweep.yaml: a sweep needs parameters: which settings to vary"
    )
