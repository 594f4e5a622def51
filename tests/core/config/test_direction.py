"""Which direction of a metric is better: by its name, and never by what was said of another."""

from pathlib import Path

import pytest
from assemble import Package, assemble
from core.config.test_settings import Loader


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("direction")))


@pytest.fixture
def load(package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    monkeypatch.chdir(tmp_path)
    return Loader(package)


@pytest.mark.parametrize(
    ("metric", "better"),
    [
        ("val/loss", "min"),
        ("val/accuracy", "max"),
        ("accuracy_loss", "min"),
        ("val/loss_accuracy", "max"),
        ("val/error", "min"),
        ("val/accuracy_top5", "max"),
        ("val/map_50", "max"),
        ("val/f1_macro", "max"),
        ("val/recall_at_5", "max"),
        ("val_Perplexity", "min"),
        ("val/loss_improvement", None),
        ("val/score", None),
        ("val/mapping", None),
        ("", None),
    ],
)
def test_the_last_word_of_a_name_says_it_or_nothing_does(
    package: Package, metric: str, better: str | None
) -> None:
    assert package.module("core.config.direction").direction_of(metric) == better


FILE = "checkpoint: {monitor: val/loss, mode: min}\n"


def test_a_mode_holds_beside_its_monitor(load: Loader) -> None:
    beside = ("checkpoint.mode=max", "checkpoint.monitor=val/score")

    for words in (beside, beside[::-1]):
        settings = load(*words, file=FILE)
        assert settings.config.checkpoint.mode == "max"
    assert load("checkpoint.mode=max", file=FILE).config.checkpoint.mode == "max"
    assert load("checkpoint.monitor=val/loss", file=FILE).config.checkpoint.mode == "min"
    assert load("checkpoint.monitor=val/loss", file=FILE).remarks == []


def test_a_mode_of_another_monitor_is_forgotten_and_that_is_said(load: Loader) -> None:
    settings = load("checkpoint.monitor=val/accuracy", file=FILE)

    assert settings.config.checkpoint.mode is None
    assert settings.remarks == [
        "checkpoint.mode=min from a.yaml:1 was for val/loss, so it does not count for "
        "val/accuracy from command line"
    ]


def test_so_is_that_of_what_watches_the_same(load: Loader) -> None:
    stopping = "callbacks: {early_stopping: {mode: min}}\nschedule: {name: plateau, mode: min}\n"
    own = "callbacks: {early_stopping: {monitor: val/error, mode: min}}\n"

    both = load("checkpoint.monitor=val/accuracy", file=FILE + stopping)
    kept = load("checkpoint.monitor=val/accuracy", file=FILE + own)

    assert both.config.callbacks.early_stopping.mode is None
    assert both.config.schedule.mode is None
    assert len(both.remarks) == 3
    assert kept.config.callbacks.early_stopping.mode == "min"


def test_what_is_inherited_is_inherited_with_its_metric(load: Loader, package: Package) -> None:
    beside = package.module("core.config.direction").watched_beside

    def early(*words: str) -> object:
        config = load("callbacks.early_stopping={}", *words, file=FILE).config
        return beside("early", config.callbacks.early_stopping, config.checkpoint)

    assert early() == ("early", "val/loss", "min")
    other = "callbacks.early_stopping.monitor=val/score"
    assert early(other) == ("early", "val/score", None)
    assert early(other, "callbacks.early_stopping.mode=max") == ("early", "val/score", "max")
