"""What is known of the way from a raw item to the network's inputs, for ``preprocessing.json``.

Template's file: updates replace it. What is not known is said there, under ``not_known``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

from torch import Tensor
from torch.export import ExportedProgram

from ..config.dump import plain
from ..data.datamodule import DataModule
from .find_network import Found

IMAGE_FACTS = ("image_size", "channels", "value_range", "mean", "std")
TOKENIZER = "tokenizer"  # the fact that holds one, in the JSON of the package tokenizers
SETTINGS = ("min_confidence", "max_detections")  # of config.model, that `predict` goes by
OWN_INPUT = "{0}: predict_step in module.py makes it of the batch that data.py gives"
OWN_FACTS = "how a file becomes {0}: predict_dataset() and transforms() in data.py"


def preprocessing(
    found: Found, program: ExportedProgram | None, data: Any, config: Any, batch: Any
) -> dict[str, Any]:
    """What goes into the network and comes out, the data's facts, and what is not known.

    Args:
        found: The network.
        program: The same as a graph, which knows which axes may differ; None: not traced.
        data: The DataModule.
        config: The whole configuration.
        batch: As data.py gave it, of the examples that ``found`` has the inputs of.
    """
    facts = facts_of(data)
    fields = dict(leaves(batch))
    of = {name: _field(tensor, fields) for name, tensor in found.inputs.items()}
    image = {name: facts[name] for name in IMAGE_FACTS if name in facts}
    is_image = len(image) == len(IMAGE_FACTS)
    not_known = [OWN_INPUT.format(name) for name, field in of.items() if field is None]
    if not is_image and TOKENIZER not in facts:
        not_known.append(OWN_FACTS.format(" and ".join(found.inputs)))
    model = getattr(config, "model", None)
    rest = {name: value for name, value in facts.items() if name not in (*image, TOKENIZER)}
    return {
        "network": found.name,
        "inputs": [
            {"name": name, **_described(tensor, _shape(program, name, found)), "of": of[name]}
            for name, tensor in found.inputs.items()
        ],
        "outputs": list(found.outputs),
        **({"image": image} if is_image else image),
        **({TOKENIZER: f"{TOKENIZER}.json"} if TOKENIZER in facts else {}),
        **rest,
        "settings": {name: getattr(model, name) for name in SETTINGS if hasattr(model, name)},
        "not_known": not_known,
    }


def facts_of(data: Any) -> dict[str, Any]:
    """What the data tells the model, as plain values; nothing of a plain LightningDataModule."""
    facts = data.facts if isinstance(data, DataModule) else getattr(data, "facts", None)
    return plain(facts) if is_dataclass(facts) else {}


def leaves(batch: Any, name: str = "batch") -> Iterator[tuple[str, Tensor]]:
    """The tensors of a batch, by how one writes them."""
    if isinstance(batch, Tensor):
        yield name, batch
    elif isinstance(batch, Mapping):
        for key, value in batch.items():
            yield from leaves(value, f"{name}[{key!r}]")
    elif isinstance(batch, tuple) and hasattr(batch, "_fields"):
        for field, value in zip(batch._fields, batch, strict=True):  # pyright: ignore[reportAttributeAccessIssue]
            yield from leaves(value, f"{name}.{field}")
    elif isinstance(batch, tuple | list):
        for place, value in enumerate(batch):
            yield from leaves(value, f"{name}[{place}]")


def _field(tensor: Tensor, fields: dict[str, Tensor]) -> str | None:
    """Which of a batch's tensors it is."""
    for name, field in fields.items():
        if field.shape == tensor.shape and field.dtype == tensor.dtype and field.equal(tensor):
            return name
    return None


def _shape(program: ExportedProgram | None, name: str, found: Found) -> list[int | str]:
    """The axes, those that may differ by their names."""
    tensor = found.inputs[name]
    if program is None:
        return ["batch", *tensor.shape[1:]]
    wanted = set(program.graph_signature.user_inputs)
    inputs = [node for node in program.graph.nodes if node.op == "placeholder"]
    inputs = [node for node in inputs if node.name in wanted]
    axes = inputs[list(found.inputs).index(name)].meta["val"].shape
    other = [axis if isinstance(axis, int) else "length" for axis in axes[1:]]
    return ["batch", *other]


def _described(tensor: Tensor, shape: list[int | str]) -> dict[str, Any]:
    return {"shape": shape, "type": str(tensor.dtype).removeprefix("torch.")}
