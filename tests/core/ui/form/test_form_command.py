"""The command that a page shows does the same when it is pasted into a shell."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

NASTY = """a 'b' "c" $HOME `id` $(id) \\ * ! ; & | > < # [x] {y: z}
é 世界 🙂\t= ~ ${seed} \\${x}"""


@pytest.fixture
def forms(forms_of: Callable[..., Any]) -> Any:
    return forms_of("image_classification")


@pytest.fixture
def presets(forms: Any) -> Any:
    return forms.package.module("core.ui.form.presets")


def pasted(command: str, project: Path) -> "subprocess.CompletedProcess[str]":
    """Paste it into bash, where ``uv run python`` is this Python."""
    start = "uv run python main.py "
    assert command.startswith(start)
    line = f"{sys.executable} main.py {command.removeprefix(start)}"
    words = [str(shutil.which("bash")), "--norc", "-c", line]
    return subprocess.run(words, cwd=project, capture_output=True, text=True)


def test_the_command_does_what_the_form_says(forms: Any, presets: Any) -> None:
    (forms.project / "configs/wide -x.yaml").write_text("model: {width: 8}\n")
    usual, forms.preset = forms.preset, presets.preset_file("wide -x", forms.project)
    posted = {
        "logger.entity": NASTY, "data.exclude": "data/$(touch owned) 'x'", "logger.project": "-x",
        "logger.tags": ["a b", "$HOME", "null", "1.10", "${seed}"], "trainer.devices": "0,1",
        "optimizer.groups": "{'*.bias': {weight_decay: 0}}", "callbacks.ema": "{}",
        "data.splits": "{train: a b, val: null}", "optimizer.learning_rate": "1e-3",
    }  # fmt: skip
    try:
        words = forms.words(posted)
        config = forms.check(*words).config
    finally:
        forms.preset = usual

    line = presets.pasted(presets.command_words("wide -x", words, command="config"))
    done = pasted(line, forms.project)

    assert done.returncode == 0, done.stderr
    plain = forms.package.module("core.config.dump").plain
    found = yaml.load(done.stdout.replace("\t", " "), forms_loader(forms))
    found.pop("ui")
    escaped = forms.package.module("core.config.dump").escaped
    assert found == escaped(plain(config))
    assert (config.logger.entity, config.model.width) == (NASTY, 8)
    assert config.logger.tags == ["a b", "$HOME", "null", "1.10", "${seed}"]
    assert not list(forms.project.rglob("owned*"))


def forms_loader(forms: Any) -> Any:
    """YAML as the command line reads it: 1e-3 is a number."""
    return forms.package.module("core.config.yaml_reader").Loader


def test_a_command_is_short_where_it_may_be(presets: Any) -> None:
    def line(*asked: Any) -> str:
        return presets.pasted(presets.command_words(*asked))

    assert line("experiment", []) == "uv run python main.py fit"
    assert line("wide", ["model.depth=3"], "a/b-1") == (
        "uv run python main.py fit --config configs/wide.yaml --name=a/b-1 model.depth=3"
    )
    assert line("experiment", ["a.b=c d"]) == "uv run python main.py fit 'a.b=c d'"


@pytest.mark.parametrize("name", ["-x", "../x", "a b", "$(id)", "a//b", "/a", "a\nb"])
def test_a_name_that_no_run_has_is_refused(forms: Any, presets: Any, name: str) -> None:
    with pytest.raises(forms.UserError, match="use letters, digits and"):
        presets.command_words("experiment", [], name)


def test_presets_are_the_files_of_configs(forms: Any, presets: Any, tmp_path: Path) -> None:
    configs = tmp_path / "configs"
    (configs / "folder.yaml").mkdir(parents=True)
    for name in ("wide.yaml", "experiment.yaml", "a.b.yaml", ".hidden.yaml", "notes.txt", "Z.yaml"):
        (configs / name).write_text("")

    assert presets.presets(tmp_path) == ["experiment", "Z", "a.b", "wide"]
    assert presets.presets(tmp_path / "nothing") == []
    assert presets.preset_file("a.b", tmp_path) == configs / "a.b.yaml"
    for name in ("../configs/wide", "/etc/passwd", "notes", ".hidden", "folder", "", "wid"):
        with pytest.raises(forms.UserError, match=r"configs/ has no "):
            presets.preset_file(name, tmp_path)
