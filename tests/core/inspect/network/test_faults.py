"""Faults that were planted in networks are named with their line; nothing else is."""

import math
from collections.abc import Callable
from inspect import getfile, getsourcelines
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytorch_lightning as pl
import torch
from jaxtyping import Float
from looked_networks import Batch, Classifier
from torch import Tensor, nn


def line(of: type, text: str) -> str:
    """The place of the line with this text, within a class or a function."""
    lines, first = getsourcelines(of)
    number = next(place for place, one in enumerate(lines) if text in one)
    return f"{Path(getfile(of)).resolve().relative_to(Path.cwd())}:{first + number}"


class Sound(nn.Module):
    """Nothing is wrong with it.

    Shape:
        - x: ``(batch, features)``
        - output: ``(batch, classes)``, of ``features / 4 + 6``
    """

    def __init__(self, width: int = 32, classes: int = 10) -> None:
        super().__init__()
        self.first = nn.Linear(16, width)
        self.second = nn.Linear(width, width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Float[Tensor, "batch features"]) -> Float[Tensor, "batch classes"]:
        x = self.first(x).relu()
        return self.head(x + self.second(x).relu())


class Lies(Sound):
    """A docstring that lies.

    Shape:
        - x: ``(batch, features)``
        - output: ``(batch, features)``
    """

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)


class FailsInALayer(Sound):
    """The second layer wants another width."""

    def __init__(self) -> None:
        super().__init__()
        self.second = nn.Linear(31, 32)


class FailsInAnOperation(Sound):
    """Two tensors that do not fit."""

    def forward(self, x: Tensor) -> Tensor:
        wide = self.first(x)
        return self.head(wide + x)


class Cut(Sound):
    """No gradient comes through."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).relu().detach()
        return self.head(x + self.second(x).relu())


class Unused(Sound):
    """A layer that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.pooler = nn.Linear(4, 4)


class Dead(Sound):
    """The bias silences every unit."""

    def __init__(self) -> None:
        super().__init__()
        nn.init.constant_(self.second.bias, -100.0)


class Deep(nn.Module):
    """Layers whose weights all have one deviation."""

    def __init__(self, deviation: float, activation: Callable[[], nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(16, 32), activation())
        for _ in range(14):
            self.layers.append(nn.Linear(32, 32))
            self.layers.append(activation())
        self.head = nn.Linear(32, 10)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=deviation)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x))


class Confident(Sound):
    """Scores that are large before anything is learned."""

    def __init__(self) -> None:
        super().__init__()
        nn.init.normal_(self.head.weight, std=100.0)


class Flat(nn.Module):
    """Nearly all parameters behind a flatten."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
        )
        self.wide = nn.Linear(8 * 16 * 16, 100)
        self.norm = nn.LayerNorm(100)
        self.head = nn.Linear(100, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.wide(self.convolutions(x).flatten(1)).relu()))


class Single(nn.Module):
    """A group norm of one value a group."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 32)
        self.norm = nn.GroupNorm(32, 32)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.layer(x)))


def test_a_sound_network_has_no_findings(look: Any) -> None:
    looked = look(Sound)

    assert looked.found.findings == []
    assert [held.agrees for held in looked.found.held] == [True, True]
    assert looked.found.loss == pytest.approx(math.log(10), abs=0.5)


def named(looked: Any, detector: str) -> Any:
    """The only finding."""
    assert looked.detectors == [detector]
    return looked.found.findings[0]


def test_a_docstring_that_lies(look: Any) -> None:
    found = named(look(Lies), "documented_shapes")

    assert found.lines == (line(Lies, "- output:"),)
    assert found.text.endswith("Lies's docstring has output as (batch, features); (32, 10) came")


@pytest.mark.parametrize(
    ("network", "where", "says"),
    [
        (
            FailsInALayer,
            line(Sound, "self.second(x).relu()"),
            "in model.second (Linear): input (32, 32), weight (32, 31), bias (32,)",
        ),
        (
            FailsInAnOperation,
            line(FailsInAnOperation, "wide + x"),
            "in model (FailsInAnOperation): wide (32, 32), x (32, 16)",
        ),
    ],
)
def test_a_forward_that_fails_in_the_middle(network: Any, where: str, says: str, look: Any) -> None:
    looked = look(network)

    failure = looked.found.failure
    assert failure.line == where
    assert failure.sentence.endswith(says)
    assert looked.node("model.first").outputs == [(32, 32)]
    assert next(node.name for node in looked.found.root.walk() if node.failed) == "model"
    page = looked.page()
    assert 'class="row failed"' in page or 'class="row op failed"' in page
    assert says in page


def test_layers_without_gradient(look: Any) -> None:
    cut, unused = named(look(Cut), "no_gradient"), named(look(Unused), "no_gradient")

    assert cut.lines == (line(Sound, "self.first = "), line(Cut, "self.first(x)"))
    assert "model.first learns nothing: no gradient reached it in 6 training steps" in cut.text
    assert unused.lines == (line(Unused, "self.pooler"),)
    assert unused.text.endswith("it is never called")


def test_what_is_stated_is_not_asked_again(look: Any) -> None:
    assert look(Unused, stated=("model.pooler",)).detectors == []


def test_dead_units(look: Any) -> None:
    found = named(look(Dead), "dead_units")

    assert found.lines[0] == line(Sound, "self.second = ")
    assert "32 of 32 units of relu, after model.second (Linear) give zero" in found.text


def test_dead_units_of_a_trained_network_are_not_of_its_start(look: Any) -> None:
    assert look(Dead, is_new=False).detectors == []


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Deep(2.0), "activations grow"),
        (lambda: Deep(0.02), "activations shrink"),
        (lambda: Deep(0.1, nn.Sigmoid), "gradients vanish"),
    ],
)
def test_numbers_that_explode_or_vanish_with_depth(make: Any, says: str, look: Any) -> None:
    looked = look(make)

    found = [one for one in looked.found.findings if one.detector == "scale_with_depth"]
    assert any(says in one.text for one in found), [one.text for one in found]
    own = {line(Deep, "nn.Sequential(nn.Linear"), line(Deep, "append(nn.Linear")}
    own.add(line(Deep, "self.head ="))
    assert {one.lines[0] for one in found} <= own


def test_a_usual_initialisation_is_no_finding(look: Any) -> None:
    assert look(lambda: Deep(math.sqrt(2 / 32))).detectors == []


def test_a_loss_that_is_not_chance(look: Any) -> None:
    found = named(look(Confident), "loss_at_start")

    assert "confident, and wrong; chance among 10 is 2.3" in found.text
    assert found.lines == (line(Classifier, "F.cross_entropy"),)


def test_most_parameters_in_one_layer(look: Any) -> None:
    batch = (torch.randn(4, 1, 16, 16), torch.randint(0, 10, (4,)))
    found = named(look(Flat, Batch(*batch)), "one_layer")

    assert found.lines == (line(Flat, "self.wide ="),)
    assert "model.wide (Linear) has 204,900 of all" in found.text


def test_a_normalisation_of_single_values(look: Any) -> None:
    found = named(look(Single), "single_values")

    assert found.lines[0] == line(Single, "self.norm =")
    assert "normalises a single value, of which nothing is left" in found.text


def test_a_wrong_head(look: Any) -> None:
    found = named(look(lambda: Sound(classes=12)), "wrong_head")

    assert found.lines[0] == line(Sound, "self.head =")
    assert "12 scores of model.head (Linear)" in found.text
    assert "targets of 10 classes" in found.text


class Scene(NamedTuple):
    """Images with boxes."""

    image: Tensor
    boxes: Tensor
    label: Tensor


class Finder(pl.LightningModule):
    """Says of each pixel whether an object is there."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def training_step(self, batch: Scene, batch_idx: int) -> Tensor:
        return self.model(batch.image).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.parametrize(("layers", "side", "says"), [(2, 40.0, True), (2, 8.0, False)])
def test_a_receptive_field_that_is_smaller_than_the_objects(
    layers: int, side: float, says: bool, look: Any
) -> None:
    def make() -> nn.Module:
        convolutions = [nn.Conv2d(1 if not i else 4, 4, 3, padding=1) for i in range(layers)]
        return nn.Sequential(*convolutions)

    boxes = torch.tensor([[[4.0, 4.0, 4.0 + side, 9.0]]]).expand(4, 1, 4)
    batch = Scene(torch.randn(4, 1, 64, 64), boxes, torch.zeros(4, 1, dtype=torch.long))

    looked = look(make, batch, module_type=Finder)

    assert looked.detectors == ["receptive_field"] * says
    if says:
        (found,) = looked.found.findings
        assert "sees 5 pixels a side, and the usual object has 40" in found.text


class Rooted(nn.Module):
    """The root of what may be below zero."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).sqrt()


def test_an_output_that_is_not_a_number(look: Any) -> None:
    found = look(Rooted).found.findings

    assert [one.text for one in found if one.detector == "scale_with_depth"] == [
        f"{line(Rooted, '.sqrt()')}: sqrt is the first whose output is not a number"
    ]


class Masked(Sound):
    """Numbers that are none, and are not used."""

    def forward(self, x: Tensor) -> Tensor:
        odd = x.detach().sqrt()
        return super().forward(x) + torch.where(odd.isnan(), 0.0, odd).mean()


def test_what_is_no_number_and_not_used_is_left_in_peace(look: Any) -> None:
    assert look(Masked).detectors == []


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_050", "convnext_atto"])
def test_timms_networks_have_no_findings(name: str, look: Any) -> None:
    import timm

    batch = Batch(torch.randn(4, 3, 64, 64), torch.randint(0, 10, (4,)))

    looked = look(lambda: timm.create_model(name, num_classes=10), batch)

    assert looked.found.failure is None
    assert looked.detectors == []
