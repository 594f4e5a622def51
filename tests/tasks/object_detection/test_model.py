"""The networks: shapes, the way from boxes to maps and back, the loss, and torchvision's models."""

from typing import Any

import pytest
import torch
from harness.matrix import spanned
from modules import Modules

TORCHVISION = [
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "retinanet_resnet50_fpn",
    "retinanet_resnet50_fpn_v2",
    "fcos_resnet50_fpn",
]
# Built of the parts of those that stay: another size, another head of the same kind.
LIKE_OTHERS = [
    "fasterrcnn_resnet50_fpn_v2",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "retinanet_resnet50_fpn_v2",
]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def build(
    experiment: Modules, size: int = 64, channels: int = 1, classes: int = 10, **model: Any
) -> Any:
    names = [str(number) for number in range(classes)]
    facts = experiment("data").Facts(
        names, channels, [0.0, 255.0], size, [0.5] * channels, [0.5] * channels
    )
    return experiment("model").build_model(experiment("config").ModelConfig(**model), facts)


def some_boxes(count: int = 3, side: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Objects far enough apart: one in the first image, two in the second, ... rows padded."""
    boxes, label = torch.zeros(count, 5, 4), torch.full((count, 5), -1)
    for number in range(count):
        for place in range(number + 1):
            x, y = 14 + 17 * (place % 3), 12 + 25 * (place // 3)
            width, height = 6 + 2.5 * place, 13 - 2.0 * place
            corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
            boxes[number, place] = torch.tensor(corners) * side / 64
            label[number, place] = (number + 3 * place) % 10
    return boxes, label


# --- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "levels"), [(8, 1), (64, 1), (64, 2), (63, 3), (97, 4), (128, 5)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_maps_have_a_quarter_of_the_images_size(
    experiment: Modules, size: int, levels: int, channels: int
) -> None:
    network = build(experiment, size, channels, 7, width=4, levels=levels).eval()

    maps = network(torch.zeros(2, channels, size, size))

    side = -(-size // 4)
    assert maps.heat.shape == (2, 7, side, side)
    assert maps.box.shape == (2, 4, side, side)


def test_every_weight_learns(experiment: Modules) -> None:
    network = build(experiment, width=4, levels=3)
    losses = network.loss(torch.randn(3, 1, 64, 64), *some_boxes())

    torch.stack(list(losses.values())).sum().backward()

    assert all(weight.grad.abs().sum() > 0 for weight in network.parameters())


def test_shape_sections_agree_with_the_annotations(experiment: Modules) -> None:
    mismatches = experiment("core.inspect.shape_docstrings").docstring_mismatches

    for name in (
        "data",
        "model",
        "module",
        "core.data.boxes.geometry",
        "core.module.detectors",
        "core.module.box_metrics",
    ):
        assert mismatches(experiment(name)) == []


# --- from boxes to maps and back ----------------------------------------------------------------


def test_decoding_what_was_encoded_gives_the_boxes_back(experiment: Modules) -> None:
    model = experiment("model")
    boxes, label = some_boxes(5)
    targets = model.encode(boxes, label, 10, 16, 16)
    box = torch.zeros(5, 4, 256)
    box.scatter_(2, targets.cell.unsqueeze(1).expand(-1, 4, -1), targets.box.transpose(1, 2))

    maps = model.Maps(torch.logit(targets.heat, 1e-6), box.view(5, 4, 16, 16))
    found = model.decode(maps, 12)

    for number in range(5):
        sure = found.confidence[number] > 0.99
        assert sure.sum() == number + 1
        order = found.boxes[number, sure, 0].argsort()
        true = boxes[number, : number + 1]
        expected = true[true[:, 0].argsort()]
        torch.testing.assert_close(found.boxes[number, sure][order], expected, atol=1e-3, rtol=0)
        kinds = label[number, : number + 1][true[:, 0].argsort()]
        assert found.label[number, sure][order].equal(kinds)


def test_the_heat_map_as_the_paper_writes_it(experiment: Modules) -> None:
    boxes, label = some_boxes(3)

    heat = experiment("model").encode(boxes, label, 10, 16, 16).heat

    expected = torch.zeros(3, 10, 16, 16)
    for number in range(3):
        for place in range(number + 1):
            left, top, right, bottom = (boxes[number, place] / 4).tolist()
            sigma = max(0.5, max(right - left, bottom - top) / 6)
            column, row = int((left + right) / 2), int((top + bottom) / 2)
            for y in range(16):
                for x in range(16):
                    away = (x - column) ** 2 + (y - row) ** 2
                    hill = torch.exp(torch.tensor(-away / (2 * sigma**2)))
                    here = expected[number, label[number, place]]
                    here[y, x] = max(here[y, x], hill)
    torch.testing.assert_close(heat, expected)
    assert (heat == 1).sum() == 6


def test_an_image_without_objects_is_a_cold_map(experiment: Modules) -> None:
    network = build(experiment, width=4)
    none = torch.zeros(2, 5, 4), torch.full((2, 5), -1)

    losses = network.loss(torch.randn(2, 1, 64, 64), *none)

    assert experiment("model").encode(*none, 10, 16, 16).heat.max() == 0
    assert losses["box_loss"] == 0
    assert 0 < losses["heat_loss"].item() < 100


def test_objects_in_the_corner_fit_into_the_map(experiment: Modules) -> None:
    boxes = torch.tensor([[[60.0, 60, 64, 64], [0, 0, 1, 1]]])

    targets = experiment("model").encode(boxes, torch.tensor([[0, 1]]), 2, 16, 16)

    assert targets.cell.tolist() == [[255, 0]]
    assert targets.heat[0, 0, 15, 15] == 1


# --- the loss -----------------------------------------------------------------------------------


def test_the_loss_is_the_equation(experiment: Modules) -> None:
    network = build(experiment, width=4).eval()
    image, (boxes, label) = torch.randn(3, 1, 64, 64), some_boxes()

    losses = network.loss(image, boxes, label)

    maps = network(image)
    targets = experiment("model").encode(boxes, label, 10, 16, 16)
    p, h = maps.heat.sigmoid(), targets.heat
    heat = -((1 - p) ** 2 * p.log())[h == 1].sum()
    heat -= ((1 - h) ** 4 * p**2 * (1 - p).log())[h < 1].sum()
    box = torch.zeros(())
    for number in range(3):
        for place in range(number + 1):
            row, column = divmod(int(targets.cell[number, place]), 16)
            x, y, log_width, log_height = maps.box[number, :, row, column]
            left, top, right, bottom = boxes[number, place]
            box += (x - ((left + right) / 8 - column)).abs()
            box += (y - ((top + bottom) / 8 - row)).abs()
            box += (log_width - ((right - left) / 8).log()).abs()
            box += (log_height - ((bottom - top) / 8).log()).abs()
    torch.testing.assert_close(losses["heat_loss"], heat / 6)
    torch.testing.assert_close(losses["box_loss"], 0.5 * box / 6)


def test_detections_are_sorted_and_as_many_as_allowed(experiment: Modules) -> None:
    network = build(experiment, width=4, max_detections=7).eval()

    found = network.detect(torch.randn(2, 1, 64, 64))

    assert found.boxes.shape == (2, 7, 4)
    assert (found.confidence.diff(dim=1) <= 0).all()
    assert (found.boxes[..., 2:] > found.boxes[..., :2]).all()


@pytest.mark.slow
def test_eight_images_are_learned_by_heart(experiment: Modules) -> None:
    scenes = experiment("core.data.boxes.demo_scenes").load(train=8, test=1)["train"]
    image = scenes.image.float() / 128 - 0.5
    network = build(experiment).eval()  # as the contract's test has it
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.0)

    losses = []
    for _ in range(200):
        loss = torch.stack([*network.loss(image, scenes.boxes, scenes.label).values()]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if loss < 0.1 * losses[0]:
            break

    assert losses[-1] < 0.1 * losses[0]


# --- torchvision's ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", spanned(TORCHVISION, LIKE_OTHERS))
def test_a_model_of_torchvision_makes_a_step(experiment: Modules, name: str) -> None:
    network = build(experiment, name=f"torchvision/{name}", max_detections=9, classes=4)
    image, (boxes, label) = torch.rand(2, 1, 64, 64), some_boxes(2)
    label = label.clamp(max=3)
    before = next(p.detach().clone() for p in reversed(list(network.parameters())) if p.ndim > 1)

    losses = network.loss(image, boxes, label)
    torch.stack(list(losses.values())).sum().backward()
    torch.optim.SGD(network.parameters(), lr=0.01).step()
    found = network.eval().detect(image)
    with torch.no_grad():
        in_evaluation = network.loss(image, boxes, label)

    assert all(loss.ndim == 0 and loss.isfinite() for loss in losses.values())
    after = next(p for p in reversed(list(network.parameters())) if p.ndim > 1)
    assert not after.equal(before)
    assert found.boxes.shape == (2, 9, 4)
    assert set(found.label.unique().tolist()) <= {-1, 0, 1, 2, 3}
    assert in_evaluation.keys() == losses.keys()
    assert not any(part.training for part in network.modules())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("fcos_resnet5_fpn", "no detector fcos_resnet5_fpn; did you mean fcos_resnet50_fpn?"),
        ("qqqq", "no detector qqqq; it has .*retinanet_resnet50_fpn"),
        ("maskrcnn_resnet50_fpn", "no detector maskrcnn_resnet50_fpn; did you mean fasterrcnn_r"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(
    experiment: Modules, name: str, sentence: str
) -> None:
    with pytest.raises(experiment("core.errors").UserError, match=sentence):
        build(experiment, name=f"torchvision/{name}")


def test_weights_are_published_for_torchvisions_models_only(experiment: Modules) -> None:
    with pytest.raises(experiment("core.errors").UserError, match=r"model\.pretrained"):
        build(experiment, pretrained=True)


@pytest.mark.slow
def test_published_weights_are_taken_where_they_fit(
    experiment: Modules, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models import WeightsEnum, get_model

    name = "ssdlite320_mobilenet_v3_large"  # the smallest
    published = get_model(name, weights=None, weights_backbone=None).state_dict()
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: published)

    network = build(experiment, name=f"torchvision/{name}", pretrained=True, classes=4).network

    own = network.state_dict()
    taken = [key for key in own if own[key].shape == published[key].shape]
    assert all(own[key].equal(published[key]) for key in taken)
    assert 0 < len(own) - len(taken) < 40  # the layers that depend on the classes


def test_weights_out_of_reach(experiment: Modules, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import WeightsEnum

    def no_network(*_: Any, **__: Any) -> None:
        raise OSError("Temporary failure in name resolution")

    monkeypatch.setattr(WeightsEnum, "get_state_dict", no_network)
    with pytest.raises(
        experiment("core.errors").UserError, match=r"model\.pretrained: the weights"
    ):
        build(experiment, name="torchvision/ssdlite320_mobilenet_v3_large", pretrained=True)


# --- the metric ---------------------------------------------------------------------------------


def test_right_boxes_have_the_full_precision(experiment: Modules, capsys: Any) -> None:
    boxes, label = some_boxes(4)
    found = experiment("core.module.detectors").Detections(boxes, label, (label >= 0).float())
    metric = experiment("core.module.box_metrics").BoxPrecision()

    metric.update(found, boxes, label)

    assert {name: value.item() for name, value in metric.compute().items()} == pytest.approx(
        {"map": 1.0, "map_50": 1.0}
    )
    assert capsys.readouterr().out == ""


def test_the_metric_is_that_of_pycocotools(experiment: Modules) -> None:
    from torchmetrics.detection import MeanAveragePrecision

    boxes, label = some_boxes(5)
    around = boxes + torch.randn(5, 5, 4)
    found = experiment("core.module.detectors").Detections(around, label, torch.rand(5, 5))
    metric = experiment("core.module.box_metrics").BoxPrecision()
    reference = MeanAveragePrecision(backend="pycocotools")

    metric.update(found, boxes, label)
    for number in range(5):
        there = label[number] >= 0
        one = {"boxes": around[number, there], "labels": label[number, there]}
        reference.update(
            [{**one, "scores": found.confidence[number, there]}],
            [{"boxes": boxes[number, there], "labels": label[number, there]}],
        )

    values = reference.compute()
    assert metric.compute() == {name: pytest.approx(values[name]) for name in ("map", "map_50")}


def test_nothing_to_find_is_no_error(experiment: Modules) -> None:
    none = torch.zeros(2, 5, 4), torch.full((2, 5), -1)
    metric = experiment("core.module.box_metrics").BoxPrecision()

    metric.update(experiment("core.module.detectors").Detections(*none, torch.zeros(2, 5)), *none)

    assert metric.compute()["map_50"] == 0
