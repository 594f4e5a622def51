"""The files a network is written to: ONNX, torch.export, and the weights alone.

Template's file: updates replace it. Each is read back and asked before it is kept.
"""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from ..errors import UserError
from .check import BATCHES, refuse_other_answers
from .find_network import Found
from .reasons import reason

ONNX, TORCH, WEIGHTS = "network.onnx", "network.pt2", "weights.safetensors"
OUTSIDE = "torchvision"  # the package whose operators a .pt2 may need


def traced(found: Found) -> ExportedProgram:
    """The network as a graph that takes any number of examples.

    Raises:
        UserError: Its code does not allow that.
    """
    for name, tensor in found.inputs.items():
        if not tensor.ndim or len(tensor) != max(BATCHES):
            shape = tuple(tensor.shape)
            raise UserError(
                f"export: {name}, an input of {found.name}, is {shape} for {max(BATCHES)} "
                "examples; the first axis must be that of the examples"
            )
    inputs = tuple(tensor[:2] for tensor in found.inputs.values())  # of 1, torch takes 1 as fixed
    try:
        with _quietly(), torch.no_grad():
            return torch.export.export(
                found.network, inputs, dynamic_shapes=_axes(found), strict=False
            )
    except Exception as error:  # torch's own, of many kinds
        raise UserError(f"export: {found.name} cannot be exported: {reason(error)}") from error


def write_onnx(found: Found, program: ExportedProgram, path: Path) -> float:
    """ONNX; returns how far onnxruntime's answers are from torch's at most.

    Raises:
        UserError: An operator has no counterpart there, or the answers differ.
    """
    try:
        with _quietly(), torch.no_grad():
            written: Any = torch.onnx.export(
                program,
                dynamo=True,
                dynamic_shapes=_axes(found),  # for their names
                input_names=list(found.inputs),
                output_names=list(found.outputs),
                verbose=False,
            )
            written.save(str(path))
    except Exception as error:  # torch's own, of many kinds
        raise UserError(f"export: {found.name} has no form in ONNX: {reason(error)}") from error
    import onnxruntime  # pyright: ignore[reportMissingImports]

    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def answer(inputs: Any) -> Any:
        given = dict(zip(found.inputs, (tensor.numpy() for tensor in inputs), strict=True))
        return session.run(list(found.outputs), given)

    return refuse_other_answers(found, answer, f"{path.name}: onnxruntime")


def write_torch(found: Found, program: ExportedProgram, path: Path) -> float:
    """torch.export's own file; returns how far its answers are from the network's at most."""
    with _quietly():
        torch.export.save(program, path)
        network = torch.export.load(path).module()

    def answer(inputs: Any) -> Any:
        with torch.no_grad():
            return [tensor.numpy() for tensor in network(*inputs)]

    return refuse_other_answers(found, answer, f"{path.name}: torch.export")


def write_weights(found: Found, path: Path) -> None:
    """The weights alone, by the names that the network in model.py has for them."""
    from safetensors.torch import save_file  # pyright: ignore[reportMissingImports]

    state = found.network.network.state_dict()
    # Copies: the format refuses two names of one tensor, and whoever loads it looks for both.
    save_file({name: t.detach().clone().contiguous() for name, t in state.items()}, str(path))


def needs_torchvision(program: ExportedProgram) -> bool:
    """Whether operators of torchvision's are in the graph: whoever loads it has to import that."""
    return any(str(node.target).startswith(f"{OUTSIDE}.") for node in program.graph.nodes)


def refuse_missing(formats: tuple[str, ...]) -> None:
    """Before anything is read: what a format needs is installed.

    Raises:
        UserError: It is not.
    """
    needed = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "weights": ("safetensors",)}
    for form in formats:
        missing = [name for name in needed.get(form, ()) if find_spec(name) is None]
        if missing:
            how = "uv sync --extra onnx" if form == "onnx" else f"uv add {' '.join(missing)}"
            raise UserError(f"--format {form}: needs {', '.join(missing)}; {how}")


def _axes(found: Found) -> dict[str, Any]:
    """Which axes may differ: the examples, and the length of rows of numbers such as tokens."""
    batch = Dim("batch", min=1)

    def of(tensor: Tensor) -> dict[int, Any]:
        rows = not tensor.is_floating_point() and tensor.ndim == 2
        return {0: batch, 1: Dim.AUTO} if rows else {0: batch}

    return {"inputs": tuple(map(of, found.inputs.values()))}


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the remarks of exporters, and the graph as far as they came, on stderr."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
