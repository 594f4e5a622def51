"""The form of every task's configuration: what it shows, what becomes of a post, what is not."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import ROOT, TASKS

IMAGES = "image_classification"


@pytest.fixture(scope="module", params=TASKS)
def every(request: pytest.FixtureRequest, forms_of: Callable[..., Any]) -> Any:
    return forms_of(request.param)


@pytest.fixture(scope="module")
def images(forms_of: Callable[..., Any]) -> Any:
    return forms_of(IMAGES)


# ------------------------------------------------------------------------------------ what it shows
def test_every_setting_is_a_field_once(every: Any) -> None:
    schema = every.package.module("core.config.schema")
    known = schema.known_keys(every.config_type)

    fields = [field for section in every.form() for field in section.fields]

    def is_field(key: str) -> bool:
        return not schema.section_of(known[key]) or schema.is_optional(known[key])

    expected = [key for key in known if key.partition(".")[0] != "ui" and is_field(key)]
    assert sorted(field.key for field in fields) == sorted(expected)
    names = [section.name for section in every.form()]
    assert names[:2] == ["data", "model"]
    assert {"optimizer", "schedule", "trainer", "checkpoint", "callbacks"} <= set(names)


def test_every_field_says_what_it_is(every: Any) -> None:
    fields = every.fields().values()

    silent = {field.key for field in fields if not field.help}
    assert silent <= {"schedule.name", "callbacks.timer", "model.name"}, silent
    assert all(field.label and not field.changed for field in fields)
    for field in fields:
        if field.kind in ("choice", "switch"):
            assert field.value in field.choices, field.key
        if field.kind == "number":
            assert field.optional or field.value != "null", field.key


def test_a_form_that_nobody_changed_makes_no_words(every: Any) -> None:
    assert every.words() == []
    assert every.check().config == every.config()
    assert every.check().remarks == []


def test_kinds_bounds_units_and_help_come_from_the_dataclasses(images: Any) -> None:
    fields = images.fields()

    source, rate, size = (fields[f"data.{n}"] for n in ("source", "val_fraction", "image_size"))
    assert (source.kind, source.choices[0], source.value) == ("choice", "demo", "demo")
    assert (rate.kind, rate.whole, rate.minimum, rate.maximum) == ("number", False, 0, 1)
    assert rate.range.open_maximum
    assert (size.whole, size.minimum, size.unit) == (True, 1, "pixels")
    assert size.help == "pixels; each side of what the model sees"
    assert fields["data.splits"].help.startswith("Which folder, file or key of the source is which")
    assert fields["data.augment"].choices == ("true", "false")
    assert fields["optimizer.learning_rate"].range.open_minimum
    assert fields["optimizer.learning_rate"].range.in_words() == "above 0"
    assert fields["restart.stall_minutes"].unit == "minutes"
    assert fields["trainer.max_steps"].unit == "optimizer steps"
    assert fields["optimizer.momentum"].unit == ""  # "sgd" is none
    assert (fields["optimizer.betas"].kind, fields["optimizer.betas"].value) == (
        "list",
        "[0.9, 0.999]",
    )
    assert fields["callbacks.ema"].is_section
    assert fields["callbacks.ema"].help.startswith("Validate and test an exponential")
    assert (fields["callbacks.ema"].value, fields["callbacks.timer"].value) == ("null", "null")
    assert fields["callbacks.early_stopping.patience"].label == "early stopping: patience"
    assert fields["callbacks.early_stopping.patience"].value == "10"
    assert fields["checkpoint.mode"].choices == ("min", "max", "null")
    assert fields["trainer.limit_val_batches"].kind == "text"  # 1 and 1.0 are two things


def test_what_was_set_over_the_preset_is_marked(images: Any) -> None:
    fields = images.fields("model.depth=3", "callbacks.ema.decay=0.5", "data.exclude=data/a b")

    changed = {key: (f.default, f.value) for key, f in fields.items() if f.changed}
    assert changed == {
        "model.depth": ("1", "3"),
        "callbacks.ema": ("null", "{}"),
        "callbacks.ema.decay": ("0.999", "0.5"),
        "data.exclude": ("", "data/a b"),
    }


def test_the_plain_view_is_as_ui_says(images: Any) -> None:
    def plain(**ui: Any) -> list[str]:
        return [key for key, field in images.fields(**ui).items() if field.plain]

    assert plain() == [
        "data.source", "data.root", "data.dataset", "model.name",
        "trainer.max_epochs", "trainer.max_steps",
    ]  # fmt: skip
    assert plain(plain=["seed", "callbacks.ema"]) == [
        "seed",
        "callbacks.ema",
        "callbacks.ema.decay",
    ]
    assert plain(plain=[]) == []


def test_what_was_typed_wrongly_is_shown_again(images: Any) -> None:
    module = images.package.module("core.ui.form.form")

    again = module.shown_again(images.form(), {"model.depth": "many", "callbacks.extra": "{a: 1}"})

    fields = {field.key: field for section in again for field in section.fields}
    assert (fields["model.depth"].value, fields["model.depth"].changed) == ("many", True)
    assert fields["callbacks.extra"].value == "{}"  # which is read-only


# ------------------------------------------------------------------------------ what a post becomes
@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"model.depth": "3"}, ["model.depth=3"]),
        ({"model.depth": " 03 "}, ["model.depth=3"]),  # YAML's 010 is 8
        ({"model.depth": "1.0"}, []),
        ({"optimizer.learning_rate": "2e-3"}, []),
        ({"optimizer.learning_rate": "1e-3"}, ["optimizer.learning_rate=0.001"]),
        ({"optimizer.learning_rate": ".5"}, ["optimizer.learning_rate=0.5"]),
        ({"data.limit": ""}, []),
        ({"data.limit": "null"}, []),
        ({"data.limit": "7"}, ["data.limit=7"]),
        ({"trainer.max_steps": "", "trainer.max_epochs": "2"},
         ["trainer.max_epochs=2", "trainer.max_steps=null"]),
        ({"data.augment": "false"}, ["data.augment=false"]),
        ({"data.augment": ["false", "true"]}, []),
        ({"data.augment": ["false"]}, ["data.augment=false"]),
        ({"data.sampler": "balanced"}, ["data.sampler=balanced"]),
        ({"checkpoint.mode": "max"}, ["checkpoint.mode=max"]),
        ({"optimizer.betas": "[0.9, 0.99]"}, ["optimizer.betas=[0.9, 0.99]"]),
        ({"optimizer.betas": "[0.90,0.999]"}, []),
        ({"optimizer.betas": ["0.9", "0.98"]}, ["optimizer.betas=[0.9, 0.98]"]),
        ({"logger.tags": ["a", "b, c", "1.10"]}, ["logger.tags=[a, 'b, c', '1.10']"]),
        ({"data.exclude": ""}, []),
        ({"logger.project": "on"}, ["logger.project=on"]),
        ({"logger.entity": "1.10"}, ["logger.entity=1.10"]),
        ({"logger.entity": "a # b"}, ["logger.entity='a # b'"]),
        ({"logger.entity": "'null'"}, ["logger.entity='null'"]),
        ({"callbacks.ema": "{}"}, ["callbacks.ema={}"]),
        ({"callbacks.ema": ["null", "{}"], "callbacks.ema.decay": "0.9"},
         ["callbacks.ema={}", "callbacks.ema.decay=0.9"]),
        ({"callbacks.learning_rate_monitor": "null"}, ["callbacks.learning_rate_monitor=null"]),
        ({"trainer.devices": "0,1"}, ["trainer.devices=0,1"]),
        ({"optimizer.name": "sgd"}, ["optimizer.name=sgd"]),
    ],
)  # fmt: skip
def test_only_what_differs_becomes_a_word(images: Any, posted: Any, words: list[str]) -> None:
    assert images.words(posted) == words
    images.check(*words)


@pytest.mark.parametrize(
    ("posted", "key", "reason"),
    [
        ({"model.detph": "3"}, None, "model.detph is not a setting that this form has; did"),
        ({"ui.allow_code": "true"}, None, "ui.allow_code is not a setting that this form has"),
        ({"data": "{root: /etc}"}, None, "data is not a setting that this form has"),
        ({"callbacks.extra.os.system": "{}"}, None, "callbacks.extra.os.system is not a setting"),
        ({"callbacks.extra": "{os.system: {}}"}, "callbacks.extra", "callbacks.extra is read-only"),
        ({"alert.command": "rm -r ."}, "alert.command", "alert.command is read-only: it runs"),
        ({"optimizer.name": "torch.optim.NAdam"}, "optimizer.name", "must be one of adamw, adam"),
        ({"model.depth": "0"}, "model.depth", "'0'; it must be a whole number at least 1"),
        ({"model.depth": "2.5"}, "model.depth", "'2.5'; it must be a whole number at least 1"),
        ({"model.depth": ""}, "model.depth", "model.depth is empty; it must be a whole number"),
        ({"model.depth": "null"}, "model.depth", "model.depth is empty; it must be a whole number"),
        ({"model.depth": "0x10"}, "model.depth", "'0x10'; it must be a whole number"),
        ({"model.depth": "1:30"}, "model.depth", "'1:30'; it must be a whole number"),
        ({"model.depth": "9" * 5000}, "model.depth", "...'; it must be a whole number"),
        ({"model.depth": ["1", "2"]}, "model.depth", "is given 2 times; it must be once"),
        ({"model.depth": "٣"}, "model.depth", "'٣'; it must be a whole number"),
        ({"optimizer.learning_rate": "0"}, "optimizer.learning_rate", "must be a number above 0"),
        ({"optimizer.learning_rate": "0,1"}, "optimizer.learning_rate", "must be a number above 0"),
        ({"optimizer.learning_rate": "1e999"}, "optimizer.learning_rate", "must be a number"),
        ({"data.limit": "0"}, "data.limit", "a whole number at least 1, or blank: null"),
        ({"data.val_fraction": "1"}, "data.val_fraction", "a number at least 0 and below 1"),
        ({"data.augment": "maybe"}, "data.augment", "'maybe'; it must be true, false"),
        ({"data.source": "web"}, "data.source", "'web'; it must be one of demo, torchvision"),
        ({"callbacks.ema.decay": "0.5"}, "callbacks.ema.decay", "but callbacks.ema is off"),
        ({"model.name": "${oc.env:HOME}"}, "model.name", "name is '${oc.env:HOME}'; it must be"),
        ({"optimizer.groups": "{a: ${oc.env:A}}"}, "optimizer.groups", "has ${...}, a reference"),
        ({"trainer.devices": '"\\x24{seed}"'}, "trainer.devices", "has ${...}, a reference"),
        ({"trainer.devices": ""}, "trainer.devices", "trainer.devices is empty: write its value"),
        ({"logger.entity": "a\0b"}, "logger.entity", "has a null character"),
        ({"logger.entity": "a\ud800"}, "logger.entity", "has a character that is not UTF-8"),
        # What only the command line knows.
        ({"data.indices": "[1, 2"}, "data.indices", "it must be a list of whole numbers or null"),
        ({"trainer.max_time": "long"}, "trainer.max_time", "it must be HH:MM:SS"),
        ({"data.source": "torchvision"}, "data.dataset", "data.source=torchvision needs the name"),
        ({"model.name": "vit", "model.num_heads": "3"}, "model.num_heads", "must divide 4 * 32"),
        ({"trainer.max_steps": ""}, "trainer.max_epochs", "must say when to stop"),
        ({"alert.events": ["crash", "fire"]}, "alert.events", "events has fire; there are"),
        ({"optimizer.arguments": "{lr: 1}"}, "optimizer.arguments", "by optimizer.learning_rate"),
        ({"optimizer.betas": "[0.9]"}, "optimizer.betas", "a list of 2 numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_line_that_names_the_field(
    images: Any, posted: Any, key: str | None, reason: str
) -> None:
    refused, line = images.refused(posted)

    assert refused == key
    assert reason in line
    assert key is None or key in line


def test_what_follows_from_what_was_set_is_said(images: Any) -> None:
    settings = images.check(*images.words({"trainer.max_epochs": "3"}))

    assert settings.config.trainer.max_steps is None
    assert settings.remarks == ["trainer.max_steps is null with this (it was 360)"]
    assert images.check("callbacks.ema={}", "model.depth=2").remarks == []


def test_code_may_be_allowed(images: Any) -> None:
    posted = {
        "callbacks.extra": "{experiment.callbacks.Mine: {}}",
        "optimizer.name": "torch.optim.NAdam",
        "alert.command": "mail me",
    }

    words = images.words(posted, allow_code=True)

    config = images.check(*words, allow_code=True).config
    assert config.callbacks.extra == {"experiment.callbacks.Mine": {}}
    assert (config.optimizer.name, config.alert.command) == ("torch.optim.NAdam", "mail me")
    assert images.fields(allow_code=True)["optimizer.name"].kind == "text"
    for word in words:  # however it came to the check
        with pytest.raises(images.RefusedField, match="runs code, which is not set from here"):
            images.check(word)


def test_code_that_the_preset_names_stays(images: Any, tmp_path: Path) -> None:
    preset, usual = tmp_path / "own.yaml", images.preset
    preset.write_text("optimizer: {name: torch.optim.NAdam}\ncallbacks: {extra: {a.B: {}}}\n")
    images.preset = preset
    try:
        field = images.fields()["optimizer.name"]
        assert field.choices == ("adamw", "adam", "sgd", "torch.optim.NAdam")
        assert images.words({"model.depth": "2"}) == ["model.depth=2"]
        assert images.check("model.depth=2").config.optimizer.name == "torch.optim.NAdam"
        assert images.words({"optimizer.name": "sgd"}) == ["optimizer.name=sgd"]
        with pytest.raises(images.RefusedField, match=r"callbacks\.extra runs code"):
            images.check("callbacks.extra.os.system={}")
    finally:
        images.preset = usual


def test_a_preset_that_is_wrong_names_its_line(images: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("seed: 1\nmodel: {detph: 3}\n")
    load = images.package.module("core.ui.form.form_check").load_preset

    with pytest.raises(images.UserError, match=r"bad.yaml:2: model.detph is not a setting"):
        load(tmp_path / "bad.yaml", images.config_type)


# ------------------------------------------------------------------------------ texts stay as typed
NASTY = [
    "$HOME", "`id`", "$(id)", "a b", "a;b", "a'b", 'a"b', "a\\b", "a\nb", "a\tb", "*", "~", "-x",
    "!x", "a && b", "a | b > c", "é 世界 🙂", "null", "'null'", "None", "''", "'", '"', "[1", "{a",
    "a: b", "a # b", "# b", " a ", "on", "1e-3", "010", "1.10", "&a", "*a", "%a", "@a", "a=b", "=",
    "${seed}", "\\${x}", "${", "#", "- a", "? a", "2020-01-01", "a\\nb", "''''", "'''null'''", "]",
    "}", "a\n\n b\n", "\u2028", "0", "true", "a\\", "%s", "<b>&amp;", "\u202e", "\\\\", "--x",
]  # fmt: skip
TEXTS = {f"texts.text_{number}": text for number, text in enumerate(NASTY)}
MAYBE = {f"texts.maybe_{number}": text for number, text in enumerate(NASTY)}
OF_TEXTS = f"""
from dataclasses import dataclass, field
from .config import Config as Base

@dataclass
class Texts:
    {"; ".join(f"text_{number}: str = 'plain'" for number in range(len(NASTY)))}
    {"; ".join(f"maybe_{number}: str | None = 'plain'" for number in range(len(NASTY)))}

@dataclass
class Config(Base):
    texts: Texts = field(default_factory=Texts)
"""


@pytest.fixture(scope="module")
def texts(forms_of: Callable[..., Any]) -> Any:
    return forms_of(IMAGES, OF_TEXTS, "seed: 0\n")


def test_text_is_just_text(texts: Any) -> None:
    config = texts.check(*texts.words(TEXTS)).config

    assert {key: getattr(config.texts, key.partition(".")[2]) for key in TEXTS} == TEXTS
    fields = texts.fields(*texts.words(TEXTS))
    assert {key: fields[key].value for key in TEXTS} == TEXTS


def test_text_that_may_be_null_is_null_where_it_says_so(texts: Any) -> None:
    quoted = {"null": None, "None": None, "'null'": "null", "''": "", "''''": "''"}
    quoted["'''null'''"] = "''null''"

    config = texts.check(*texts.words(MAYBE)).config

    for key, text in MAYBE.items():
        assert getattr(config.texts, key.partition(".")[2]) == quoted.get(text, text), text
    fields = texts.fields(*texts.words(MAYBE))
    shown = {key: "null" if text == "None" else text for key, text in MAYBE.items()}
    assert {key: fields[key].value for key in MAYBE} == shown


def test_no_torch_and_no_server_is_needed() -> None:
    program = (
        "import sys, pkgutil, importlib\n"
        "for name in ('form', 'form_post', 'form_check', 'presets', 'data_roots'):\n"
        "    importlib.import_module(f'experiment.core.ui.form.{name}')\n"
        "print([n for n in ('torch', 'starlette', 'jinja2', 'uvicorn') if n in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "template", capture_output=True, text=True
    )

    assert done.stdout == "[]\n", done.stderr


def test_a_field_is_what_a_page_may_keep(images: Any) -> None:
    field = images.fields()["model.depth"]

    assert dataclasses.replace(field, value="3").changed
    with pytest.raises(dataclasses.FrozenInstanceError):
        field.value = "3"
