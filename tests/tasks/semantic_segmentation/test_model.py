"""The networks: shapes, the loss against its equation, pixels that do not count, torchvision's."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from modules import Modules
from torch import Tensor, nn

TORCHVISION = ["deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large", "fcn_resnet50"]


def build(
    experiment: Modules, size: int = 64, channels: int = 1, classes: int = 11, **values: Any
) -> Any:
    config = experiment("config").ModelConfig(**values)
    facts = SimpleNamespace(channels=channels, image_size=size, num_classes=classes)
    return experiment("model").build_model(config, facts)


def module_of(experiment: Modules, names: list[str], **values: Any) -> Any:
    config = experiment("config").Config()
    for name, value in values.items():
        setattr(config.model, name, value)
    facts = experiment("data").Facts(names, 1, [0.0, 255.0], 16, [0.5], [0.25])
    return experiment("module").ExperimentModule(config, facts)


@pytest.mark.parametrize(
    ("size", "patch", "levels"), [(8, 1, 1), (64, 2, 3), (62, 2, 4), (99, 3, 3), (128, 4, 5)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_each_pixel_gets_a_score_of_each_class(
    experiment: Modules, size: int, patch: int, levels: int, channels: int
) -> None:
    values = {"width": 4, "patch_size": patch, "levels": levels}
    network = build(experiment, size, channels, 7, **values).eval()

    logits = network(torch.zeros(2, channels, size, size))

    assert logits.shape == (2, 7, size, size)
    assert logits.dtype == torch.float32


def test_the_demos_network_has_the_promised_size(experiment: Modules) -> None:
    count = sum(weight.numel() for weight in build(experiment).parameters())

    assert round(count / 1e6, 2) == 0.35


def test_every_weight_learns(experiment: Modules) -> None:
    network = build(experiment, width=4)

    network(torch.randn(3, 1, 64, 64)).square().sum().backward()

    assert all(weight.grad.abs().sum() > 0 for weight in network.parameters())


def test_patches_that_do_not_fill_the_image_are_refused(experiment: Modules) -> None:
    sentence = r"model\.patch_size: 3, data\.image_size: 64: the first must divide the second"

    with pytest.raises(experiment("core.errors").UserError, match=sentence):
        build(experiment, patch_size=3)


def test_shape_sections_agree_with_the_annotations(experiment: Modules) -> None:
    mismatches = experiment("core.inspect.shape_docstrings").docstring_mismatches

    for name in (
        "data",
        "model",
        "module",
        "blocks.unet",
        "core.data.masks.geometry",
        "core.data.masks.pictures",
        "core.module.segmenters",
        "core.module.mask_metrics",
    ):
        assert mismatches(experiment(name)) == []


# --- the loss -----------------------------------------------------------------------------------


class Fixed(nn.Module):
    """A network that says the same of any image."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, image: Tensor) -> Tensor:
        return self.logits


def gradient(module: Any) -> Tensor:
    return module.model.logits.grad


def some_batch(experiment: Modules, mask: Tensor) -> Any:
    size = torch.tensor([[16, 16]] * len(mask))
    return experiment("data").Batch(torch.randn(len(mask), 1, 16, 16), mask, size)


def test_the_loss_is_the_mean_over_the_pixels_that_count(experiment: Modules) -> None:
    module = module_of(experiment, ["background", "cat", "dog"])
    logits, mask = torch.randn(2, 3, 16, 16), torch.randint(0, 3, (2, 16, 16)).byte()
    mask[:, 4:9] = 255
    module.model = Fixed(logits)

    loss = module.training_step(some_batch(experiment, mask), 0)
    loss.backward()

    chances = logits.softmax(dim=1)
    terms = [
        -chances[b, int(mask[b, y, x]), y, x].log()
        for b in range(2)
        for y in range(16)
        for x in range(16)
        if mask[b, y, x] != 255
    ]
    torch.testing.assert_close(loss.detach(), torch.stack(terms).mean())
    assert gradient(module)[:, :, 4:9].abs().max() == 0


def test_a_batch_in_which_no_pixel_counts_teaches_nothing(experiment: Modules) -> None:
    module = module_of(experiment, ["background", "cat"])
    module.model = Fixed(torch.randn(2, 2, 16, 16))

    loss = module.training_step(some_batch(experiment, torch.full((2, 16, 16), 255).byte()), 0)
    loss.backward()

    assert loss == 0
    assert gradient(module).abs().max() == 0


@pytest.mark.slow
def test_eight_images_are_learned_by_heart(experiment: Modules) -> None:
    scenes = experiment("core.data.masks.demo").load(train=8, test=1)["train"]
    image, mask = scenes.pixels.float() / 128 - 0.5, scenes.masks.long()
    network = build(experiment, width=8).eval()  # as the contract's test has it
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.0)

    losses = []
    for _ in range(200):
        loss = nn.functional.cross_entropy(network(image), mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if loss < 0.1 * losses[0]:
            break

    assert losses[-1] < 0.1 * losses[0]


# --- torchvision's ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", TORCHVISION)
def test_a_model_of_torchvision_makes_a_step(experiment: Modules, name: str) -> None:
    network = build(experiment, name=f"torchvision/{name}", classes=4)
    image, mask = torch.rand(2, 1, 64, 64), torch.randint(0, 4, (2, 64, 64))

    logits = network(image)
    nn.functional.cross_entropy(logits, mask).backward()

    assert logits.shape == (2, 4, 64, 64)
    assert all(weight.grad is not None for weight in network.parameters())
    assert network.eval()(image[:1]).shape == (1, 4, 64, 64)


def test_a_batch_of_one_is_refused_where_it_cannot_be_normalised(experiment: Modules) -> None:
    network = build(experiment, name="torchvision/deeplabv3_mobilenet_v3_large")

    with pytest.raises(experiment("core.errors").UserError, match=r"data\.drop_last=true"):
        network(torch.rand(1, 1, 64, 64))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("deeplabv3_resnet5", "no segmentation network deeplabv3_resnet5; did you mean deeplabv3_"),
        ("qqqq", "no segmentation network qqqq; it has .*lraspp_mobilenet_v3_large"),
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

    name = "lraspp_mobilenet_v3_large"  # the smallest
    published = get_model(name, weights=None, weights_backbone=None).state_dict()
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: published)

    network = build(experiment, name=f"torchvision/{name}", pretrained=True, classes=4).network

    own = network.state_dict()
    taken = [key for key in own if own[key].shape == published[key].shape]
    assert all(own[key].equal(published[key]) for key in taken)
    assert len(own) - len(taken) == 4  # weight and bias of the two convolutions that name classes


def test_weights_out_of_reach(experiment: Modules, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import WeightsEnum

    def no_network(*_: Any, **__: Any) -> None:
        raise OSError("Temporary failure in name resolution")

    monkeypatch.setattr(WeightsEnum, "get_state_dict", no_network)
    with pytest.raises(
        experiment("core.errors").UserError, match=r"model\.pretrained: the weights"
    ):
        build(experiment, name="torchvision/lraspp_mobilenet_v3_large", pretrained=True)
