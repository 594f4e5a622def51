"""Variables of W&B that W&B refuses: named, and the run goes on offline without them."""

import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from assemble import Package, assemble
from fake_wandb import API_KEY
from harness.experiment import Experiment, fit_words
from projects import run

# Each with what the reason has in it.
REFUSED = {
    ("WANDB_MODE", ""): "'online', 'offline'",
    ("WANDB_MODE", "of-course"): "'online', 'offline'",
    ("WANDB_BASE_URL", ""): "valid URL",
    ("WANDB_BASE_URL", "nonsense"): "valid URL",
    ("WANDB_BASE_URL", "http://wandb.ai"): "not a valid server address",
    ("WANDB_API_KEY", " key"): "whitespace",
    ("WANDB_ENTITY", "our team"): "letters, digits, - and _ only",
    ("WANDB_PROJECT", "a/b"): "cannot contain characters",
    ("WANDB_RUN_ID", "a/b"): "cannot contain the characters",
    ("WANDB_RUN_ID", ""): "cannot be empty",
    ("WANDB_SWEEP_ID", ""): "cannot be empty",
    ("WANDB_TAGS", "a,,b"): "is empty",
    ("WANDB_SILENT", "maybe"): "boolean",
    ("WANDB_SILENT", ""): "boolean",
    ("WANDB_QUIET", "maybe"): "boolean",
    ("WANDB_SAVE_CODE", "maybe"): "boolean",
    ("WANDB_DISABLE_GIT", "maybe"): "boolean",
    ("WANDB_CONSOLE", "loud"): "'auto', 'off'",
    ("WANDB_RESUME", "perhaps"): "'allow', 'must'",
    ("WANDB_RESUME_FROM", "x"): "run moment",
    ("WANDB_FORK_FROM", "x"): "run moment",
    ("WANDB_INIT_TIMEOUT", "soon"): "number",
    ("WANDB_HTTP_TIMEOUT", "soon"): "number",
    ("WANDB_HTTP_PROXY", "x"): "valid URL",
    ("WANDB__SERVICE_WAIT", "-1"): "cannot be negative",
    ("WANDB_X_STATS_SAMPLING_INTERVAL", "0"): "less than 0.1",
    ("WANDB__STATS_GPU_DEVICE_IDS", "["): "expecting value",
}
TAKEN = {"WANDB_MODE": "offline", "WANDB_ENTITY": "our-team_2", "WANDB_NAME": "",
         "WANDB_NOTES": "x", "WANDB_TAGS": "a,b", "WANDB_PROJECT": "a b", "WANDB_SILENT": "true",
         "WANDB_SOMETHING_NEW": "?"}  # fmt: skip


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose core is looked at."""
    return assemble(tmp_path_factory.mktemp("core") / "project")


@pytest.fixture(scope="module")
def variables(core: Path) -> ModuleType:
    """The file that asks W&B."""
    return Package(core).module("core.loggers.wandb_variables")


@pytest.fixture(autouse=True)
def none_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("WANDB"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_what_wandb_refuses_is_named_with_its_reason(
    variables: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("WANDB_NOTES", "which is fine")
    monkeypatch.setenv(name, value)

    refused = variables.refused_variables()

    assert list(refused) == [name]
    assert REFUSED[name, value] in refused[name]
    assert "\n" not in variables.described(refused)


def test_what_wandb_takes_is_not_named(
    variables: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in TAKEN.items():
        monkeypatch.setenv(name, value)

    assert variables.refused_variables() == {}


def test_two_that_exclude_each_other_are_named(
    variables: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_RESUME", "allow")
    monkeypatch.setenv("WANDB_FORK_FROM", "abc?_step=1")

    refused = variables.refused_variables()

    assert list(refused) == ["WANDB_FORK_FROM"]
    assert "mutually exclusive" in refused["WANDB_FORK_FROM"]


def test_a_key_is_not_shown(variables: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", " secret")

    said = variables.described(variables.refused_variables())

    assert "WANDB_API_KEY (" in said
    assert "secret" not in said


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from experiment.core.console import start_console
from experiment.core.errors import UserError
from experiment.core.loggers.wandb_mode import wandb_mode
from experiment.core.runs.run import Run
start_console()
try:
    print(wandb_mode(sys.argv[2], Run(Path.cwd())))
except UserError as error:
    sys.exit(print(error) or error.code)
import wandb
run = wandb.init(project="x", mode="offline")
run.log({"a": 1})
run.finish()
print(len(list(Path.cwd().glob("**/*.wandb"))), "logged")
"""


@pytest.mark.parametrize(
    "bad", [{"WANDB_MODE": ""}, {"WANDB_BASE_URL": "x", "WANDB_SILENT": "maybe"}], ids=str
)
def test_wandb_itself_logs_offline_then(core: Path, tmp_path: Path, bad: dict[str, str]) -> None:
    command = [sys.executable, "-c", PROGRAM, str(core)]

    done = run([*command, "auto"], tmp_path, {"WANDB_API_KEY": API_KEY, **bad})
    refused = run([*command, "online"], tmp_path, {"WANDB_API_KEY": API_KEY, **bad})
    off = run([*command, "off"], tmp_path, {"WANDB_API_KEY": API_KEY, **bad})

    assert done.returncode == 0, done.stderr
    first, mode, logged = done.stdout.splitlines()
    assert first.startswith("W&B refuses ")
    assert first.endswith("): logging offline, without it")
    assert all(name in first for name in bad)
    assert (mode, logged) == ("offline", "1 logged")
    assert done.stderr == ""
    assert refused.returncode == 2
    assert refused.stdout.startswith("logger.wandb=online: W&B refuses ")
    assert len(refused.stdout.splitlines()) == 1
    assert off.stdout.startswith("off\n")


def test_a_key_of_the_wrong_length_is_refused_for_online(core: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(core), "online"]

    done = run(command, tmp_path, {"WANDB_API_KEY": "short"})

    assert done.returncode == 2
    assert done.stdout.startswith("logger.wandb=online: the API key cannot be used (")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.slow
def test_a_run_trains_on_offline_and_one_asked_for_online_does_not_begin(
    experiment: Experiment,
) -> None:
    experiment.variables = {"WANDB_MODE": "", "WANDB_API_KEY": API_KEY}

    done = experiment.main(*fit_words("--name", "a", "logger.wandb=auto"))
    refused = experiment.main(*fit_words("--name", "b", "logger.wandb=online"))

    assert done.returncode == 0, done.stderr
    assert "W&B refuses WANDB_MODE=''" in done.stdout
    summary = json.loads((experiment.run("a") / "summary.json").read_text())
    assert summary["wandb"]["mode"] == "offline"
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "WANDB_MODE=''" in refused.stderr
    assert not (experiment.run("b") / "metrics.jsonl").exists()
