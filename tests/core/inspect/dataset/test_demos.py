"""The demo of each task gives at most one finding, and that one is true."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from modules import modules_of
from projects import TASKS

pytestmark = pytest.mark.slow
# Two of Python's topics describe sequences in the same words.
TRUE = {"language_modeling": ["near_duplicate_texts"]}
KINDS = {
    "custom": ("examples", 0),
    "image_classification": ("examples", 7),
    "language_modeling": ("examples", 6),
    "object_detection": ("objects", 7),
    "semantic_segmentation": ("pixels", 7),
}


@pytest.mark.parametrize("task", TASKS)
def test_a_demo_gives_no_finding_that_is_not_true(task: str, tmp_path: Path) -> None:
    for experiment in modules_of(task, tmp_path):
        smaller = {"cache": str(tmp_path / "cache")} if task == "language_modeling" else {}
        data = experiment("data").ExperimentData(experiment("config").DataConfig(**smaller))
        examine: Callable[..., Any] = experiment("core.inspect.dataset.examine").examine

        inspection = examine(data, most=600, strict=True)

        found = [finding.detector for finding in inspection.findings]
        assert found == TRUE.get(task, [])
        assert [split.name for split in inspection.splits] == ["train", "val", "test"]
        counted, properties = KINDS[task]
        assert {split.counted for split in inspection.splits} == {counted}
        assert {len(split.properties) for split in inspection.splits} == {properties}
        assert all(
            bool(split.class_counts) == (task != "language_modeling") for split in inspection.splits
        )
        facts = [fact for split in inspection.splits for fact in split.facts]
        speaks = any(fact.startswith("vocabulary: ") for fact in facts)
        assert speaks == (task == "language_modeling"), facts
