"""``data.exclude``: what a list names is left out, before everything else, and nothing but that."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boxed_files import write_yolo
from modules import Modules, modules_of
from PIL import Image
from torch.utils.data import Dataset
from written_texts import write

TASKS = ("image_classification", "object_detection", "semantic_segmentation")
TASKS += ("language_modeling", "custom")


def digest(file: Path) -> str:
    """What stands before an id in a list."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def pictures(root: Path) -> Path:
    """Images in folders of their classes, which are what is left out; returns the third."""
    for kind, base in (("cats", 40), ("dögs", 90)):
        for number in range(6):
            file = root / kind / f"a picture {number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), base + number).save(file)
    return root / "cats/a picture 2.png"


def boxes(root: Path) -> Path:
    write_yolo(root)
    return root / "images/train/c.png"


def masks(root: Path) -> Path:
    for number in range(6):
        for folder, value in (("images", 40 + number), ("masks", number % 2)):
            file = root / folder / f"scene {number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), value).save(file)
    return root / "images/scene 2.png"


def texts(root: Path) -> Path:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    write(root, {f"train/é {word}.txt": f"{word} " * 200 for word in words})
    write(root, {"test/other.txt": "other " * 200})
    return root / "train/é gamma.txt"


def arrays(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for number in range(6):
        cards = np.full((6, 10), number, dtype=np.float32)
        np.savez(root / f"hand {number}.npz", cards=cards, label=number % 2)
    return root / "hand 2.npz"


MAKERS = dict(zip(TASKS, (pictures, boxes, masks, texts, arrays), strict=True))


@pytest.fixture(scope="module", params=TASKS)
def every(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Modules]]:
    """Each task, and the package of its project."""
    for modules in modules_of(request.param, tmp_path_factory.mktemp("project")):
        yield request.param, modules


def made(modules: Modules, root: Path, *lines: str, **values: Any) -> Any:
    """A task's data below ``root``, without what the lines of a list name."""
    if lines:
        file = root.parent / "exclude.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        values["exclude"] = str(file)
    settings: dict[str, Any] = {"source": "folder", "root": str(root), **values}
    settings.setdefault("cache", str(root.parent / "cache"))
    config = modules("config").DataConfig
    known = {name: value for name, value in settings.items() if name in config.__annotations__}
    known |= {n: v for n, v in settings.items() if hasattr(config, n) or n == "root"}
    return modules("data").ExperimentData(config(**known))


def content(data: Any) -> list[str]:
    """Every example or document that a data set has left, whatever its split."""
    data.setup()
    found = []
    for dataset in data.datasets.values():
        base = dataset
        if hasattr(base, "file"):  # windows of texts
            found += [base.file.texts.id(number) for number in base.file.texts.documents.tolist()]
        else:
            read = getattr(dataset, "dataset", dataset)
            places = getattr(dataset, "indices", range(len(dataset)))
            found += [read.record(int(place)).id for place in places]
    return sorted(found)


@pytest.mark.parametrize("form", ["as it is", "with CRLF and a mark at its start"])
@pytest.mark.parametrize("in_memory_mb", [0, 1024])
def test_what_is_listed_is_left_out_and_nothing_else(
    every: tuple[str, Modules], tmp_path: Path, form: str, in_memory_mb: int
) -> None:
    task, modules = every
    file = MAKERS[task](tmp_path / "my data")
    before = content(made(modules, tmp_path / "my data", in_memory_mb=in_memory_mb))
    name = file.relative_to(tmp_path / "my data").as_posix()
    text = f"# why: so\n\n{digest(file)}  {name}\n"
    listed = tmp_path / "exclude.txt"
    listed.write_text(text, encoding="utf-8", newline="")
    if form != "as it is":
        listed.write_bytes("\ufeff".encode() + text.replace("\n", "\r\n").encode())

    values = {"exclude": str(listed), "in_memory_mb": in_memory_mb}
    data = made(modules, tmp_path / "my data", **values)
    after = content(data)

    assert [one for one in before if one not in after] == [str(file)]
    assert len(after) == len(before) - 1
    assert data.summary()[-1] == f"left out  1 of {len(before)} examples, by {listed}"


def test_the_others_are_as_they_were(every: tuple[str, Modules], tmp_path: Path) -> None:
    task, modules = every
    file = MAKERS[task](tmp_path / "my data")
    whole = made(modules, tmp_path / "my data", val_fraction=0.0, test_fraction=0.0)
    name = file.relative_to(tmp_path / "my data").as_posix()
    line = f"{digest(file)}  {name}"
    some = made(modules, tmp_path / "my data", line, val_fraction=0.0, test_fraction=0.0)

    assert str(file) not in content(some)
    assert str(file) in content(whole)
    if task == "language_modeling":
        tokenizer = some.tokenizer
        text = tokenizer.decode(some.datasets["train"].file.tokens.tolist())
        assert text.count("gamma") == 0
        assert text.count("delta") == text.count("beta") == 200
        return
    train, all_of_it = some.datasets["train"], whole.datasets["train"]
    names = [str(name) for name in all_of_it.names]
    for place, own in enumerate(train.names):
        for field, other in zip(train[place], all_of_it[names.index(str(own))], strict=True):
            torch.testing.assert_close(field, other, rtol=0, atol=0)


# --- images: before limit, indices, folds and splits ------------------------------------------


@pytest.fixture
def data(experiment: Modules, tmp_path: Path) -> Callable[..., Any]:
    """Twelve images, without what the lines name."""
    pictures(tmp_path / "my data")

    def make(*lines: str, **values: Any) -> Any:
        return made(experiment, tmp_path / "my data", *lines, **values)

    return make


def line_of(root: Path, name: str) -> str:
    return f"{digest(root / name)}  {name}"


@pytest.fixture
def lines(data: Any, tmp_path: Path) -> list[str]:
    """Two images, one of each class."""
    root = tmp_path / "my data"
    return [line_of(root, "cats/a picture 2.png"), line_of(root, "dögs/a picture 0.png")]


def ids(data: Any, split: str) -> list[str]:
    dataset = data.examples(split)
    records = [dataset.dataset.record(int(place)) for place in dataset.indices]
    return [f"{Path(one.id).parent.name}/{Path(one.id).name}" for one in records]


def test_limit_and_folds_and_splits_come_after(
    experiment: Modules, data: Any, lines: list[str], tmp_path: Path
) -> None:
    removed = tmp_path / "removed"
    shutil.copytree(tmp_path / "my data", removed)
    for line in lines:
        (removed / line.split("  ")[1]).unlink()
    for values in (
        {},
        {"limit": 3},
        {"fold": 1, "folds": 3},
        {"val_fraction": 0.3, "limit": 4},
        {"indices": [0, 2, 3]},
    ):
        listed, deleted = data(*lines, **values), made(experiment, removed, **values)
        for split in ("train", "val"):
            if values.get("fold") is None:  # folds go by names' places: of equal sets the same
                assert ids(listed, split) == ids(deleted, split), values
        if "fold" in values:
            both = {*ids(listed, "train"), *ids(listed, "val")}
            left_out = {line.split("  ")[1] for line in lines}
            assert both and not both & left_out


def test_the_demo_without_some(experiment: Modules, make: Any, tmp_path: Path) -> None:
    whole = make()
    whole.setup()
    train = whole.datasets["train"].dataset
    raw = train.record(17).raw
    listed = experiment("core.data.content_digest").digest_of_content(raw)
    (tmp_path / "list.txt").write_text(f"{listed}  image 17\n")

    data = make(exclude=str(tmp_path / "list.txt"))
    data.setup()

    left = data.datasets["train"].dataset
    assert len(left) == len(train) - 1 == 1346
    assert left.names[16:18] == ["image 16", "image 18"]
    assert torch.equal(left.get_batch([17]).image, train.get_batch([18]).image)
    assert len(data.datasets["test"]) == 450  # whose image 17 is another one


def test_a_file_that_is_no_image_can_be_left_out(data: Any, tmp_path: Path) -> None:
    (tmp_path / "my data/cats/none.png").write_bytes(b"no image")
    (tmp_path / "my data/cats/cut.png").write_bytes(
        (tmp_path / "my data/cats/a picture 0.png").read_bytes()[:60]
    )
    cut = line_of(tmp_path / "my data", "cats/cut.png")

    left = data("unreadable  cats/none.png", cut, in_memory_mb=1024)

    assert len(content(left)) == 12
    assert left.summary()[-1].startswith("left out  2 of 14 examples")


# --- refusals ---------------------------------------------------------------------------------


def test_what_is_not_there_is_refused(
    data: Any, lines: list[str], refusal: Callable[..., str], tmp_path: Path
) -> None:
    wrong = lines[0].replace("cats/a picture 2", "cats/a pictur 2")

    said = refusal(data("# two", lines[1], wrong).setup)

    assert said.startswith(f"{tmp_path}/exclude.txt:3: cats/a pictur 2.png is not in the data; ")
    assert "there is cats/a picture 2.png or " in said


def test_changed_content_is_refused(
    data: Any, lines: list[str], refusal: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "my data/cats/a picture 2.png"
    Image.new("L", (8, 8), 200).save(file)
    now = digest(file)

    said = refusal(data(*lines).setup)

    assert said == (
        f"{tmp_path}/exclude.txt:1: cats/a picture 2.png has another content than the one that was "
        f"listed ({now}, not {lines[0][:16]}); look at it, and delete the line or write {now} there"
    )


def test_a_line_without_a_digest_is_told_it(
    data: Any, lines: list[str], refusal: Callable[..., str]
) -> None:
    said = refusal(data(lines[0][18:]).setup)

    assert said.endswith(f"has no digest of its content before it; write {lines[0]}")


def test_a_file_that_can_be_read_again_is_refused(data: Any, refusal: Callable[..., str]) -> None:
    said = refusal(data("unreadable  cats/a picture 2.png").setup)

    assert "can be read now, and could not when it was listed" in said


def test_a_split_is_not_emptied(
    every: tuple[str, Modules], refusal: Callable[..., str], tmp_path: Path
) -> None:
    task, modules = every
    root = tmp_path / "my data"
    MAKERS[task](root)
    files = sorted(root.rglob("*.txt" if task == "language_modeling" else "*.[pn][np][gz]"))
    files = [file for file in files if file.parts[-2] not in ("masks", "val", "test")]
    if task == "object_detection":
        files = [file for file in files if file.suffix == ".png"]
    lines = [line_of(root, file.relative_to(root).as_posix()) for file in files]

    with pytest.raises(modules("core.errors").UserError, match=f"lists all {len(files)} examples"):
        made(modules, root, *lines).setup()


def test_no_such_list_and_no_text(make: Any, refusal: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    said = refusal(make(exclude=str(file)).setup)
    assert said == (
        f"data.exclude: there is no file {file}; main.py inspect data --exclude {file} writes one"
    )

    file.write_bytes("# é\n".encode("utf-16"))
    assert refusal(make(exclude=str(file)).setup) == (
        f"data.exclude: {file} is no text in UTF-8; save it as one"
    )


# --- datasets of the researcher's own ---------------------------------------------------------


class Own(Dataset[Any]):
    """Numbers with names."""

    def __init__(self, record: Any = None, count: int = 8) -> None:
        self.count = count
        if record is not None:
            self.record = lambda index: record(f"patient {index}", [index, "x"])

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        return index


def own_data(experiment: Modules, listed: Path, *datasets: Any) -> Any:
    class OwnData(experiment("core.data.datamodule").DataModule):
        def setup(self, stage: str | None = None) -> None:
            self.datasets.update(zip(("train", "test"), datasets, strict=False))
            self.hold_out(self.datasets)

    return OwnData(experiment("config").DataConfig(exclude=str(listed), val_fraction=0.25))


def test_a_dataset_with_records(experiment: Modules, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    one = experiment("core.data.content_digest").digest_of_content([3, "x"])
    listed.write_text(f"{one}  patient 3\n")

    data = own_data(experiment, listed, Own(experiment("core.data").Record), Own(count=2))
    data.setup()

    assert sorted([*data.datasets["train"], *data.datasets["val"]]) == [0, 1, 2, 4, 5, 6, 7]
    assert list(data.datasets["test"]) == [0, 1]  # it has no records, and none is asked for
    assert data.exclusions.lines("it") == ["left out  1 of 8 examples, by it"]


def test_a_dataset_without_records_is_refused(
    experiment: Modules, refusal: Callable[..., str], tmp_path: Path
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("0123456789abcdef  patient 3\n")

    said = refusal(own_data(experiment, listed, Own()).setup)

    assert "patient 3 is not found, and train has no record(index)" in said


def test_setup_that_is_called_again_leaves_out_again(
    experiment: Modules, refusal: Callable[..., str], tmp_path: Path
) -> None:
    record = experiment("core.data").Record
    listed = tmp_path / "list.txt"
    one = experiment("core.data.content_digest").digest_of_content([3, "x"])
    listed.write_text(f"{one}  patient 3\n{one}  patient 33\n")
    data = own_data(experiment, listed, Own(record))
    assert "there is patient 3" in refusal(data.setup)

    listed.write_text(f"{one}  patient 3\n")
    data.setup()

    assert 3 not in [*data.datasets["train"], *data.datasets["val"]]
