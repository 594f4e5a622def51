"""Where a page may point: within ``ui.data_roots``, whatever links and dots are on the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def forms(forms_of: Callable[..., Any]) -> Any:
    forms = forms_of("semantic_segmentation")
    (forms.project / "data/mine").mkdir(parents=True)
    return forms


@pytest.fixture(scope="module")
def texts(forms_of: Callable[..., Any]) -> Any:
    forms = forms_of("language_modeling")
    (forms.project / "data/mine").mkdir(parents=True)
    return forms


def test_inside_is_inside(forms: Any, tmp_path: Path) -> None:
    inside = forms.package.module("core.ui.form.data_roots").inside_roots
    data = forms.project / "data"
    (data / "away").symlink_to(tmp_path)
    (data / "near").symlink_to(data / "mine")
    (data / "loop").symlink_to(data / "loop")
    (tmp_path / "back").symlink_to(data / "mine")

    assert inside(data, ["data"]) == data.resolve()
    assert inside(data / "not there/yet", ["data"]) == data.resolve() / "not there/yet"
    assert inside(data / "near/a", ["data"]) == (data / "mine/a").resolve()
    assert inside(tmp_path / "back", ["data"]) == (data / "mine").resolve()
    assert inside(data / "away/x", ["data", str(tmp_path)]) == (tmp_path / "x").resolve()
    for path in ("..", "../data-2", "away", "away/x", "mine/../../x", "loop", "loop/x", "a\0b"):
        with pytest.raises(forms.UserError) as caught:
            inside(data / path, ["data"])
        assert "\n" not in str(caught.value)
    with pytest.raises(
        forms.UserError, match=r"leads to .*, which lies outside of data \(ui\.data"
    ):
        inside(data / "away", ["data"])


@pytest.mark.parametrize(
    ("posted", "key"),
    [
        ({"data.root": "/etc"}, "data.root"),
        ({"data.root": "."}, "data.root"),
        ({"data.root": "~"}, "data.root"),
        ({"data.root": "~nobody-of-that-name/x"}, "data.root"),
        ({"data.root": "data/.."}, "data.root"),
        ({"data.root": "data2"}, "data.root"),
        ({"data.exclude": "/etc/passwd"}, "data.exclude"),
        ({"data.exclude": "configs/experiment.yaml"}, "data.exclude"),
        ({"data.cache": "/tmp/x"}, "data.cache"),
        ({"data.splits": "{train: ../../etc}"}, "data.splits"),
        ({"data.splits": "{train: a, val: /etc}"}, "data.splits"),
    ],
)
def test_outside_is_refused_by_the_page(forms: Any, posted: dict[str, str], key: str) -> None:
    refused, line = forms.refused(posted)

    assert refused == key
    assert line.startswith(f"{key}: ")
    assert forms.config(*forms.words(posted))  # of which the command line thinks nothing


def test_within_is_taken(forms: Any, tmp_path: Path) -> None:
    words = forms.words({
        "data.root": "data/mine", "data.exclude": "data/out.txt", "data.cache": "data/mine/.masks",
        "data.splits": "{train: a, val: b/c}",
    })  # fmt: skip

    assert forms.check(*words).config.data.splits == {"train": "a", "val": "b/c"}
    assert forms.check(f"data.root={tmp_path}", data_roots=["data", str(tmp_path)])


def test_what_the_preset_says_is_the_presets(forms: Any, tmp_path: Path) -> None:
    usual, forms.preset = forms.preset, tmp_path / "far.yaml"
    forms.preset.write_text(f"data: {{root: {tmp_path}, exclude: /etc/hosts}}\n")
    try:
        assert forms.check("data.batch_size=4").config.data.root == str(tmp_path)
        assert forms.words({"data.root": str(tmp_path)}) == []
        with pytest.raises(forms.RefusedField, match=r"^data\.root: "):
            forms.check(f"data.root={tmp_path / 'deeper'}")
    finally:
        forms.preset = usual


def test_a_name_that_is_a_folder_is_a_path(texts: Any, tmp_path: Path) -> None:
    (texts.project / "data/away").symlink_to(tmp_path)
    source = "data.source=huggingface"

    for name in ("/etc", "..", "./configs", "~", "configs", "a/../../..", "away", "data/away"):
        with pytest.raises(texts.RefusedField) as caught:
            texts.check(source, f"data.dataset={name}")
        assert caught.value.key == "data.dataset", name
    for name in ("wikitext", "user/name", "data/mine", "mine", "./data/mine"):
        assert texts.check(source, f"data.dataset={name}").config.data.dataset == name
