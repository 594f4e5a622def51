"""An inspection for programs, and for the terminal."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from modules import Modules, modules_of


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("custom", tmp_path_factory.mktemp("project"))


@pytest.fixture
def inspection(core: Modules) -> Any:
    """One with what JSON has no word for."""
    found = core("core.inspect.dataset.inspection")
    values = np.array([1.5, np.nan, 3])
    look = found.SplitLook(
        "train", 3, [0, 1, 2], ["a", "b", "caf\udce9"], {"cat": 2, "dog": 1}, "examples",
        [found.Property("width", "pixels", values)], [(0.25, 0.5)], ["sizes: 1x1"],
    )  # fmt: skip
    stream = found.SplitLook("val", None)
    ids = [found.ExampleId("train", i, name) for i, name in enumerate(look.ids)]
    groups = ((ids[0], ids[1]), (ids[2],))
    findings = [
        found.Finding("dark", found.Seriousness.NOTE, "dark ones", "look"),
        found.Finding(
            "twice", found.Seriousness.ERROR, "there twice", "drop one", groups, 12, ("so",)
        ),
    ]
    confusion = core("core.inspect.confusion").Confusion
    taken = confusion(["cat", "dog"], "examples", np.array([[2, 1], [0, 4]]), "val")
    extra = {"a": {"b": [1, "c"]}}
    return found.Inspection([look, stream], findings, ["not this"], 1.25, extra, [taken])


def same(one: Any, other: Any) -> None:
    """Equal, where an array and a number that is none are equal to themselves."""
    for look, again in zip(one.splits, other.splits, strict=True):
        for value, read in zip(look.properties, again.properties, strict=True):
            np.testing.assert_array_equal(value.values, read.values)
            assert (value.name, value.unit) == (read.name, read.unit)
        assert {**vars(look), "properties": 0} == {**vars(again), "properties": 0}
    for taken, again in zip(one.confusions, other.confusions, strict=True):
        np.testing.assert_array_equal(taken.counts, again.counts)
        assert {**vars(taken), "counts": 0} == {**vars(again), "counts": 0}
    apart = {"splits": 0, "confusions": 0}
    assert {**vars(one), **apart} == {**vars(other), **apart}


def test_it_comes_back_as_it_was(core: Modules, inspection: Any) -> None:
    module = core("core.inspect.dataset.as_json")

    again = module.from_plain(json.loads(module.to_json(inspection)))

    inspection.findings.reverse()  # the most serious first
    same(again, inspection)


def test_its_form_is_the_one_that_is_written_down(core: Modules, inspection: Any) -> None:
    plain = json.loads(core("core.inspect.dataset.as_json").to_json(inspection))

    assert list(plain) == [
        "version",
        "seconds",
        "findings",
        "splits",
        "skipped",
        "extra",
        "confusions",
    ]
    assert plain["version"] == 1
    twice = plain["findings"][0]
    assert (twice["seriousness"], twice["count"], twice["remarks"]) == ("error", 12, ["so"])
    assert plain["confusions"] == [
        {"names": ["cat", "dog"], "counted": "examples", "counts": [[2, 1], [0, 4]], "title": "val"}
    ]
    assert twice["groups"][0][1] == {"split": "train", "index": 1, "id": "b"}
    train, stream = plain["splits"]
    assert train["properties"] == [{"name": "width", "unit": "pixels", "values": [1.5, None, 3.0]}]
    assert train["class_counts"] == {"cat": 2, "dog": 1}
    assert train["channels"] == [[0.25, 0.5]]
    assert stream["count"] is None


def test_numpy_and_what_is_no_number_become_plain(core: Modules, inspection: Any) -> None:
    inspection.extra = {"x": np.float32(0.5), "y": np.arange(2), 3: (float("inf"), np.int64(4))}
    inspection.extra["z"] = {"share": np.float64("nan"), "is": np.bool_(True), "of": int}

    plain = json.loads(core("core.inspect.dataset.as_json").to_json(inspection))["extra"]

    assert plain == {
        "x": 0.5, "y": [0, 1], "3": [None, 4],
        "z": {"share": None, "is": True, "of": "<class 'int'>"},
    }  # fmt: skip


def test_another_version_is_refused(core: Modules) -> None:
    with pytest.raises(ValueError, match="version 2 of an inspection; this is 1"):
        core("core.inspect.dataset.as_json").from_plain({"version": 2})


def test_the_terminal_has_a_line_for_each_finding(core: Modules, inspection: Any) -> None:
    lines = list(core("core.inspect.dataset.in_words").in_words(inspection))

    assert lines == [
        r"error     there twice (12: a, b, caf\xe9, ...)",
        "          drop one",
        "note      dark ones",
        "          look",
        "skipped   not this",
        "found     1 error, 1 note; looked at 3 examples in 1.2 s",
    ]


class Terminal:
    """Somewhere to write, with or without a person in front."""

    def __init__(self, is_one: bool) -> None:
        self.is_one, self.written = is_one, ""

    def isatty(self) -> bool:
        return self.is_one

    def write(self, text: str) -> None:
        self.written += text

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("is_one", [True, False])
def test_progress_is_for_people_alone(
    core: Modules, monkeypatch: pytest.MonkeyPatch, is_one: bool
) -> None:
    terminal = Terminal(is_one)
    monkeypatch.setattr(sys, "stderr", terminal)

    with core("core.commands.progress_line").progress_line("looking", 40) as progress:
        progress(10)
        shown = terminal.written
        progress(30)

    assert ("looking" in shown and "10 of 40" in shown) == is_one
    assert terminal.written.endswith("\r\033[K") == is_one
    assert bool(terminal.written) == is_one
