"""The networks of image classification: any size, any name, and they learn."""

import shutil
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from jaxtyping import install_import_hook

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The task's model.py in a package with core and blocks, annotations checked at every call."""
    package = tmp_path_factory.mktemp("project") / "experiment"
    shutil.copytree(ROOT / "template/experiment", package)
    for name in ("config", "data", "model"):
        shutil.copy(ROOT / f"tasks/image_classification/{name}.py", package)
    name = "experiment_of_the_models"
    init = package / "__init__.py"
    spec = spec_from_file_location(name, init, submodule_search_locations=[str(package)])
    assert spec
    sys.modules[name] = module_from_spec(spec)
    with install_import_hook([f"{name}.blocks", f"{name}.model"], "beartype.beartype"):
        model = import_module(f"{name}.model")
    return SimpleNamespace(
        file=package / "model.py",
        ModelConfig=model.ModelConfig,
        Facts=model.Facts,
        UserError=model.UserError,
        build_model=model.build_model,
        shapes=import_module(f"{name}.core.inspect.shape_docstrings"),
    )


def build(task: Any, size: int = 8, channels: int = 1, classes: int = 10, **model: Any) -> Any:
    """The network of a configuration for images of one size."""
    torch.manual_seed(0)
    facts = task.Facts(
        class_names=[str(number) for number in range(classes)],
        channels=channels,
        value_range=[0.0, 255.0],
        image_size=size,
        mean=[0.5] * channels,
        std=[0.5] * channels,
    )
    return task.build_model(task.ModelConfig(**model), facts)


@pytest.mark.parametrize("size", [1, 7, 8, 28, 32, 63, 64, 96, 224])
def test_the_convolutional_network_takes_any_size(task: Any, size: int) -> None:
    network = build(task, size, channels=3, classes=7, width=4).eval()

    assert network(torch.zeros(2, 3, size, size)).shape == (2, 7)


@pytest.mark.parametrize(("size", "side"), [(8, 8), (32, 32), (63, 63), (64, 32), (224, 56)])
def test_the_stem_leaves_less_than_64_pixels(task: Any, size: int, side: int) -> None:
    network = build(task, size, width=4)

    assert network.stem(torch.zeros(2, 1, size, size)).shape == (2, 4, side, side)


@pytest.mark.parametrize(("size", "patch"), [(8, 1), (8, 2), (28, 7), (32, 4), (224, 16)])
def test_the_vision_transformer_takes_any_size_that_patches_divide(
    task: Any, size: int, patch: int
) -> None:
    network = build(task, size, channels=3, classes=7, name="vit", width=4, patch_size=patch)

    assert network(torch.zeros(2, 3, size, size)).shape == (2, 7)
    assert len(network.blocks) == 4


def test_a_patch_that_does_not_divide_the_image_is_refused(task: Any) -> None:
    with pytest.raises(task.UserError, match=r"patch_size: 3, data\.image_size: 8"):
        build(task, name="vit", patch_size=3)


def test_shape_sections_agree_with_the_annotations(task: Any) -> None:
    assert task.shapes.docstring_mismatches(task.file) == []


@pytest.mark.parametrize(
    ("name", "size"),
    [("resnet18", 32), ("vit_tiny_patch16_224", 32), ("mobilenetv3_small_050", 64)],
)
def test_timm_is_built_by_name_for_the_datas_channels_and_classes(
    task: Any, name: str, size: int
) -> None:
    network = build(task, size, channels=1, classes=7, name=f"timm/{name}").eval()

    assert network(torch.zeros(2, 1, size, size)).shape == (2, 7)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("resnt18", "timm has no resnt18; did you mean resnet18, "),
        ("qqqqqq", r"timm has no qqqqqq; timm\.list_models\(\) has them all"),
        ("resnet18.wrong_tag", "timm/resnet18.wrong_tag cannot be built: .*wrong_tag"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(task: Any, name: str, sentence: str) -> None:
    with pytest.raises(task.UserError, match=sentence):
        build(task, name=f"timm/{name}")


def test_without_timm_the_line_to_type_is_told(task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)

    with pytest.raises(task.UserError, match=r"needs timm; uv sync --extra timm"):
        build(task, name="timm/resnet18")


def test_weights_are_published_for_timm_only(task: Any) -> None:
    with pytest.raises(task.UserError, match=r"model\.pretrained: vit has no published weights"):
        build(task, name="vit", pretrained=True)


@pytest.mark.parametrize("name", ["convnet", "vit"])
def test_one_batch_is_learned_by_heart(task: Any, name: str) -> None:
    network = build(task, name=name, width=8, dropout=0.0).train()
    images, labels = torch.randn(32, 1, 8, 8), torch.arange(32) % 10
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)

    losses = []
    for _ in range(60):
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < 0.1 * losses[0]
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
