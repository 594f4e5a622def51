"""What one training step shows of networks of every form."""

import json
import math
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from looked_networks import Batch, Classifier
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode


class Block(nn.Module):
    """A residual block."""

    def __init__(self, dim: int = 16) -> None:
        super().__init__()
        self.layer = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layer(x).relu()


class Blocks(nn.Module):
    """Many of them."""

    def __init__(self, count: int = 5) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Block() for _ in range(count)))
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(x))


class Grouped(nn.Module):
    """A convolution of each channel by itself, and one that goes the other way, in two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.spread = nn.Linear(16, 8 * 6)
        self.depthwise = nn.Conv1d(8, 8, 3, padding=1, groups=8)
        self.back = nn.ConvTranspose1d(8, 4, 2, stride=2, groups=2)
        self.head = nn.Linear(4 * 12, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.back(self.depthwise(self.spread(x).unflatten(1, (8, 6)))).flatten(1))


class Checkpointed(Blocks):
    """Computes each block again in the backward pass."""

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False)
        return self.head(x)


class Shared(nn.Module):
    """One layer, called three times; its weight is the head's as well; one layer is frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Linear(16, 10).requires_grad_(False)
        self.layer = nn.Linear(10, 10, bias=False)
        self.head = nn.Linear(10, 10, bias=False)
        self.head.weight = self.layer.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.frozen(x)
        for _ in range(3):
            x = self.layer(x)
        return self.head(x)


class Lazy(nn.Module):
    """A layer whose size its first input says, and one that is made in the forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LazyLinear(10)
        with torch.no_grad():
            self.layer(torch.zeros(1, 16))

    def forward(self, x: Tensor) -> Tensor:
        return nn.Identity()(self.layer(x))


class Named(nn.Module):
    """Takes a dict and a keyword, gives a dict of lists."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner({"x": [x]}, scale=x.mean())["logits"][0]


class Inner(nn.Module):
    """Its part."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(16, 10)

    def forward(self, inputs: dict[str, list[Tensor]], scale: Tensor) -> dict[str, list[Tensor]]:
        return {"logits": [self.head(inputs["x"][0]) * scale]}


class Recurrent(nn.Module):
    """An LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x.unflatten(1, (4, 4)))[0][:, -1])


class Adversaries(pl.LightningModule):
    """Two networks that learn by turns, by hand."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.model, self.critic = model, nn.Linear(10, 1)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        number = batch_idx % 2
        optimizer: Any = self.optimizers()
        self.toggle_optimizer(optimizer[number])
        loss = self.critic(self.model(batch.x)).mean()
        optimizer[number].zero_grad()
        self.manual_backward(loss if number else -loss)
        optimizer[number].step()
        self.untoggle_optimizer(optimizer[number])

    def configure_optimizers(self) -> Any:
        parts = (self.model, self.critic)
        return [torch.optim.SGD(part.parameters(), lr=0.1) for part in parts], []


def test_operations_are_those_that_torch_counts(look: Any) -> None:
    network, x = Blocks(), torch.randn(32, 16)
    with FlopCounterMode(display=False) as counter:
        network(x)

    looked = look(Blocks)

    assert looked.found.flops_forward == counter.get_total_flops() == 2 * 32 * (5 * 256 + 160)
    assert looked.node("model.head").flops == 2 * 32 * 160
    # For each layer its input's gradient and its weight's; the first input needs none.
    assert looked.found.flops_step == 3 * looked.found.flops_forward - 2 * 32 * 256


def test_activations_are_each_storage_once_without_parameters(look: Any) -> None:
    plain, again = look(Blocks), look(Checkpointed)

    each = 32 * 16 * 4  # bytes
    logits = 32 * 10 * 4
    # The inputs of five blocks but the batch, the outputs of their relus, the head's input, and
    # what the loss keeps: its log-softmax, and a number.
    assert plain.found.memory.activations == pytest.approx(10 * each + logits, abs=64)
    assert again.found.memory.activations < 7 * each + logits
    assert again.found.flops_step > plain.found.flops_step
    names = [node.name for node in again.found.root.walk()]
    assert names.count("model.blocks.0") == 1  # the backward pass's call is none


def test_memory_is_counted(look: Any) -> None:
    memory, parameters = look(Blocks).found.memory, look(Blocks).found.parameters

    total = 5 * (256 + 16) + 170
    assert (parameters.total, parameters.frozen) == (total, 0)
    assert (memory.weights, memory.gradients) == (4 * total, 4 * total)
    assert 8 * total <= memory.optimizer <= 8 * total + 100  # two means, and counts of steps
    assert memory.examples == 32
    assert memory.fits


def test_what_is_shared_counts_once_and_is_said(look: Any) -> None:
    looked = look(Shared)

    found = looked.found.parameters
    assert (found.total, found.frozen) == (170 + 100, 170)
    assert found.shared == [("model.layer.weight", ["model.head.weight"])]
    calls = [node for node in looked.found.root.walk() if node.name == "model.layer"]
    assert [node.shared for node in calls] == [0, 0, 0]
    assert looked.node("model.head").shared == 100
    assert looked.node("model.frozen").frozen == 170
    assert looked.detectors == []


def test_lazy_layers_and_those_made_in_the_step(look: Any) -> None:
    looked = look(Lazy)

    assert looked.found.failure is None
    assert looked.node("model.layer").kind == "Linear"
    assert looked.node("made in the step").kind == "Identity"


def test_dicts_lists_and_keywords(look: Any) -> None:
    looked = look(Named)

    inner = looked.node("model.inner")
    assert inner.inputs == [(32, 16), ()]
    assert inner.outputs == [(32, 10)]
    assert looked.found.failure is None


def test_convolutions_in_groups_cost_as_much_backwards_as_forwards(look: Any) -> None:
    looked = look(Grouped)

    assert looked.node("model.depthwise").flops == 2 * 32 * 8 * 6 * 3
    assert looked.node("model.back").flops == 2 * 32 * 8 * 6 * 2 * 2
    first = 2 * 32 * 16 * 48  # whose inputs need no gradient
    assert looked.found.flops_step == 3 * looked.found.flops_forward - first


def test_a_recurrent_layer_costs(look: Any) -> None:
    assert look(Recurrent).node("model.lstm").flops == 2 * 32 * 4 * 4 * 8 * (4 + 8)


def test_networks_that_learn_by_turns_by_hand(look: Any) -> None:
    looked = look(Blocks, module_type=Adversaries)

    assert looked.found.failure is None
    assert looked.witness.steps == 2  # the second, since the critic had no gradient in the first
    assert looked.detectors == []
    assert looked.found.flops_forward < looked.found.flops_step


def test_sources_say_where_tensors_came_from(look: Any) -> None:
    looked = look(Blocks)

    block = looked.node("model.blocks.1")
    layer, relu, add = block.inside
    assert (layer.name, relu.name, add.name) == ("model.blocks.1.layer", "relu", "add")
    assert layer.sources == [block.number]
    assert add.sources == [block.number, relu.number]
    assert block.sources == [looked.node("model.blocks.0").number]
    assert looked.node("model").sources == [0]


def test_a_step_is_the_same_again_and_leaves_nothing_on_torch(look: Any) -> None:
    call, init = nn.Module.__call__, nn.Module.__init__

    first, second = (look(Blocks).found for _ in range(2))

    assert first.loss == second.loss
    assert (nn.Module.__call__, nn.Module.__init__) == (call, init)


def test_json_has_all_of_it_and_is_json(look: Any) -> None:
    looked = look(lambda: Blocks(2))
    looked.found.loss = float("nan")

    text = looked.core("core.inspect.network.as_json").to_json(looked.found)

    read = json.loads(text)
    assert read["loss"] is None
    assert read["parameters"]["total"] == 2 * 272 + 170
    assert read["graph"][0]["name"] == "model"
    assert read["graph"][0]["inside"][0]["inside"][1]["outputs"] == [[32, 16]]
    assert read["batch"][0] == {"name": "x", "shape": [32, 16], "type": "float32"}


class Weighted(Classifier):
    """A loss module instead of a function."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return nn.CrossEntropyLoss()(self.model(batch.x), batch.label)


def test_a_loss_module_is_understood(look: Any) -> None:
    looked = look(Blocks, module_type=Weighted)

    (loss,) = looked.witness.trace.outputs.losses
    assert loss.classes == 10
    assert loss.value == pytest.approx(math.log(10), abs=0.8)
