"""example.py is one clean file, and is taken only where it answers as ``predict`` does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules, modules_of
from projects import ROOT, run
from torch import nn

EXAMPLES = ROOT / "template/experiment/core/export/examples"
HEADS = ("onnx_network", "torch_network", "torchvision_network")
PROGRAMS = sorted(
    path.stem
    for path in EXAMPLES.glob("[!_]*.py")
    if path.stem not in (*HEADS, "image_file")
)  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("export"))


def test_each_program_is_one_file_that_is_lint_clean(modules: Modules, tmp_path: Path) -> None:
    text_of = modules("core.export.write_example").text_of
    for program in PROGRAMS:
        for head in HEADS:
            text = text_of(program, head)
            assert "from ." not in text
            assert "experiment" not in text
            (tmp_path / f"{program}-{head}.py").write_text(text)

    for words in (("check", "--ignore", "RUF100"), ("format", "--check")):
        settings = ("--config", str(ROOT / "pyproject.toml"))
        done = run(["ruff", *words, *settings, "."], tmp_path)
        assert done.returncode == 0, done.stdout
    assert len(PROGRAMS) == 6


def written(modules: Modules, folder: Path, answer: dict[str, Any]) -> str:
    """What is said of the example of a network of three classes, whose predict_step answers so."""
    it = modules("core.export.find_network").network_named(
        nn.Module(), (nn.Linear(3, 3).eval(), (torch.randn(7, 3),))
    )
    formats = modules("core.export.formats")
    program = formats.traced(it)
    formats.write_torch(it, program, folder / formats.TORCH)
    known = modules("core.export.preprocessing").preprocessing(it, program, None, None, None)
    known["class_names"] = ["a", "b", "c"]
    modules("core.files").write_json(folder / "preprocessing.json", known)
    with torch.no_grad():
        confidence, label = it.network(*it.inputs.values())[0].softmax(dim=1).max(dim=1)
    right = {"class": [known["class_names"][i] for i in label], "confidence": confidence}
    writer = modules("core.export.write_example")

    def never(file: Path) -> Any:
        raise AssertionError(file)

    asked = writer.Asked(it, {**right, **answer}, never, None)
    return writer.write_example(folder, known, asked, "torch_network")[1]


def test_a_program_that_answers_as_predict_does_is_taken(modules: Modules, tmp_path: Path) -> None:
    said = written(modules, tmp_path, {})

    assert said == "shows classes of samples.npz"
    assert np.load(tmp_path / "samples.npz")["input"].shape == (2, 3)


def test_one_that_decodes_otherwise_than_module_py_is_not(modules: Modules, tmp_path: Path) -> None:
    said = written(modules, tmp_path, {"confidence": torch.zeros(7)})

    assert said.startswith("shows raw outputs of samples.npz (confidence: 0.")
    assert "What leaves the network" in (tmp_path / "example.py").read_text()
