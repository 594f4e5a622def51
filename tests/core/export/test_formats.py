"""The files that a network is written to: read back, compared, refused in a line."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from modules import Modules, modules_of
from safetensors.torch import load_file
from torch import Tensor, nn


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("export"))


class Function(nn.Module):
    """A network of one function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x) * self.scale


def found(modules: Modules, network: nn.Module, x: Tensor | None = None) -> Any:
    given = (torch.randn(7, 3) if x is None else x,)
    return modules("core.export.find_network").network_named(nn.Module(), (network.eval(), given))


def refused(modules: Modules, network: nn.Module, x: Tensor | None = None) -> str:
    with pytest.raises(modules("core.errors").UserError) as refusal:
        modules("core.export.formats").traced(found(modules, network, x))
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def depends_on_data(x: Tensor) -> Tensor:
    return x + 1 if x.sum() > 0 else x - 1


def fixed_size(x: Tensor) -> Tensor:
    return x + torch.arange(2.0)[:, None] if len(x) == 2 else x


def test_control_flow_that_depends_on_data_is_refused_in_a_line(
    modules: Modules, capfd: pytest.CaptureFixture[str]
) -> None:
    said = refused(modules, Function(depends_on_data))

    assert capfd.readouterr() == ("", "")

    assert said.startswith("export: Function cannot be exported: its control flow depends on the ")


def test_a_fixed_number_of_examples_is_refused(modules: Modules) -> None:
    said = refused(modules, Function(fixed_size))

    assert "its code fixes the number of examples in a batch" in said


def test_a_first_axis_that_is_not_the_examples_is_refused(modules: Modules) -> None:
    said = refused(modules, Function(torch.relu), torch.randn(3, 7))

    assert "x, an input of Function, is (3, 7) for 7 examples" in said


def test_onnx_answers_as_torch_does_for_any_number_of_examples(
    modules: Modules, tmp_path: Path
) -> None:
    import onnxruntime

    formats, it = modules("core.export.formats"), found(modules, nn.Linear(3, 2))
    program = formats.traced(it)

    apart = formats.write_onnx(it, program, tmp_path / formats.ONNX)

    assert apart < 1e-5
    session = onnxruntime.InferenceSession(tmp_path / formats.ONNX)
    x = np.ones((11, 3), np.float32)
    outputs: Any = session.run(["output"], {"input": x})
    assert outputs[0].shape == (11, 2)
    assert session.get_inputs()[0].shape == ["batch", 3]
    assert [path.name for path in tmp_path.iterdir()] == [formats.ONNX]  # no weights beside it


def test_torch_export_is_read_back_and_asked(modules: Modules, tmp_path: Path) -> None:
    formats, it = modules("core.export.formats"), found(modules, nn.Linear(3, 2))
    program = formats.traced(it)

    assert formats.write_torch(it, program, tmp_path / formats.TORCH) < 1e-6
    (output,) = torch.export.load(tmp_path / formats.TORCH).module()(torch.ones(11, 3))
    assert output.shape == (11, 2)
    assert not formats.needs_torchvision(program)


def test_operators_of_torchvision_are_seen(modules: Modules) -> None:
    def kept(x: Tensor) -> Tensor:
        boxes = torch.cat([x[:, :2], x[:, :2] + 1], dim=1)
        return torchvision.ops.nms(boxes, x[:, 2], 0.5).sum() + x

    program = modules("core.export.formats").traced(found(modules, Function(kept)))

    assert modules("core.export.formats").needs_torchvision(program)


def test_another_answer_is_refused_with_the_figure(modules: Modules) -> None:
    check, it = modules("core.export.check"), found(modules, nn.Linear(3, 2))

    def off(inputs: Any) -> Any:
        return [output.numpy() + 0.5 * (len(output) == 7) for output in it.network(*inputs)]

    with pytest.raises(modules("core.errors").UserError) as refusal, torch.no_grad():
        check.refuse_other_answers(it, off, "a.onnx: onnxruntime")

    assert str(refusal.value) == (
        "a.onnx: onnxruntime gives another output than torch for a batch of 7: up to 0.5 apart; "
        "0.0001, relative and absolute, is allowed"
    )


def test_a_reader_that_fails_or_answers_in_another_shape_is_refused(modules: Modules) -> None:
    check, it = modules("core.export.check"), found(modules, nn.Linear(3, 2))

    def fails(inputs: Any) -> Any:
        raise RuntimeError("no\nsuch operator")

    with pytest.raises(modules("core.errors").UserError, match=r"refuses a batch of 1: no such op"):
        check.refuse_other_answers(it, fails, "reader")
    with pytest.raises(modules("core.errors").UserError, match=r"as \(1,\) for a batch of 1"):
        check.refuse_other_answers(it, lambda _: [np.zeros(1)], "reader")


def test_weights_load_by_the_networks_own_names_though_two_are_one(
    modules: Modules, tmp_path: Path
) -> None:
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    tied = nn.Sequential(first, second)
    formats = modules("core.export.formats")

    formats.write_weights(found(modules, tied), tmp_path / formats.WEIGHTS)

    state = load_file(tmp_path / formats.WEIGHTS)
    nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)).load_state_dict(state, strict=True)
    assert torch.equal(state["1.weight"], first.weight)


def test_without_the_extra_it_says_what_to_type(
    modules: Modules, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = modules("core.export.formats")
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "onnxscript" else name)

    with pytest.raises(modules("core.errors").UserError) as refusal:
        formats.refuse_missing(("onnx", "torch"))

    assert str(refusal.value) == "--format onnx: needs onnxscript; uv sync --extra onnx"
    formats.refuse_missing(("torch", "weights"))


def test_an_operator_without_counterpart_is_named(modules: Modules, tmp_path: Path) -> None:
    formats = modules("core.export.formats")

    def pairs(x: Tensor) -> Tensor:
        first, second = torch.combinations(torch.arange(x.shape[1])).T
        return x[:, first] + x[:, second]

    it = found(modules, Function(pairs))
    program = formats.traced(it)

    with pytest.raises(modules("core.errors").UserError) as refusal:
        formats.write_onnx(it, program, tmp_path / formats.ONNX)

    expected = "export: Function has no form in ONNX: its operator aten.nonzero_static has no"
    assert str(refusal.value).startswith(expected)
