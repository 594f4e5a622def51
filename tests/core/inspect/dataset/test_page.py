"""The page of an inspection: whole, small, escaped, and true about what a model gets."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boxed_files import noisy_scenes
from modules import Modules, modules_of
from PIL import Image

TASK = "object_detection"  # of noise, which no picture format makes small
VOID = {"meta", "img", "br", "path", "link", "input"}
SCRIPT = "<script>alert('&')</script>\"'"


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of(TASK, tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def data(core: Modules, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Scenes of noise."""
    return scenes(core, noisy_scenes(tmp_path_factory.mktemp("scenes"), 60), 64)


def scenes(core: Modules, folder: Path, image_size: int) -> Any:
    config = core("config").Config().data
    config.source, config.root, config.image_size = "folder", str(folder), image_size
    module = core("data").ExperimentData(config)
    module.prepare_data()
    module.setup("fit")
    return module


@pytest.fixture(scope="module")
def found(core: Modules) -> Any:
    """The module of what is found."""
    return core("core.inspect.dataset.inspection")


Make = Callable[..., str]


@pytest.fixture
def made(core: Modules, data: Any) -> Make:
    """The page of an inspection."""

    def make(inspection: Any, title: str = "digits", seed: int = 0) -> str:
        return core("core.inspect.dataset.page").page(inspection, data, title, seed)

    return make


def look_of(found: Any, name: str = "train", **given: Any) -> Any:
    """A look at the first examples of a split."""
    indices = list(range(40))
    return found.SplitLook(name, 40, indices, [f"{name}/{i}.png" for i in indices], **given)


def finding(found: Any, text: str = "seen", examples: int = 0, **given: Any) -> Any:
    """An error, each of whose examples is alone."""
    groups = tuple((found.ExampleId("train", i % 40, f"{i}.png"),) for i in range(examples))
    words = {"seriousness": found.Seriousness.ERROR, "advice": "do this", "groups": groups}
    return found.Finding("planted", text=text, **{**words, **given})


class Outline(HTMLParser):
    """Which elements a page has; refuses one that is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def large(found: Any) -> Any:
    """More of everything than a page has room for."""
    random = np.random.default_rng(0)
    long = "a very long text, without end " * 400
    classes = {
        f"class {i} {'x' * 300}": int(n) for i, n in enumerate(random.integers(1, 999, 1000))
    }
    properties = [found.Property(f"{i} {long}", long, random.normal(size=4000)) for i in range(60)]
    splits = [
        look_of(
            found, name, class_counts=classes, properties=properties, facts=[long] * 300,
            channels=[(0.5, 0.2)] * 4,
        )
        for name in ("train", "val", "test")
    ]  # fmt: skip
    findings = [finding(found, f"{i} {long}", 2000, advice=long, count=9000) for i in range(200)]
    extra = {f"detector {i}": [long] * 50 for i in range(50)}
    return found.Inspection(splits, findings, [long] * 500, 3.0, extra)


def test_it_is_small_whatever_the_data(found: Any, made: Make) -> None:
    text = made(large(found), "t" * 10_000)

    assert 500_000 < len(text.encode()) < 5_000_000
    outline = Outline(text)
    assert sum(a.get("class") == "card finding error" for a in outline.all("article")) == 200
    assert len(outline.all("img")) > 100
    assert "no room for more pictures" in text


def test_nothing_comes_from_elsewhere(found: Any, made: Make) -> None:
    text = made(found.Inspection([look_of(found)], [finding(found, "see http://a.b/c", 3)]))

    outline = Outline(text)
    addresses = [
        a for _, given in outline.elements for n, a in given.items() if n in {"src", "href"}
    ]
    assert len(addresses) > 10
    assert all(
        (address or "").startswith(("data:image/webp;base64,", "#")) for address in addresses
    )
    assert "default-src 'none'" in text
    assert not re.search(r"@import|url\(|<link|<iframe", text)


def test_every_picture_and_chart_is_in_words_too(found: Any, made: Make) -> None:
    properties = [found.Property("brightness", "", np.linspace(0, 1, 40))]
    look = look_of(found, class_counts={"a": 30, "b": 10}, properties=properties)

    outline = Outline(made(found.Inspection([look], [finding(found, examples=3)])))

    assert outline.all("html") == [{"lang": "en"}]
    assert all(image["alt"] for image in outline.all("img"))
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in outline.all("svg"))
    assert outline.all("svg")
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    names = [given["id"] for _, given in outline.elements if "id" in given]
    assert len(names) == len(set(names))


def test_what_the_data_is_called_is_escaped(found: Any, made: Make) -> None:
    look = found.SplitLook("train", 40, [0, 1], [SCRIPT, SCRIPT], {SCRIPT: 3, "b": 1})
    look.facts, look.properties = [SCRIPT], [found.Property(SCRIPT, SCRIPT, np.arange(2.0))]
    groups = ((found.ExampleId("train", 0, SCRIPT), found.ExampleId(SCRIPT, 99, SCRIPT)),)
    one = finding(found, SCRIPT, advice=SCRIPT, groups=groups)
    other = found.SplitLook(SCRIPT, 1, [0], ["x"])
    inspection = found.Inspection([look, other], [one], [SCRIPT], 1.0, {SCRIPT: SCRIPT})

    text = made(inspection, SCRIPT)

    assert len(Outline(text).all("script")) == 1  # the page's own
    assert "alert('" not in text
    assert text.count("&lt;script&gt;") > 8


def test_names_that_are_no_utf8_are_shown(found: Any, made: Make) -> None:
    groups = ((found.ExampleId("train", 0, "caf\udce9.png"),),)

    text = made(found.Inspection([look_of(found)], [finding(found, groups=groups)]))

    assert r"caf\xe9.png" in text
    text.encode()


def test_the_most_serious_stands_first_and_none_is_said(found: Any, made: Make) -> None:
    kinds = (found.Seriousness.NOTE, found.Seriousness.ERROR, found.Seriousness.WARNING)
    findings = [finding(found, f"this is a {kind.name}", seriousness=kind) for kind in kinds]

    text = made(found.Inspection([look_of(found)], findings))
    nothing = made(found.Inspection([look_of(found)]))

    order = ["1 error, 1 warning, 1 note", "a ERROR", "a WARNING", "a NOTE"]
    assert sorted(order, key=text.index) == order
    assert "Nothing was found that is wrong" in nothing


def test_the_list_of_ids_is_whole_and_tells_splits_apart(found: Any, made: Make) -> None:
    groups = (
        (found.ExampleId("train", 1, "image 1"), found.ExampleId("test", 1, "image 1")),
        (found.ExampleId("train", 2, "a.png"), found.ExampleId("train", 3, "b.png")),
    )

    text = made(found.Inspection([look_of(found)], [finding(found, groups=groups, count=900)]))

    (listed,) = re.findall(r"<pre[^>]*>([^<]*)</pre>", text)
    assert listed.splitlines() == ["train: image 1", "test: image 1", "a.png", "b.png"]
    assert "4 ids of 900" in text


def test_an_example_that_cannot_be_read_is_said_and_stops_nothing(
    found: Any, made: Make, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record(index: int) -> Any:
        raise OSError("broken.png: cannot identify image file")

    monkeypatch.setattr(data.datasets["train"], "record", record)

    text = made(found.Inspection([look_of(found)], [finding(found, examples=2)]))

    assert text.count("cannot be shown: broken.png: cannot identify image file") == 2


# --- before and after ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def look_at(core: Modules) -> Callable[..., Any]:
    return core("core.inspect.dataset.augmented").look_at


def test_what_is_not_augmented_looks_as_it_is(look_at: Callable[..., Any], data: Any) -> None:
    """So normalisation is undone right, and boxes stay where they are."""
    seen = look_at(data, "val", [3, 1, 7])

    assert (seen.indices, seen.remarks) == ([3, 1, 7], [])
    for before, after in zip(seen.before, seen.after, strict=True):
        assert (after.image * 255 - before.image.float()).abs().max() < 0.51
        assert torch.allclose(after.boxes, before.boxes, atol=1e-3)
        assert len(before.boxes) > 0
        assert after.names == before.names
    wanted = data.preview(len(data.examples("val")), "val")[7]
    assert seen.before[2].image.equal(wanted.image)


def test_training_examples_are_augmented_and_the_seed_says_how(
    look_at: Callable[..., Any], data: Any
) -> None:
    first, again = look_at(data, "train", [0, 1]), look_at(data, "train", [0, 1])

    for before, after, same in zip(first.before, first.after, again.after, strict=True):
        assert not torch.allclose(after.image, before.image / 255, atol=0.05)
        assert after.image.equal(same.image)


def test_the_square_that_the_model_gets_is_shown(
    core: Modules, tmp_path: Path, look_at: Callable[..., Any]
) -> None:
    """Not the part of it that the image was before."""
    module = scenes(core, noisy_scenes(tmp_path, 4, (60, 30)), 64)

    (one,) = look_at(module, "val", [0]).before
    (other,) = look_at(module, "val", [0]).after

    assert (one.image.shape[-2:], other.image.shape[-2:]) == ((30, 60), (64, 64))
    assert one.boxes[0].tolist() == pytest.approx([10.5, 7.5, 25.5, 22.5])
    assert other.boxes[0].tolist() == pytest.approx([11.2, 24, 27.2, 40])


def test_as_it_is_is_as_the_file_has_it(
    core: Modules, found: Any, tmp_path: Path, look_at: Callable[..., Any]
) -> None:
    """Not as the model's ``image_size`` has made it."""
    module = scenes(core, noisy_scenes(tmp_path, 12, (60, 30)), 16)
    seen = look_at(module, "val", [0])
    pixels = np.asarray(Image.open(tmp_path / "val/000.png"))
    assert (np.abs(seen.before[0].image[0].numpy().astype(int) - pixels) > 20).mean() > 0.5

    (one,) = core("core.inspect.dataset.raw_examples").as_they_lie(module, "val", seen)

    assert (one.image[0].numpy() == pixels).all()
    assert one.boxes[1].tolist() == pytest.approx([34.5, 7.5, 49.5, 22.5])
    sides = [
        found.Property(n, "pixels", np.full(12, v)) for n, v in (("width", 60), ("height", 30))
    ]
    look = found.SplitLook("val", 12, list(range(12)), ["a.png"] * 12, properties=sides)
    text = core("core.inspect.dataset.page").page(found.Inspection([look]), module, "scenes")
    assert text.count("60x30, to the model 16x16") == 12
    assert text.count("<b>1 × cat, 1 × dog</b>") == 12


def test_a_predicted_box_is_of_its_class_on_wandb(core: Modules, data: Any) -> None:
    """Not of a class of its own for each confidence: W&B toggles boxes by class."""
    room, box = core("core.loggers.wandb_inspection"), torch.tensor([[1.0, 2, 9, 9]])
    sample = core("core.data").BoxSample(
        torch.zeros(1, 16, 16), box, ["cat"], "", box, ["dog: 87%"]
    )
    numbers = room.class_numbers(
        data, [core("core.inspect.dataset.augmented").Examples([0], [sample])]
    )

    layers = room.media(sample, numbers)._boxes

    assert numbers == {"cat": 0, "dog": 1}
    (one,) = layers["predicted"]._val
    assert (one["class_id"], one["box_caption"]) == (1, "dog: 87%")


def test_a_preview_that_chooses_for_itself_is_not_shown_as_something_else(
    look_at: Callable[..., Any], data: Any, core: Modules
) -> None:
    class Own(core("data").ExperimentData):
        def preview(self, n: int, split: str = "train") -> list[Any]:
            return [core("core.data").ImageSample(torch.zeros(1, 8, 8), "mine")] * 5

    module = Own(data.config)

    seen = look_at(module, "train", [4, 5])

    assert len(seen.before) == 5
    assert list(seen.after) == []
    assert "does not take its examples from self.some()" in seen.remarks[0]


def test_transforms_that_fail_leave_what_they_got(
    look_at: Callable[..., Any], data: Any, core: Modules
) -> None:
    class Own(core("data").ExperimentData):
        def transforms(self, split: str) -> Any:
            return lambda sample: 1 / 0

    seen = look_at(Own(data.config), "train", [4])

    assert len(seen.before) == 1
    assert list(seen.after) == []
    assert seen.remarks == ["after transforms they cannot be drawn: division by zero"]


def test_another_seed_turns_the_page(core: Modules, found: Any, made: Make) -> None:
    random_page = core("core.inspect.dataset.split_sections").random_page
    look = look_of(found)

    pages = [random_page(look, seed) for seed in (0, 1, 0)]

    assert pages[0] == pages[2] != pages[1]
    assert all(len(set(page)) == 12 and set(page) <= set(range(40)) for page in pages)
    shown = [made(found.Inspection([look]), seed=seed) for seed in (0, 1, 0)]
    assert shown[0] == shown[2] != shown[1]


@pytest.mark.parametrize("are_shares", [True, False])
def test_a_box_is_drawn_where_it_is_annotated(
    core: Modules, found: Any, data: Any, monkeypatch: pytest.MonkeyPatch, are_shares: bool
) -> None:
    """Also one that lies outside: a finding is about just that."""
    box = [0.5, 0.5, 1.25, 1.0] if are_shares else [400, 200, 1000, 400]
    record = core("core.data.records").Record("a", Image.new("RGB", (800, 400)), [("dog", box)])
    monkeypatch.setattr(data.datasets["train"], "record", lambda index: record)

    sample = core("core.inspect.dataset.raw_examples").raw_sample(
        data, found.ExampleId("train", 0, "a")
    )

    assert sample.image.shape == (3, 96, 192)
    assert sample.boxes.tolist() == [[96, 48, 240, 96]]
