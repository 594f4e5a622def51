"""``data.exclude``: before everything else, and by ids and digests that must be right."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from listed_files import digest, line_of, made, pictures
from modules import Modules
from PIL import Image
from torch.utils.data import Dataset, IterableDataset

# --- images: before limit, indices, folds and splits ------------------------------------------


@pytest.fixture
def data(experiment: Modules, tmp_path: Path) -> Callable[..., Any]:
    """Twelve images, without what the lines name."""
    pictures(tmp_path / "my data")

    def make(*lines: str, **values: Any) -> Any:
        return made(experiment, tmp_path / "my data", *lines, **values)

    return make


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
        {"fold": 0, "folds": 2},
        {"val_fraction": 0.3, "limit": 4},
        {"indices": [0, 2, 3]},
    ):
        listed, deleted = data(*lines, **values), made(experiment, removed, **values)
        for split in ("train", "val"):
            assert ids(listed, split) == ids(deleted, split), values
            assert not {line.split("  ")[1] for line in lines} & {*ids(listed, split)}


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

    left.setup()
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
        if index >= self.count:
            raise IndexError(index)
        return index


def own_data(experiment: Modules, listed: Path, *datasets: Any, parted: bool = True) -> Any:
    class OwnData(experiment("core.data.datamodule").DataModule):
        def setup(self, stage: str | None = None) -> None:
            self.datasets.update(zip(("train", "test"), datasets, strict=False))
            if parted:
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

    assert "patient 3 is not found, and the dataset of train has no record(index)" in said


def test_a_line_that_means_two_examples_is_refused(
    experiment: Modules, refusal: Callable[..., str], tmp_path: Path
) -> None:
    record = experiment("core.data").Record
    listed = tmp_path / "list.txt"
    one = experiment("core.data.content_digest").digest_of_content([0, "x"])
    listed.write_text(f"{one}  patient\n")

    twins = Own(lambda name, raw: record("patient", [0, "x"]), count=4)

    assert refusal(own_data(experiment, listed, twins).setup) == (
        f"{listed}:1: patient is what 4 examples are called, in train, with one content; delete "
        "the line, or give the examples names of their own"
    )


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[int]:
        yield from range(8)


def test_a_stream_is_left_to_who_reads_it(
    experiment: Modules, refusal: Callable[..., str], tmp_path: Path
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("0123456789abcdef  patient 3\n")

    said = refusal(own_data(experiment, listed, Stream(), parted=False).setup)

    assert said.endswith(
        "patient 3 is not found, and train is a stream, whose examples have no ids; leave it out "
        "where data.py reads the stream"
    )


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
