"""The command line: what its words become, what is refused, and how soon it answers."""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from assemble import Package, assemble


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("cli"))


class CommandLine:
    """``typed("fit --epochs 3")`` is the namespace, ``refused(...)`` the sentence on stderr."""

    def __init__(self, cli: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.cli, self.capsys = cli, capsys

    def typed(self, words: str) -> Namespace:
        return self.cli.parse_arguments(self.cli.make_parser("An experiment."), words.split())

    def refused(self, words: str) -> str:
        with pytest.raises(SystemExit) as caught:
            self.typed(words)
        assert caught.value.code == 2
        out, err = self.capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err.strip()


@pytest.fixture(scope="module")
def cli(project: Path) -> Any:
    return Package(project).module("core.config.cli")


@pytest.fixture
def line(cli: Any, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(cli, capsys)


# --- What words become -------------------------------------------------------------------------


def test_no_words_mean_fit_with_the_project_s_configuration(
    line: CommandLine, project: Path
) -> None:
    expected = Namespace(
        command="fit",
        config=[str(project / "configs/experiment.yaml")],
        set_json=None,
        name=None,
        output=str(project / "runs"),
        predictions=None,
        resume="auto",
        weights_from=None,
        allow_change=False,
        checkpoint="best",
        code="tree",
        input=None,
        format=None,
        batch_size=False,
        schedule=False,
        write=False,
        file=None,
        what=None,
        inspected=None,
        inspected_run=None,
        json=False,
        exclude=None,
        most=None,
        strict=False,
        workers=None,
        devices_per_trial=None,
        action=[],
        names=None,
        sort=None,
        where=None,
        csv=False,
        host=None,
        port=None,
        address=False,
        set_password=False,
        yes=False,
        job=None,
        device=None,
        hard=False,
        serve=False,
        overrides=[],
    )

    assert line.typed("") == expected


def test_what_is_queued_is_understood_as_if_it_were_typed_alone(line: CommandLine) -> None:
    queued = line.typed("queue add --device 1 fit --epochs 3 model.depth=2 --output elsewhere")

    assert queued.job == line.typed("fit --epochs 3 model.depth=2 --output elsewhere")
    assert (queued.command, queued.device, queued.output) == ("queue", "1", "elsewhere")
    assert queued.action[:4] == ["add", "fit", "--epochs", "3"]
    assert not queued.overrides


def test_the_queue_is_changed_by_words(line: CommandLine) -> None:
    assert line.typed("queue move 3 1").action == ["move", "3", "1"]
    assert line.typed("queue --output elsewhere stop 3 --hard").hard
    assert line.typed("queue --json").json


@pytest.mark.parametrize(
    "words",
    [
        "model.depth=3 fit --epochs 3 model.width=4 --name wide",
        "--epochs 3 model.depth=3 --name=wide model.width=4 fit",
        "--model.depth=3 --name wide --epochs=3 --model.width=4 --_wandb={}",
        "fit model.depth=3 --_wandb={'x':1} wandb_version=1 model.width=4 --epochs 3 --name wide",
    ],
)
def test_words_may_stand_in_any_order(line: CommandLine, words: str) -> None:
    typed = line.typed(words)

    assert (typed.command, typed.name) == ("fit", "wide")
    assert typed.overrides == ["model.depth=3", "model.width=4"]
    assert vars(typed)["trainer.max_epochs"] == "3"


def test_an_option_that_was_not_typed_sets_nothing(line: CommandLine) -> None:
    assert set(vars(line.typed("--offline"))) - {*line.cli.DEFAULTS, "command", "overrides"} == {
        "logger.wandb"
    }


def test_configuration_files_add_up(line: CommandLine) -> None:
    assert line.typed("--config a.yaml --config b.yaml").config == ["a.yaml", "b.yaml"]


def test_predict_writes_to_a_file(line: CommandLine) -> None:
    typed = line.typed("predict --input images --output answers.csv")

    assert (typed.predictions, typed.output) == ("answers.csv", line.cli.DEFAULTS["output"])


def test_export_takes_a_run_and_formats(line: CommandLine) -> None:
    typed = line.typed("export --name wide --checkpoint last --format onnx,torch --code run")

    assert (typed.name, typed.checkpoint, typed.code) == ("wide", "last", "run")
    assert typed.format == "onnx,torch"


def test_looking_takes_whatever_sets_a_value(line: CommandLine) -> None:
    assert vars(line.typed("config --epochs 3"))["trainer.max_epochs"] == "3"
    assert vars(line.typed("smoke --accelerator cpu"))["trainer.accelerator"] == "cpu"


def test_inspect_takes_what_to_look_at_a_file_and_whatever_sets_a_value(line: CommandLine) -> None:
    typed = line.typed("data.limit=9 inspect data --output look.html --most 50 --seed 3 --strict")

    assert (typed.command, typed.what, typed.overrides) == ("inspect", "data", ["data.limit=9"])
    assert (typed.inspected, typed.output) == ("look.html", line.cli.DEFAULTS["output"])
    assert (typed.most, typed.strict, typed.json, typed.seed) == ("50", True, False, "3")
    assert line.typed("inspect data --json --offline").json
    of_run = line.typed("inspect data --run a --checkpoint last --code run")
    assert (of_run.inspected_run, of_run.checkpoint, of_run.code) == ("a", "last", "run")
    assert of_run.name is None


def test_a_sweep_takes_a_file_and_whatever_sets_a_value(line: CommandLine) -> None:
    typed = line.typed("sweep sweeps/folds.yaml --workers 2 --epochs 3 data.limit=9")

    assert (typed.command, typed.file, typed.workers) == ("sweep", "sweeps/folds.yaml", "2")
    assert vars(typed)["trainer.max_epochs"] == "3"
    assert line.typed("sweep").file is None


def test_a_researcher_adds_an_option(line: CommandLine) -> None:
    parser = line.cli.make_parser("An experiment.")
    parser.add_argument("--wide", dest="model.width", action="store_const", const=64)
    parser.add_argument("--pretrained", dest="model.pretrained", action="store_true")

    typed = vars(line.cli.parse_arguments(parser, ["--wide"]))

    assert typed["model.width"] == 64
    assert "model.pretrained" not in typed


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("ftt", "ftt is not a command; did you mean fit?"),
        ("valdate", "valdate is not a command; did you mean validate?"),
        ("train", "train is not a command; there are fit, validate, test, predict, export, tune, "
         "sweep, queue, inspect, runs, ui, config, smoke"),
        ("=3", "=3 is not a command; there are fit, validate, test, predict, export, tune, "
         "sweep, queue, inspect, runs, ui, config, smoke"),
        ("sweep a.yaml b.yaml", "b.yaml has no value: write b.yaml=VALUE"),
        ("fit test", "fit and test are two commands; give one"),
        ("model.depth", "model.depth has no value: write model.depth=VALUE"),
        ("--epohcs 3", "--epohcs is not an option; did you mean --epochs?"),
        ("--epoch=3", "--epoch is not an option; did you mean --epochs?"),
        ("--model.depth 3", "--model.depth is not an option; a setting is written "
         "model.depth=VALUE"),
        ("-x", "-x is not an option; see --help"),
        ("--epochs", "argument --epochs: expected one argument"),
        ("validate --epochs 3", "validate does not use --epochs, which is for fit"),
        ("fit --checkpoint last", "fit does not use --checkpoint, which is for validate, test, "
         "predict, export, inspect"),
        ("config --name wide", "config does not use --name, which is for fit, sweep, validate, "
         "test, predict, export"),
        ("inspect", "inspect what? Write inspect data or inspect model"),
        ("inspect date", "inspect looks at data or model, not at date"),
        ("inspect data fit", "inspect and fit are two commands; give one"),
        ("inspect data --name a", "inspect does not use --name; after training, write --run a"),
        ("fit --most 3", "fit does not use --most, which is for inspect"),
        ("fit --workers 2", "fit does not use --workers, which is for sweep"),
        ("fit --format onnx", "fit does not use --format, which is for export"),
        ("predict", "predict needs --input PATH"),
    ],
)  # fmt: skip
def test_words_that_are_refused(line: CommandLine, words: str, says: str) -> None:
    assert line.refused(words) == f"command line: {says}"


# --- How soon it answers -----------------------------------------------------------------------


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run main.py, with the modules that it imported on stderr."""
    command = [sys.executable, "-X", "importtime", "main.py", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)


def imported(importtime: str) -> dict[str, float]:
    """Each module of ``-X importtime``'s report with its cumulative milliseconds."""
    rows = [line.split("|") for line in importtime.splitlines() if line.startswith("import time:")]
    return {name.strip(): int(total) / 1000 for _, total, name in rows[1:]}


def test_help_imports_neither_torch_nor_omegaconf(project: Path) -> None:
    done = run(project, "--help")

    assert done.returncode == 0
    assert not {"torch", "omegaconf", "yaml", "numpy"} & set(imported(done.stderr))
    for word in ("fit", "predict", "--epochs", "--resume", "key=value", "An experiment."):
        assert word in done.stdout


@pytest.mark.parametrize("words", [["config"], ["model.detph=3"]])
def test_answers_about_settings_need_no_torch(project: Path, words: list[str]) -> None:
    done = run(project, *words)

    modules = imported(done.stderr)
    assert "torch" not in modules
    assert "omegaconf" in modules
    assert done.returncode == (0 if words == ["config"] else 2)


def test_an_error_is_one_line_and_exit_code_2(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "main.py", "model.detph=3"], cwd=project, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert done.stderr == (
        "command line: model.detph is not a setting; did you mean model.depth?\n"
    )
