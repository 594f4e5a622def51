"""What a person looks at: samples, what a prediction adds to them, and how they are drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules
from PIL import Image


@pytest.fixture
def samples(experiment: Modules) -> Any:
    return experiment("core.data.samples")


@pytest.fixture
def drawing(experiment: Modules) -> Any:
    return experiment("core.inspect.drawing")


def where(picture: Any, colour: tuple[int, int, int]) -> set[tuple[int, int]]:
    """The (row, column) of every pixel that has a colour."""
    rows, columns = np.nonzero((np.asarray(picture) == colour).all(axis=2))
    return set(zip(rows.tolist(), columns.tolist(), strict=True))


def test_a_word_stands_below_an_image(samples: Any) -> None:
    image = torch.zeros(1, 8, 8)

    told = samples.with_prediction(samples.ImageSample(image, "3"), {"class": "8", "sure": 0.5})
    alone = samples.with_prediction(samples.ImageSample(image), {"score": 0.12345})

    assert (told.text, alone.text) == ("3: 8", "0.123")


def test_boxes_are_drawn_where_they_are(samples: Any, drawing: Any) -> None:
    sample = samples.BoxSample(torch.zeros(3, 96, 96), torch.tensor([[10.0, 20, 30, 50]]))
    row = {"boxes": [[40, 5, 60, 25]], "class": ["7"], "confidence": [0.93]}

    told = samples.with_prediction(sample, row)
    picture = drawing.draw(told)  # enlarged twice

    assert picture.size == (192, 192)
    true, predicted = where(picture, drawing.TRUE), where(picture, drawing.PREDICTED)
    assert {(40, 20), (40, 59), (99, 20), (99, 59)} <= true
    assert {(10, 80), (10, 119), (49, 80), (49, 119)} <= predicted
    assert (60, 40) not in true  # a frame, not an area
    assert list(told.predicted_names) == ["7: 93%"]


def test_masks_are_drawn_beside_their_image(samples: Any, drawing: Any) -> None:
    mask = torch.zeros(96, 96, dtype=torch.uint8)
    mask[10:20, 30:40], mask[90:] = 2, 255
    names = ["background", "cat", "dog"]
    sample = samples.MaskSample(
        torch.full((3, 96, 96), 50, dtype=torch.uint8), mask, names, "a.png"
    )
    predicted = Image.fromarray(np.full((96, 96), 1, np.uint8), "L")

    told = samples.with_prediction(sample, {"classes": {}, "mask": predicted})
    picture = np.asarray(drawing.draw(told))  # enlarged twice

    assert picture.shape == (192 + 16 + 16, 3 * 192 + 2 * 3, 3)
    image, truth, said = picture[:192, :192], picture[:192, 195:387], picture[:192, 390:]
    assert (image == 50).all()
    grey = (truth == 50).all(axis=2)
    assert grey.sum() == 4 * (96 * 90 - 100)
    assert not grey[20:40, 60:80].any()  # the dog
    assert not grey[180:].any()  # what does not count
    assert not (said == 50).all(axis=2).any()  # cats everywhere
    assert len(np.unique(said.reshape(-1, 3), axis=0)) == 1
    assert told.mask.equal(mask)


def test_a_mask_is_drawn_whatever_its_numbers(samples: Any, drawing: Any) -> None:
    every = torch.arange(256, dtype=torch.uint8).view(16, 16)
    names = [f"a class with a long name {number}" for number in range(255)]

    for class_names in (names, [], ["background"]):
        sample = samples.MaskSample(torch.rand(1, 16, 16), every, class_names)
        assert drawing.draw(sample).width == 2 * 192 + 3


def test_each_class_of_a_mask_has_its_name_below(samples: Any, drawing: Any) -> None:
    """Also where they take several rows, and what does not count."""
    mask = torch.arange(16, dtype=torch.uint8).view(4, 4).repeat(4, 4)
    mask[0] = 255
    names = [f"class {number}" for number in range(16)]

    picture = drawing.draw(samples.MaskSample(torch.zeros(1, 16, 16), mask, names))

    below = picture.crop((0, 192, picture.width, picture.height)).getcolors(100_000)
    there = {color for _, color in below}
    colors = drawing.class_colors(names)
    assert {tuple(colors[number].tolist()) for number in range(16)} <= there


def test_an_image_without_objects_is_drawn(samples: Any, drawing: Any) -> None:
    sample = samples.BoxSample(torch.zeros(1, 8, 8), torch.empty(0, 4))

    told = samples.with_prediction(sample, {"boxes": [], "class": [], "confidence": []})

    assert not where(drawing.draw(told), drawing.TRUE)
    assert not where(drawing.draw(told), drawing.PREDICTED)


def test_a_text_goes_on_in_another_colour(samples: Any, drawing: Any) -> None:
    text = samples.TextSample("Once upon a time\nthere was")
    told = samples.with_prediction(text, {"text": " a tensor"})

    assert where(drawing.draw(told), drawing.CONTINUED)
    assert not where(drawing.draw(text), drawing.CONTINUED)
    assert where(drawing.draw(text), drawing.INK)


def test_a_long_text_is_cut_to_the_page(samples: Any, drawing: Any) -> None:
    picture = drawing.draw(samples.TextSample("word " * 5000))

    assert picture.size == (drawing.PAGE + 2 * drawing.MARGIN, 16 * drawing.LINES)


def test_an_unknown_sample_is_named(drawing: Any) -> None:
    with pytest.raises(TypeError, match=r"no drawing is registered for dict: use @draw\.register"):
        drawing.draw({})


def test_preview_is_drawn(experiment: Modules, make: Callable[..., Any], tmp_path: Path) -> None:
    samples = make().preview(6, "test")

    experiment("core.inspect.drawing").save_grid(samples, tmp_path / "grid.png")

    assert len({sample.text for sample in samples}) > 1
    with Image.open(tmp_path / "grid.png") as sheet:
        assert sheet.width > 3 * 90
        assert sheet.height > 2 * 90
