"""What was seen of a network as JSON, for programs: ``main.py inspect model --json``.

Template's file: updates replace it. The form, which keeps its names::

    {"version": 1, "kind": "ExperimentModule", "device": "cpu", "seconds": 3.2, "loss": 2.3,
     "batch": [{"name": "image", "shape": [128, 1, 8, 8], "type": "float32"}, ...],
     "parameters": {"total": 1, "frozen": 0, "bytes": 4, "shared": [["a", ["b"]], ...], ...},
     "operations": {"forward": 1, "step": 3, "unknown": []},
     "memory": {"weights": 4, "gradients": 4, "optimizer": 8, "activations": 9, "fits": 100, ...},
     "findings": [{"detector": "no_gradient", "seriousness": "warning", "text": "...",
                   "advice": "...", "lines": ["experiment/model.py:33"], "nodes": [12]}, ...],
     "shapes": [{"line": "...", "of": "...", "name": "output", "said": "(batch, classes)",
                 "came": [128, 10], "agrees": true}, ...],
     "failure": null or {"sentence": "...", "line": "...", "module": "...",
                         "shapes": [["input", [128, 64]], ...]},
     "profile": null or {"verdict": "...", "step": 1.2, "data": 0.3, "operators": [...]},
     "skipped": ["a line for each thing that was not looked at"], "left_out": 0,
     "graph": [{"number": 1, "name": "model", "kind": "ConvNet", "line": "...", "made": "...",
                "inputs": [[128, 1, 8, 8]], "outputs": [[128, 10]], "sources": [0], "flops": 1,
                "scale": 0.4, "parameters": 1, "frozen": 0, "shared": 0, "failed": false,
                "inside": [...]}, ...]}

``sources`` are numbers of calls, 0 is the batch. Of an operation ``kind`` is empty. What is no
number, NaN, is null.
"""

import json
import math
from dataclasses import asdict
from typing import Any

from .look import Finding, NetworkLook

VERSION = 1


def to_json(found: NetworkLook) -> str:
    """The text."""
    return json.dumps(to_plain(found), indent=1, ensure_ascii=False, allow_nan=False)


def to_plain(found: NetworkLook) -> dict[str, Any]:
    """Dicts, lists, texts and numbers."""
    profiled = found.profiled
    plain = {
        "version": VERSION,
        "kind": found.kind,
        "device": found.device,
        "seconds": found.seconds,
        "loss": found.loss,
        "batch": [{"name": name, "shape": shape, "type": of} for name, shape, of in found.batch],
        "parameters": asdict(found.parameters),
        "operations": {
            "forward": found.flops_forward,
            "step": found.flops_step,
            "unknown": found.unknown_flops,
        },
        "memory": asdict(found.memory),
        "findings": [_finding(finding) for finding in found.findings],
        "shapes": [asdict(held) for held in found.held],
        "failure": _failure(found),
        "profile": {**asdict(profiled), "verdict": profiled.verdict} if profiled else None,
        "skipped": found.skipped,
        "left_out": found.left_out,
        "graph": [asdict(node) for node in found.root.inside],
    }
    return _finite(plain)


def _finding(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "seriousness": finding.seriousness.name.lower()}


def _failure(found: NetworkLook) -> dict[str, Any] | None:
    failure = found.failure
    if failure is None:
        return None
    met = failure.met
    return {
        "sentence": failure.sentence,
        "line": failure.line,
        "module": met.module if met else None,
        "shapes": met.shapes if met else [],
    }


def _finite(value: Any) -> Any:
    """Without what JSON has no word for."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
