"""Data sets are written down, and peers_of_looking.py asks others about them."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("peers_of_looking.py")
Answer = dict[str, Any]


@dataclass
class Peers:
    """Others that are asked about the same data sets.

    Args:
        pythons: Of the environments that have them.
        folder: Where data sets are written to.
        failures: Why something was not answered, by who was asked.
    """

    pythons: list[str]
    folder: Path
    jobs: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Answer]] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def about(self, splits: Mapping[str, Any], asked: Mapping[str, Iterable[str]]) -> int:
        """Put a data set down for them, and whom to ask for which issues; returns its number."""
        whom = {peer: sorted(issues) for peer, issues in asked.items()}
        self.jobs.append({"examples": self._written(splits), "peers": whom})
        return len(self.jobs) - 1

    def _written(self, splits: Mapping[str, Any]) -> list[dict[str, Any]]:
        folder = self.folder / str(len(self.jobs))
        examples = []
        for split, part in splits.items():
            for item, label, name in zip(part.items, part.labels, part.names, strict=True):
                kind, shown = "text", item
                if isinstance(item, bytes) and self.pythons:
                    kind, path = "image", folder / f"{name}.img"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(item)
                    shown = str(path)
                elif isinstance(item, bytes):
                    continue  # nobody will ask
                examples.append(
                    {"id": name, "kind": kind, "split": split, "label": label, "item": shown}
                )
        return examples

    def ask(self) -> None:
        """Have all of them answer, one environment after the other."""
        self.answers = [{} for _ in self.jobs]
        for number, python in enumerate(self.pythons):
            jobs, answers = (self.folder / f"{name}-{number}.json" for name in ("jobs", "answers"))
            jobs.write_text(json.dumps(self.jobs), encoding="utf-8")
            command = [python, str(SCRIPT), str(jobs), str(answers)]
            quiet = {**os.environ, "PYTHONWARNINGS": "ignore", "TQDM_DISABLE": "1"}
            subprocess.run(command, check=True, capture_output=True, env=quiet)
            for known, more in zip(
                self.answers, json.loads(answers.read_text(encoding="utf-8")), strict=True
            ):
                for peer, answer in more.items():
                    if "issues" in answer or peer not in known:
                        known[peer] = answer
        for answered in self.answers:
            for peer, answer in answered.items():
                if "failed" in answer:
                    self.failures[peer] = answer["failed"]

    def said(self, number: int, peer: str) -> dict[str, set[str]] | None:
        """By issue, which examples a peer names of a data set; None where it said nothing."""
        answer = self.answers[number].get(peer, {}) if self.answers else {}
        if "issues" not in answer:
            return None
        return {issue: set(names) for issue, names in answer["issues"].items()}

    def seconds(self, number: int) -> dict[str, float]:
        """How long each took over a data set."""
        answers = self.answers[number] if self.answers else {}
        return {peer: one["seconds"] for peer, one in answers.items() if "issues" in one}
