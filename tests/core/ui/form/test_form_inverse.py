"""Every configuration can be reached from the form: shown, posted, read again it is the same."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from core.config.test_inverse import WHOLES, Whole, same
from hypothesis import HealthCheck, Phase, given, settings

MAPPINGS = {"named", "numbered", "by_kind", "curves", "anything", "gaps", "started"}


@pytest.fixture(scope="module")
def forms(forms_of: Callable[..., Any]) -> Any:
    return forms_of("custom")


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")),
    deadline=None,
    derandomize="EXAMPLES" not in os.environ,
    suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType]
    phases=[Phase.explicit, Phase.generate],
)
@given(before=WHOLES, now=WHOLES)
def test_what_the_form_shows_is_what_it_sets(forms: Any, before: Whole, now: Whole) -> None:
    """``before`` is the preset's. What it has in a mapping cannot be taken out, which is said."""
    module = forms.package.module
    ui = module("core.config.ui").UiConfig(data_roots=["/"])
    preset = forms.project / "configs/before.yaml"
    preset.write_text(module("core.config.dump").dump_config(before), encoding="utf-8")
    form = module("core.ui.form.form").sections(Whole, before, now, ui)

    words = module("core.ui.form.form_post").from_post({}, form)

    check = module("core.ui.form.form_check").check
    short = [name for name in MAPPINGS if lacks(getattr(now, name), getattr(before, name))]
    if not short:
        assert same(check(words, preset, Whole, ui).config, now), words
        return
    with pytest.raises(forms.RefusedField, match="adds to what the preset's file says") as caught:
        check(words, preset, Whole, ui)
    assert caught.value.key in short


def lacks(value: Any, before: Any) -> bool:
    """Whether something of ``before`` is not in ``value``."""
    if not (isinstance(before, dict) and isinstance(value, dict)):
        return False
    return any(name not in value or lacks(value[name], before[name]) for name in before)


def test_the_same_posted_is_no_change(forms: Any) -> None:
    module = forms.package.module
    whole = Whole(text="a\nb", perhaps="null", anything={"a": ["${x}", None]})
    form = module("core.ui.form.form").sections(
        Whole, whole, whole, module("core.config.ui").UiConfig()
    )
    shown = {field.key: field.value for section in form for field in section.fields}

    sent = {key: value.replace("\n", "\r\n") for key, value in shown.items()}  # as browsers do

    assert module("core.ui.form.form_post").from_post(sent, form) == []


def test_an_entry_that_cannot_be_taken_out_is_said(forms_of: Callable[..., Any]) -> None:
    forms = forms_of("image_classification")
    usual, forms.preset = forms.preset, forms.project / "configs/groups.yaml"
    forms.preset.write_text("optimizer: {groups: {a: {weight_decay: 0}}}\n")
    try:
        key, line = forms.refused({"optimizer.groups": "{b: {weight_decay: 1}}"})
        assert key == "optimizer.groups"
        assert line.startswith("optimizer.groups is {a: {weight_decay: 0}, b: {weight_decay: 1}}")
        words = forms.words({"optimizer.groups": "{a: {weight_decay: 2}, b: {weight_decay: 1}}"})
        assert len(forms.check(*words).config.optimizer.groups) == 2
    finally:
        forms.preset = usual
