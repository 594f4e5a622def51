"""``ui``: checked when it is loaded, and in nothing that a run or a sweep is known by."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from assemble import Package, assemble


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("settings")))


@pytest.fixture
def load(package: Package) -> Callable[..., Any]:
    def loaded(*words: str, files: tuple[Path, ...] = ()) -> Any:
        arguments = Namespace(config=[str(file) for file in files], overrides=list(words))
        config_class = package.module("config").Config
        return package.module("core.config.load").load_settings(config_class, arguments).config

    return loaded


@pytest.fixture
def refused(package: Package, load: Callable[..., Any]) -> Callable[..., str]:
    def sentence(*words: str, **options: Any) -> str:
        with pytest.raises(package.module("core.errors").UserError) as caught:
            load(*words, **options)
        return str(caught.value)

    return sentence


# ------------------------------------------------------------------------------ checked when loaded
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (
            "ui.plain=[model.deph]",
            "ui.plain has model.deph, which is not a setting; did you mean",
        ),
        ("ui.data_roots=[]", "ui.data_roots is []; it must name folders, such as data"),
        ("ui.data_roots=['']", "ui.data_roots is ['']; it must name folders, such as data"),
        ("ui.max_upload=much", "ui.max_upload is much; it must be a size, such as 500 MB or 2 GB"),
        ("ui.max_upload=-1", "ui.max_upload is -1; it must be a size"),
        ("ui.max_upload=0", "ui.max_upload is 0; it must be above 0"),
        ("ui.hosts=['*']", "ui.hosts has '*'; each must be the name or the address of a machine"),
        ("ui.hosts=['http://a']", "ui.hosts has 'http://a'; each must be the name"),
        ("ui.hosts=['a:80:90']", "ui.hosts has 'a:80:90'; each must be the name"),
        ("ui.hosts=['.a']", "ui.hosts has '.a'; each must be the name"),
        ("ui.hostz=[a]", "ui.hostz is not a setting; did you mean ui.hosts?"),
        ("ui.allow_code=perhaps", "ui.allow_code is 'perhaps'; it must be true or false"),
    ],
)
def test_what_is_wrong_is_a_line(refused: Callable[..., str], word: str, reason: str) -> None:
    assert refused(word).startswith(f"command line: {reason}")


def test_the_line_names_the_file(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("ui:\n  plain: [seed]\n  max_upload: 3 apples\n")
    (tmp_path / "b.yaml").write_text("seed: 3\nui:\n  plain: [sead]\n")

    assert "a.yaml:3: ui.max_upload is 3 apples" in refused(files=(tmp_path / "a.yaml",))
    assert "b.yaml:3: ui.plain has sead" in refused(files=(tmp_path / "b.yaml",))


def test_sizes_and_hosts_are_read(load: Callable[..., Any]) -> None:
    sizes = {"2 GB": 2 * 10**9, "1.5MiB": 3 * 2**19, "700": 700, "12 kB": 12000}

    for text, size in sizes.items():
        assert load(f"ui.max_upload={text}").ui.max_upload_bytes == size
    names = "lab.example.org, box-7, 192.0.2.7, '::1', 'localhost:8000', '[::1]:8000'"
    assert len(load(f"ui.hosts=[{names}]").ui.hosts) == 6
    assert load("ui.plain=[model, seed]").ui.plain == ["model", "seed"]


# -------------------------------------------------------------------------- in no run and no sweep
def test_no_record_has_it_and_no_change_of_it_counts(
    package: Package, load: Callable[..., Any], tmp_path: Path
) -> None:
    dump, diff = package.module("core.config.dump"), package.module("core.config.diff")
    config, file = load(), tmp_path / "config.yaml"
    file.write_text(dump.dump_config(config))

    other = load("ui.allow_code=true", "ui.plain=[seed]", "ui.hosts=[a]")

    assert "ui" not in yaml.safe_load(file.read_text())
    assert "ui" not in dump.plain(config)
    assert diff.recorded_changes(file, other) == []
    assert diff.changes_since({**dump.plain(config), "ui": {"allow_code": False}}, other) == []
    assert load(files=(file,)) == config
    assert "allow_code: true" in dump.describe_config(other, dict.fromkeys(_keys(dump, other), ""))


def _keys(dump: Any, config: Any) -> list[str]:
    return [key for key, _ in dump.leaves(config)]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("  ui.plain: {values: [[seed], []]}", "sweep.yaml:4: ui.plain cannot be varied: ui"),
        ("  ui: {value: {allow_code: true}}", "sweep.yaml:4: ui cannot be varied: ui changes no"),
        (
            "  ui: {parameters: {allow_code: {values: [true]}}}",
            "sweep.yaml:4: ui.allow_code cannot be varied: ui changes no result, and no trial",
        ),
        (
            "  seed: {values: [1, 2]}\ncommand: [python, main.py, --ui.allow_code=true]",
            "sweep.yaml: command sets ui.allow_code: ui changes no result, and no trial",
        ),
    ],
)
def test_a_sweep_does_not_vary_it(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.yaml").write_text(f"program: main.py\nmethod: grid\nparameters:\n{lines}\n")
    checks = package.module("core.sweep.checks")

    with pytest.raises(package.module("core.errors").UserError) as caught:
        checks.check_sweep(Path("sweep.yaml"), package.module("config").Config)

    assert str(caught.value).startswith(reason)
