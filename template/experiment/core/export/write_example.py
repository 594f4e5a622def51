"""``example.py``: a program that uses the exported network without this project.

Template's file: updates replace it. Which program of examples/ it is follows from the data's facts
and the network's outputs; it is taken only if it answers here as ``predict_step`` does.
"""

import importlib.util
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import in_a_line
from ..files import write_text
from .find_network import Found

EXAMPLE, SAMPLES = "example.py", "samples.npz"
FOLDER, OPENER = Path(__file__).with_name("examples"), "image_file"
IMPORTS = re.compile(r"^(?:import|from) [^.].*\n*", re.MULTILINE)
LOCAL = re.compile(r"^from \..*\n*", re.MULTILINE)
STANDARD = re.compile(r"(?:import|from) (?:json|sys|pathlib|typing)\b")
LETTERBOX = "as large as it fits into the middle of a black square; bilinear, by PIL"
FITS = {
    "image_classes": "the square about its middle, resized; bilinear, by PIL's ImageOps.fit",
    "image_masks": LETTERBOX,
    "image_boxes": LETTERBOX,
}
OF_ALL = 0.001  # least confidence while comparing: a network that learned little is sure of nothing
Ask = Callable[[Path], tuple[Sequence[Tensor], Mapping[str, Any]]]


@dataclass
class Asked:
    """What an example is compared with.

    Args:
        found: The network.
        answer: What ``predict_step`` says of the examples that ``found`` has the inputs of.
        ask: The network's inputs, and what ``predict_step`` says, of one file.
        config: The whole configuration, which ``predict_step`` goes by.
    """

    found: Found
    answer: Any
    ask: Ask
    config: Any


def write_example(folder: Path, known: dict[str, Any], asked: Asked, head: str) -> tuple[str, str]:
    """Write the first program that answers as ``predict_step`` does.

    Args:
        folder: Holds the network and preprocessing.json.
        known: What stands there.
        asked: What it is compared with.
        head: ``onnx_network`` or ``torch_network``.

    Returns:
        How it fits an image into the network's size, empty if it reads none; in words, what it
        shows.
    """
    arrays: Any = {name: tensor[:2].numpy() for name, tensor in asked.found.inputs.items()}
    np.savez(folder / SAMPLES, **arrays)
    others, program = [], ""
    for program in _candidates(known, asked.found):
        write_text(folder / EXAMPLE, text_of(program, head))
        try:
            trouble = _compared(program, _imported(folder / EXAMPLE), known, asked, folder)
        except Exception as error:  # what is asked is the researcher's code
            trouble = in_a_line(error)
        if not trouble:
            break
        others.append(trouble)
    if program in (*FITS, "text"):
        (folder / SAMPLES).unlink()
        alike = "goes on by the likeliest tokens" if program == "text" else "answers alike"
        return FITS.get(program, ""), f"reads as predict does, and {alike}"
    why = f" ({others[0]})" if others else ""
    return (
        "",
        f"shows {'classes' if program == 'class_scores' else 'raw outputs'} of {SAMPLES}{why}",
    )


def text_of(program: str, head: str) -> str:
    """A program of examples/ as one file: imports, the network, an opener of images, the rest."""
    names = [head, *(name for name in (OPENER,) if f"from .{name} " in _text(program)), program]
    doc, _, body = _text(program).partition("\n\n")
    texts = [*map(_text, names[:-1]), body]
    imports = _merged([line for text in texts for line in text.splitlines()])
    bodies = [LOCAL.sub("", IMPORTS.sub("", text)).strip("\n") for text in texts]
    return (
        "\n\n".join([doc, *imports, bodies[0]]) + "".join(f"\n\n\n{b}" for b in bodies[1:]) + "\n"
    )


def _text(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def _merged(lines: Sequence[str]) -> tuple[str, str]:
    """The imports of Python's own and the others, those of one module in one line."""
    plain = {line.partition("  # pyright")[0] for line in lines if IMPORTS.match(line)}
    names: dict[str, set[str]] = {}
    for line in sorted(plain):
        module, _, what = line.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).update(what.split(", ") if what else ())
    written = [f"from {m} import {', '.join(sorted(n))}" if n else m for m, n in names.items()]
    written.sort(key=lambda line: (line.startswith("from"), line))
    standard = [line for line in written if STANDARD.match(line)]
    return "\n".join(standard), "\n".join(line for line in written if line not in standard)


def _candidates(known: dict[str, Any], found: Found) -> list[str]:
    """The programs that this network may be for, the most telling first."""
    with torch.no_grad():
        outputs = [tensor.shape for tensor in found.network(*found.inputs.values())]
    inputs = [tensor.shape for tensor in found.inputs.values()]
    image, classes = known.get("image"), len(known.get("class_names", ()))
    scores = len(outputs) == 1 and classes > 0 and outputs[0][1:2] == (classes,)
    programs: list[str] = []
    if isinstance(image, dict) and image.get("value_range") == [0, 255] and "std" in image:
        side = image["image_size"]
        if [shape[1:] for shape in inputs] == [(image["channels"], side, side)]:
            programs += ["image_classes"] * (scores and len(outputs[0]) == 2)
            programs += ["image_masks"] * (scores and outputs[0][2:] == (side, side))
            programs += ["image_boxes"] * (found.outputs == ("heat", "box"))
    if "tokenizer" in known and "window" in known and known["inputs"][0]["shape"][1:] == ["length"]:
        programs += ["text"] * (len(outputs) == len(inputs) == 1 and len(outputs[0]) == 3)
    programs += ["class_scores"] * (scores and len(outputs[0]) == 2)
    return [*programs, "raw_outputs"]


def _compared(program: str, example: Any, known: dict[str, Any], asked: Asked, folder: Path) -> str:
    """How a program's answers part from those of ``predict_step``; empty where they do not."""
    if program == "raw_outputs":
        return ""
    if program == "class_scores":
        columns = {name: list(asked.answer[name])[:2] for name in ("class", "confidence")}
        return _unlike(example.answer(folder / SAMPLES), columns)
    with tempfile.TemporaryDirectory() as place, _unsure(asked.config, known, example):
        files = _pictures(Path(place), known) if program in FITS else _prompts(Path(place))
        for file in files:
            given = file.read_text(encoding="utf-8") if program == "text" else file
            inputs, answer = asked.ask(file)
            read = example.read(given)
            if trouble := _unlike(read[0] if isinstance(read, tuple) else read, inputs[0].numpy()):
                return f"the input of another file: {trouble}"
            if program in FITS:
                got = example.answer(given)
                if trouble := _unlike(got, {name: answer[name][0] for name in got}):
                    return trouble
    return ""


class _unsure:
    """While programs are compared, all that is found counts, however unsure."""

    def __init__(self, config: Any, known: dict[str, Any], example: Any) -> None:
        self.model, self.settings = getattr(config, "model", None), example.KNOWN["settings"]
        self.before = known["settings"].get("min_confidence")

    def __enter__(self) -> None:
        self._set(OF_ALL)

    def __exit__(self, *_: object) -> None:
        self._set(self.before)

    def _set(self, value: float | None) -> None:
        if self.before is not None:
            assert self.model is not None
            self.model.min_confidence = self.settings["min_confidence"] = value


def _pictures(folder: Path, known: dict[str, Any]) -> list[Path]:
    """Noise, in a square and in other shapes: no two places in it are alike."""
    draw, side = np.random.default_rng(0), known["image"]["image_size"]
    files = []
    for height, width in ((side, side), (side, 2 * side + 3), (15 * side // 16, 5 * side // 8)):
        shape = (height, width) if known["image"]["channels"] == 1 else (height, width, 3)
        files.append(folder / f"{width}.png")
        Image.fromarray(draw.integers(0, 256, shape, np.uint8)).save(files[-1])
    return files


def _prompts(folder: Path) -> list[Path]:
    (folder / "prompt.txt").write_text("The value of", encoding="utf-8")
    return [folder / "prompt.txt"]


def _unlike(got: Any, wanted: Any) -> str:
    """Where two answers part, in words; empty where they do not."""
    if isinstance(got, Mapping):
        found = ((name, _unlike(one, wanted[name])) for name, one in got.items())
        return next((f"{name}: {trouble}" for name, trouble in found if trouble), "")
    if isinstance(got, list | tuple) and not _is_numbers(got):
        same = len(got) == len(wanted) and list(got) == list(wanted)
        return "" if same else "predict answers otherwise"
    if isinstance(got, Image.Image):
        if got.size != wanted.size:
            return f"{got.size}, where predict has {wanted.size}"
        share = float((np.asarray(got) != np.asarray(wanted)).mean())
        return "" if share < 1e-3 else f"{share:.2%} of the pixels differ from predict's"
    if isinstance(got, str):
        return "" if got == wanted else f"{got}, where predict answers {wanted}"
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    if got.shape != wanted.shape:
        return f"{got.shape}, where predict has {wanted.shape}"
    apart = float(np.abs(got - wanted).max()) if got.size else 0.0
    return "" if apart < 2e-3 else f"{apart:.2g} apart from predict's"


def _is_numbers(values: Any) -> bool:
    return np.asarray(values).dtype.kind in "fiu"


def _imported(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("exported_example", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
