"""Which network is exported: the one that ``predict_step`` calls, with what it is called with."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from modules import Modules, modules_of
from torch import Tensor, nn


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("export"))


class Parts(nn.Module):
    """Stands for a LightningModule: what it predicts is handed to it."""

    def __init__(self, predict: Callable[[Any, Tensor], Any], **parts: nn.Module) -> None:
        super().__init__()
        self.predict = predict
        for name, part in parts.items():
            self.add_module(name, part)


class Maps(NamedTuple):
    heat: Tensor
    box: Tensor


class Two(nn.Module):
    """Two tensors and what is no tensor go in, named ones leave."""

    def forward(self, x: Tensor, y: Tensor, memory: list[int] | None = None) -> Maps:
        return Maps(x + y + len(memory or ()), x * y)


def found(modules: Modules, parts: Parts, x: Tensor | None = None) -> Any:
    """What is found in a module."""
    finder = modules("core.export.find_network")
    with finder.outermost_calls(parts.eval()) as calls:
        parts.predict(parts, torch.randn(7, 3) if x is None else x)
    return finder.network_of(parts, calls)


def refused(modules: Modules, parts: Parts) -> str:
    with pytest.raises(modules("core.errors").UserError) as refusal:
        found(modules, parts)
    text = str(refusal.value)
    assert "\n" not in text
    assert text.endswith(modules("core.export.find_network").WRITE)
    return text


def test_a_network_within_another_is_its_own_business(modules: Modules) -> None:
    parts = Parts(lambda self, x: self.model(2 * x), model=nn.Sequential(nn.Linear(3, 2)))

    it = found(modules, parts)

    assert (it.name, list(it.inputs), it.outputs, it.times) == ("model", ["input"], ("output",), 1)
    assert torch.equal(
        it.network(*it.inputs.values())[0], parts.get_submodule("model")(it.inputs["input"])
    )


def test_inputs_and_outputs_are_called_as_forward_has_them(modules: Modules) -> None:
    parts = Parts(lambda self, x: self.model(x, y=x + 1, memory=[]), model=Two())

    it = found(modules, parts)

    assert (list(it.inputs), it.outputs) == (["x", "y"], ("heat", "box"))


def test_what_is_called_several_times_is_exported_once_and_counted(modules: Modules) -> None:
    parts = Parts(lambda self, x: self.model(self.model(x)), model=nn.Linear(3, 3))

    assert found(modules, parts).times == 2


def test_what_the_network_writes_to_its_input_is_not_its_input(modules: Modules) -> None:
    class Writes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mul_(2)

    x = torch.ones(7, 3)

    it = found(modules, Parts(lambda self, x: self.model(x), model=Writes()), x)

    assert x.mean() == 2
    assert it.inputs["x"].mean() == 1


def test_dict_and_list_outputs_have_names(modules: Modules) -> None:
    names = modules("core.export.find_network").named_outputs
    x = torch.zeros(1)

    assert list(names({"logits": x, "states": [x, x], "loss": None})) == [
        "logits", "states_0", "states_1",
    ]  # fmt: skip
    assert list(names((x, x))) == ["output_0", "output_1"]


def test_two_networks_are_refused_by_name(modules: Modules) -> None:
    two = {"encoder": nn.Linear(3, 3), "head": nn.Linear(3, 2)}
    parts = Parts(lambda self, x: self.head(self.encoder(x)), **two)

    said = refused(modules, parts)

    assert "calls 2 networks (self.encoder, self.head)" in said


def test_no_network_is_refused(modules: Modules) -> None:
    assert "calls no network" in refused(modules, Parts(lambda _, x: x, model=nn.Linear(3, 3)))


def test_what_is_no_tensor_and_has_no_default_is_refused(modules: Modules) -> None:
    class Lists(nn.Module):
        def forward(self, images: list[Tensor]) -> Tensor:
            return torch.stack(images)

    said = refused(modules, Parts(lambda self, x: self.model(list(x)), model=Lists()))

    assert "images of model's forward is a list" in said


def test_an_argument_that_changes_the_answer_is_not_left_out(modules: Modules) -> None:
    parts = Parts(lambda self, x: self.model(x, x, memory=[1, 2]), model=Two())

    assert "answers otherwise than within predict_step" in refused(modules, parts)


def test_dropout_that_is_on_is_refused(modules: Modules) -> None:
    def predict(self: Parts, x: Tensor) -> Tensor:
        self.get_submodule("model").train()
        return self.get_submodule("model")(x)

    parts = Parts(predict, model=nn.Dropout(0.5))

    assert "dropout that is on" in refused(modules, parts)


def test_an_output_that_is_no_tensor_is_refused(modules: Modules) -> None:
    class Counts(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Any]:
            return {"x": x, "count": len(x)}

    said = refused(modules, Parts(lambda self, x: self.model(x), model=Counts()))

    assert "the network returns an int as count" in said


def test_module_py_names_the_network_itself(modules: Modules) -> None:
    two = {"encoder": nn.Linear(3, 3), "head": nn.Linear(3, 2)}
    parts = Parts(lambda self, x: self.head(self.encoder(x)), **two).eval()
    finder = modules("core.export.find_network")

    it = finder.network_named(parts, (parts.get_submodule("encoder"), (torch.ones(7, 3),)))

    assert (it.name, list(it.inputs)) == ("encoder", ["input"])
    with pytest.raises(modules("core.errors").UserError, match="returns a Linear; expected a netw"):
        finder.network_named(parts, parts.get_submodule("encoder"))
    with pytest.raises(modules("core.errors").UserError, match="does not take its inputs"):
        finder.network_named(parts, (parts.get_submodule("encoder"), ()))


def test_inputs_are_traced_back_to_the_batch(modules: Modules, tmp_path: Path) -> None:
    preprocessing = modules("core.export.preprocessing").preprocessing
    x = torch.randn(7, 3)
    same = found(modules, Parts(lambda self, x: self.model(x), model=nn.Linear(3, 2)), x)
    made = found(modules, Parts(lambda self, x: self.model(2 * x), model=nn.Linear(3, 2)), x)

    whole, other = (preprocessing(it, None, None, None, {"x": x}) for it in (same, made))

    assert whole["inputs"][0]["of"] == "batch['x']"
    assert other["inputs"][0]["of"] is None
    assert "input: predict_step in module.py makes it of the batch" in other["not_known"][0]
