"""Both READMEs are true: every command in them is typed, in order, as a newcomer would."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.fork_server import Server
from projects import DEFAULT_TASK, ROOT, Template, bring, run

# What a command names that only a reader can have.
PLACEHOLDERS = {"PACKAGE": "tabulate", "ADDRESS": "address"}
COMMAND = re.compile(r"(uv|uvx|git|python3|python|copier) |SMOKE\w*=")
PYTHON = "uv run python main.py"
CODE = re.compile(r"```sh\n(?P<block>.*?)```|```.*?```|`(?P<inline>[^`]+)`", re.DOTALL)


def commands(text: str) -> list[str]:
    """Lines of shell blocks, and code in sentences that begins with a program's name."""
    found: list[str] = []
    for code in CODE.finditer(text):
        block, inline = code["block"] or "", (code["inline"] or "").replace("\n", " ")
        found += [line for line in [*block.splitlines(), inline] if COMMAND.match(line)]
    return list(dict.fromkeys(found))


def newcomer() -> dict[str, str]:
    """The variables of somebody who has uv and nothing else: not this test's environment."""
    foreign = ("VIRTUAL_ENV", "PYTHON", "COPIER_", "SMOKE", "WANDB_", "START_CLOCK", "UV_RUN")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    here = Path(os.environ.get("VIRTUAL_ENV", "/nowhere")) / "bin"
    folders = [part for part in kept["PATH"].split(os.pathsep) if Path(part) != here]
    return {**kept, "PATH": os.pathsep.join(folders), "UV_NO_PROGRESS": "1"}


def typed(command: str, folder: Path) -> str:
    """Type a command in a shell; it must succeed."""
    script = ["env", "-i", *(f"{name}={value}" for name, value in newcomer().items())]
    done = run([*script, "sh", "-c", command], folder)
    assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The README's first command, typed in a clone of the template."""
    folder = tmp_path_factory.mktemp("newcomer")
    clone = published.copy(folder / "copier-lightning").path
    shown = typed("python3 start.py ../my-experiment", clone)
    assert "smoke passed" in shown
    return folder / "my-experiment"


@pytest.fixture(scope="module")
def warm(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of the project's own environment, with torch imported."""
    server = Server(made / ".venv/bin/python", tmp_path_factory.mktemp("server"))
    yield server.warm
    server.close()


def test_the_first_screen_says_what_to_type() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "\npython3 start.py ../my-experiment\n" in readme.partition("\n## ")[0]


@pytest.mark.parametrize("command", ["python3 -m tests", ".ci/run"])
@pytest.mark.parametrize("place", ["on the path", "in the cache folder"])
def test_the_tests_need_only_python_and_git(tmp_path: Path, command: str, place: str) -> None:
    """A stand-in for uv says what it is asked for: no environment is made here."""
    folder = tmp_path / ("bin" if place == "on the path" else "cache/copier-lightning/uv/bin")
    folder.mkdir(parents=True)
    (folder / "uv").write_text('#!/bin/sh\necho "$PATH" "$@"\npwd\nexit 3\n')
    (folder / "uv").chmod(0o755)
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "bin/python3").symlink_to(sys.executable)
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    variables = {"PATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")}

    done = run([*command.split(), "-k", "a b"], ROOT, variables)

    assert done.returncode == 3, done.stderr
    said = done.stdout.splitlines()
    assert said[::2] == [
        f"{path}:{folder} sync --inexact --quiet --compile-bytecode",
        f"{path}:{folder} run pytest -k a b",
    ]
    assert said[1::2] == [str(ROOT)] * 2


@pytest.mark.slow
def test_every_command_of_the_projects_readme_works(made: Path, warm: Path) -> None:
    """In the environment that was made; the first as it stands, the later ones by a warm Python."""
    project = made
    readme = (project / "README.md").read_text(encoding="utf-8")
    shorten(project)
    bring(DEFAULT_TASK, project)
    elsewhere = {
        "uv run wandb sweep sweeps/sweep.yaml",  # tests/core/sweep: it needs a server
        "uv run python main.py sweep --workers 2",  # tests/core/sweep: shorter sweeps
        "uv run python main.py sweep sweeps/folds.yaml",
        "uv sync --extra sweep",
        "uv sync --extra onnx",  # tests/core/commands/test_every_task.py: exported, used without it
        "uv run python main.py logger.tensorboard=true",  # tests/core/loggers: it needs the extra
        "uv run python main.py runs rm wide",  # tests/core/runs: it asks a person
        "uv run python main.py queue add --name deep --epochs 5",  # tests/core/queue: it goes on
        "uv run python main.py ui",  # tests/core/ui: it serves until Ctrl-C
        "uv run python main.py ui --address",
        "uv run python main.py ui --set-password",
        "uv run copier update --trust --defaults --data ui=true",  # tests/test_update.py
        "uv sync --extra ui",
        "uvx pre-commit install",  # fetches hooks from the network, once, at the next commit
    }
    todo = [command for command in commands(readme) if command not in elsewhere]
    assert len(todo) > 12
    assert PYTHON in todo

    for command in ordered(todo):
        if command.startswith("git switch"):
            typed("git add --all && git -c user.name=A -c user.email=a@b commit -qm work", project)
        for placeholder, meant in PLACEHOLDERS.items():
            command = command.replace(placeholder, meant)
        if command == "uv run pytest":  # what it finds; then they run
            typed(f"{command} --collect-only -q", project)
            command = f"{warm} -m pytest"
        if command.startswith(f"{PYTHON} "):  # without words it trains, as a newcomer does
            command = command.replace("uv run python", str(warm))
        typed(command, project)


@pytest.mark.slow
def test_the_commands_of_the_templates_readme_are_tested() -> None:
    """Each is typed above or by the test that is named here."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    typed_elsewhere = (
        "python3 start.py",  # the fixture above
        "uvx --from",  # tests/test_published.py, tests/test_update.py: copy and update
        "copier update",
        "git clone",  # these are spoken of, not typed
        "git init",
        "git switch",
        "git diff",
        "git restore",  # tests/test_updating_page.py: undoes a conflict, and nothing beside it
        "python3 -m tests",  # below
        "python benchmarks/",  # tests/test_benchmarks.py
        "python -m tests.torture",  # its kinds and moments: tests/core/restart/test_exact_resume.py
        "uv run python -m tests.torture",
        "uv run python -m tests.designs",  # some of them: tests/test_designs.py
        "uv run python -m tests.updates",  # some of its cells: tests/updates/test_updates.py
        "uv run python -m tests.queue_under_fire",  # a short cell of it: tests/core/queue
        "uv run --group browser python -m tests.browser",  # with Chromium; tests/core/ui
        "SMOKE",  # tests/test_hooks.py
    )

    unknown = [c for c in commands(readme) if not c.startswith(typed_elsewhere)]

    assert unknown == []


def ordered(todo: list[str]) -> list[str]:
    """As they stand, but what needs a trained run after a run, and undoing last."""
    last = ("git restore",)
    return sorted(todo, key=lambda command: command.startswith(last))


def shorten(project: Path) -> None:
    """Few steps on little data by a small network: the commands are tested here, not learning."""
    file = project / "configs" / "experiment.yaml"
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"max_steps: \d+", "max_steps: 20", text)
    text = re.sub(r"width: \d+", "width: 8", text)
    file.write_text(text.replace("\ndata:\n", "\ndata:\n  limit: 400\n", 1), encoding="utf-8")
