"""Which fields run code, and which name a path: all of them say so, in every task."""

import ast
import dataclasses
from pathlib import Path
from typing import Any, get_args

import pytest
from assemble import ROOT, Package, assemble
from projects import TASKS

CORE = ROOT / "template/experiment/core"
# Each place of core and of the tasks where a text becomes code, and the settings that reach it.
# Whoever adds one marks its field (core/config/meaning.py), or says here why no setting gets there.
PLACES = {
    "core/callbacks/make_callbacks.py import_class": {"callbacks.extra"},
    "core/module/optimizer.py import_class": {"optimizer.name"},
    "core/restart/alerts.py shell": {"alert.command"},
    "core/module/dotted_paths.py import_module": set(),  # import_class itself
    "core/imports.py import_module": set(),  # names of core's own files
    "core/commands/dispatch.py import_module": set(),  # of the commands
    "core/commands/inspected.py import_module": set(),  # data or model
    "core/commands/ui.py import_module": set(),  # the room of the page, where there is one
    "core/commands/own_modules.py import_module": set(),  # core's own
    "core/data/images/sources.py import_module": set(),  # the reader of a source, by a table
    "core/data/masks/sources.py import_module": set(),
    "core/data/texts/text_files.py import_module": set(),  # compressions, by a table
    "core/trainer/stages.py fit": set(),  # weights_only, or no checkpoint at all
    "core/export/write_example.py exec_module": set(),  # a program that core has written
}
PATHS = {
    "data.root": "path",
    "data.exclude": "path",
    "data.cache": "path",
    "data.dataset": "name",
    "data.splits": "below",
}


@pytest.fixture(scope="module", params=TASKS)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("meaning"), request.param))


def every_field(package: Package) -> dict[str, tuple[type, str]]:
    """Each setting by its key: the class that has it, and its name there."""
    schema = package.module("core.config.schema")
    config_class = package.module("config").Config
    found: dict[str, tuple[type, str]] = {}
    for key in schema.known_keys(config_class):
        section, _, name = key.rpartition(".")
        owner = config_class
        for part in filter(None, section.split(".")):
            owner = schema.section_of(schema.get_type_hints(owner)[part])
        found[key] = (owner, name)
    return found


def test_what_runs_code_bears_the_mark(package: Package) -> None:
    meaning = package.module("core.config.meaning")
    fields = every_field(package)

    marked = {key for key, field in fields.items() if meaning.runs_code(*field)}

    assert marked == set().union(*PLACES.values())


def test_every_place_where_a_text_becomes_code_is_known() -> None:
    files = [*CORE.rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]
    files += [ROOT / "template/experiment/callbacks.py", *CORE.parent.glob("blocks/*.py")]

    assert {place for file in files for place in executing(file)} == set(PLACES)


def executing(file: Path) -> set[str]:
    """The calls that may make code of something which is no literal."""
    name = file.relative_to(CORE.parent if file.is_relative_to(CORE.parent) else ROOT).as_posix()
    calls = [n for n in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(n, ast.Call)]
    return {f"{name} {how}" for call in calls if (how := execution(call))}


def execution(call: ast.Call) -> str:
    """How a call may run code; empty if it does not."""
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    stated = {word.arg: getattr(word.value, "value", None) for word in call.keywords}
    if stated.get("shell", False) is not False or called == "system":
        return "shell"
    if stated.get("allow_pickle", False) is not False or "trust_remote_code" in stated:
        return called
    if stated.get("weights_only", True) is not True:
        return called
    is_import = called in ("import_class", "import_module", "exec_module", "__import__")
    literal = call.args and isinstance(call.args[0], ast.Constant)
    built_in = isinstance(call.func, ast.Name) and called in ("eval", "exec")
    return called if built_in or (is_import and not literal) else ""


def test_what_names_a_path_says_so(package: Package) -> None:
    meaning = package.module("core.config.meaning")
    fields = every_field(package)

    kinds = {key: meaning.path_kind(*field) for key, field in fields.items()}

    expected = {key: kind for key, kind in PATHS.items() if key in fields}
    source = package.module("core.config.schema").known_keys(package.module("config").Config)
    if "huggingface" not in get_args(source["data.source"]):
        expected.pop("data.dataset", None)  # torchvision's classes are no folders
    assert {key: kind for key, kind in kinds.items() if kind} == expected


def test_another_default_keeps_the_meaning(package: Package) -> None:
    meaning, config = package.module("core.config.meaning"), package.module("core.config")
    base: Any = config.BaseDataConfig
    mine = dataclasses.make_dataclass("Mine", [("root", str, "elsewhere")], bases=(base,))
    optimizer = dataclasses.make_dataclass(
        "Optimizer", [("name", str, "sgd")], bases=(config.OptimizerConfig,)
    )

    assert meaning.path_kind(mine, "root") == "path"
    assert meaning.runs_code(optimizer, "name")
    assert meaning.harmless_values(optimizer, "name") == ("adamw", "adam", "sgd")
    assert not meaning.is_recorded(package.module("config").Config, "ui")
