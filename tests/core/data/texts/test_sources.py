"""Promises of the texts: no paragraph in two splits, nothing lost, bad input gets a sentence."""

import hashlib
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from modules import Modules
from written_texts import documents_of, poem, text_of, write

Refusal = Callable[[Callable[[], Any]], str]


# --- the demo ------------------------------------------------------------------------------------


def test_no_paragraph_of_the_demo_is_in_two_splits(experiment: Modules) -> None:
    splits = experiment("core.data.texts.demo_topics").load()

    paragraphs = {
        name: {
            " ".join(part.split()) for topic in documents_of(texts) for part in topic.split("\n\n")
        }
        for name, texts in splits.items()
    }

    assert list(splits) == ["train", "val", "test"]
    assert min(map(len, paragraphs.values())) > 30
    assert not paragraphs["train"] & paragraphs["test"]
    assert not paragraphs["train"] & paragraphs["val"]
    assert not paragraphs["val"] & paragraphs["test"]


def test_a_topic_of_the_demo_never_changes_its_split(experiment: Modules) -> None:
    topics = experiment("core.data.texts.demo_topics")

    names = " ".join([*topics.TEST, "/", *topics.VAL])

    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "c94c4df84cc70904"
    assert len({*topics.TEST, *topics.VAL}) == len(topics.TEST) + len(topics.VAL)


def test_the_demo_is_read_alike_each_time(experiment: Modules) -> None:
    first, again = (
        experiment("core.data.texts.demo_topics").load(),
        experiment("core.data.texts.demo_topics").load(),
    )

    assert {name: texts.key for name, texts in first.items()} == {
        name: texts.key for name, texts in again.items()
    }
    assert 0.08 < first["test"].num_bytes / first["train"].num_bytes < 0.2


def test_a_repeated_paragraph_stays_with_the_held_out_topic(experiment: Modules) -> None:
    topics = {
        "zebra": "One.\n\nTwo.",
        "calls": "Two.\n\nThree.",
        "apple": "Three.\n \nFour.\n\nFour.",
    }

    unique = experiment("core.data.texts.demo_topics").without_repetitions(topics)

    assert unique == {"calls": "Two.\n\nThree.", "apple": "Four.", "zebra": "One."}


def test_a_python_without_its_topics_is_told(
    experiment: Modules, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = experiment("core.data.texts.demo_topics")
    for content in ({}, {"other": "text"}, None):
        module = ModuleType("pydoc_data.topics")
        module.topics = content  # pyright: ignore[reportAttributeAccessIssue]
        monkeypatch.setitem(topics.__dict__, "import_module", lambda name, found=module: found)

        assert "pydoc_data" in refusal(topics.load)


# --- pieces and splits ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        poem(3000),
        "word " * 20_000,
        "x" * 50_000,
        "日本語のテキスト。" * 9_000,
        "\n" * 40_000,
        "short",
    ],
)
def test_pieces_are_the_whole_text(experiment: Modules, text: str) -> None:
    module = experiment("core.data.texts.documents")
    parts = [text[start : start + 7001] for start in range(0, len(text), 7001)]

    pieces = list(module.pieces_of(parts))

    assert "".join(piece.text for piece in pieces) == text
    assert [piece.begins for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    assert max(len(piece.text) for piece in pieces) <= module.PIECE
    if text.startswith("A rose"):
        assert all(piece.text.startswith("\n") for piece in pieces[1:])


def test_whole_documents_are_held_out_each_by_its_own_draw(experiment: Modules) -> None:
    texts = experiment("core.data.texts.documents")
    documents = [f"document {i}" for i in range(1000)]

    rest, held = texts.from_strings(documents, "some").split("test", 0.2, 0)
    _, of_more = texts.from_strings([*documents, "one more"], "some").split("test", 0.2, 0)

    assert sorted(documents_of(rest) + documents_of(held)) == sorted(documents)
    assert 150 < len(held.documents) < 250
    assert set(documents_of(held)) == set(documents_of(of_more)) - {"one more"}
    assert len({rest.key, held.key, of_more.key}) == 3


def test_of_one_long_text_the_end_is_held_out(experiment: Modules) -> None:
    whole = experiment("core.data.texts.documents").from_strings([poem(30_000)], "one")

    rest, test = whole.split("test", 0.1, 0)
    train, val = rest.split("val", 0.2, 0)

    assert text_of(train) + text_of(val) + text_of(test) == text_of(whole)
    lengths = [len(text_of(part)) / whole.num_bytes for part in (train, val, test)]
    assert lengths == pytest.approx([0.72, 0.18, 0.1], abs=0.02)
    assert next(iter(val.pieces())).begins


@pytest.mark.parametrize("count", [1, 3, 12, 30, 34, 40, 49, 50, 60, 120])
def test_no_line_is_in_two_splits_and_none_is_lost(experiment: Modules, count: int) -> None:
    documents = [poem(40 if i % 3 else 900, f"rose{i}") for i in range(count)]
    whole = experiment("core.data.texts.documents").from_strings(documents, "some")

    rest, test = whole.split("test", 0.1, 0)
    train, val = rest.split("val", 0.15, 0)

    lines = [text_of(part).splitlines() for part in (train, val, test)]
    assert sorted(line for part in lines for line in part if line) == sorted(
        line for document in documents for line in document.splitlines()
    )
    assert min(map(len, lines)) > 0


def test_the_share_held_out_is_one_of_the_text_that_is_read(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    text = poem(3000)
    write(tmp_path, {"a.txt": b"\xd8\0" * 200_000, "b.txt": text.encode("utf-32")})
    settings = {"source": "folder", "root": str(tmp_path), "encoding": "utf-32"}

    texts = make(**settings, on_error="skip").read_source()["train"]
    rest, test = texts.split("test", 0.25, 0)

    assert text_of(rest) + text_of(test) == text
    assert len(text_of(test)) / len(text) == pytest.approx(0.25, abs=0.03)


def test_one_document_at_least_is_held_out(experiment: Modules) -> None:
    texts = experiment("core.data.texts.documents")
    some = texts.from_strings([f"document {i}" for i in range(50)], "some")

    held = [len(some.split("test", 0.1, seed)[1].documents) for seed in range(2000)]

    assert min(held) == 1  # 0.9 ** 50 is one in 200


def test_a_share_of_zero_makes_no_split(make: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": poem(2000)})
    settings = {"source": "folder", "root": str(tmp_path), "vocab_size": 300, "window": 16}

    data = make(**settings, test_fraction=0.0, val_fraction=0.0)

    data.setup()
    assert list(data.datasets) == ["train"]
    assert data.val_dataloader() == []


# --- folders -------------------------------------------------------------------------------------


def test_a_folder_with_splits(make: Callable[..., Any], tmp_path: Path) -> None:
    files = {"train/a.txt": poem(), "train/more/b.txt": poem(word="tulip"), "test/c.txt": poem(90)}
    write(tmp_path, {**files, "valid/d.md": poem(80), "train/.hidden": b"\0", ".tokens/x": b"\0"})

    data = make(source="folder", root=str(tmp_path), vocab_size=300, window=16)

    texts = data.read_source()
    assert documents_of(texts["train"]) == [poem(), poem(word="tulip")]
    assert text_of(texts["test"]) == poem(90)
    assert text_of(texts["val"]) == poem(80)
    batch = next(iter(data.train_dataloader()))
    assert batch.tokens.shape == (128, 16)


def test_a_folder_without_splits_is_split_here(make: Callable[..., Any], tmp_path: Path) -> None:
    words = [f"word{i}" for i in range(200)]
    write(tmp_path, {f"{word}.txt": poem(20, word) for word in words})

    data = make(source="folder", root=str(tmp_path), vocab_size=300, window=16)

    data.setup()
    lengths = [len(data.datasets[split]) for split in ("train", "val", "test")]
    assert lengths[0] > 5 * lengths[1] / 2 > lengths[2] / 2 > 10
    found = {
        split: set(data.tokenizer.decode(windows.file.tokens.tolist()).split())
        for split, windows in data.datasets.items()
    }
    assert not {"word7", "word8"} <= found["test"] & found["train"]


def test_other_encodings(make: Callable[..., Any], tmp_path: Path) -> None:
    text = poem(word="rosé")
    write(tmp_path, {"train/a.txt": text.encode("latin-1"), "test/b.txt": text.encode("latin-1")})

    latin = make(source="folder", root=str(tmp_path), encoding="latin-1").read_source()

    assert text_of(latin["train"]) == text
    write(tmp_path / "wide", {"train/a.txt": text.encode("utf-16")})
    wide = make(source="folder", root=str(tmp_path / "wide"), encoding="utf-16").read_source()
    assert text_of(wide["train"]) == text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"text\0text", "a.txt is no text: byte 4 is zero, as in binary files: "),
        (
            b"one\ntwo\nthr\xe9e",
            "a.txt is not utf-8: byte 11 (line 3) is 0xe9: set data.encoding, ",
        ),
        (b"x" * 2**20 + b"\n\xff", f"byte {2**20 + 1} (line 2) is 0xff"),
        ("€".encode()[:2], "a.txt is not utf-8: byte 0 (line 1) is 0xe2"),
        (b"y" * (2**20 - 1) + b"\xe2(", f"byte {2**20 - 1} (line 1) is 0xe2"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_its_place(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path, content: bytes, sentence: str
) -> None:
    write(tmp_path, {"train/a.txt": content, "train/b.txt": poem(), "test/c.txt": poem()})

    message = refusal(make(source="folder", root=str(tmp_path), vocab_size=300).setup)

    assert sentence in message
    assert message.endswith("replace it, or set data.on_error=skip")


def test_utf_16_without_its_mark_is_refused(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path
) -> None:
    write(tmp_path, {"train/a.txt": poem().encode("utf-16-le"), "test/b.txt": poem()})

    message = refusal(make(source="folder", root=str(tmp_path), encoding="utf-16").setup)

    assert "a.txt is not utf-16: " in message
    assert message.endswith("set data.encoding, replace it, or set data.on_error=skip")


@pytest.mark.parametrize("name", ["hex", "rot13", "base64", "undefined", "none"])
def test_what_is_no_encoding_of_texts_is_refused(experiment: Modules, name: str) -> None:
    with pytest.raises(ValueError, match=f"encoding is {name}; Python knows no encoding of texts"):
        experiment("config").DataConfig(source="folder", encoding=name)


def test_what_was_skipped_once_still_raises_where_that_is_asked_for(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path
) -> None:
    write(tmp_path, {"train/a.txt": b"\0", "train/b.txt": poem(), "test/c.txt": poem()})
    settings = {"source": "folder", "root": str(tmp_path), "vocab_size": 300, "window": 16}
    make(**settings, on_error="skip").setup()

    assert "a.txt is no text" in refusal(make(**settings).setup)


def test_what_is_no_text_can_be_skipped_and_is_counted(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    write(tmp_path, {"train/a.txt": b"\0", "train/b.txt": poem(), "train/c.txt": b"\xff"})
    write(tmp_path, {"test/d.txt": poem(60), "val/e.txt": poem(50)})
    settings = {"source": "folder", "root": str(tmp_path), "on_error": "skip", "window": 16}

    for _ in range(2):  # also when the cache has the rest
        data = make(**settings, vocab_size=300)

        (line,) = [line for line in data.summary() if "left out" in line]
        assert line.strip().startswith("documents cannot be read: left out (2, the first: ")
        assert line.endswith("a.txt is no text: byte 0 is zero, as in binary files: replace it)")
        assert data.tokenizer.decode(data.datasets["train"].file.tokens.tolist()) == poem()


def test_only_unreadable_files(make: Callable[..., Any], refusal: Refusal, tmp_path: Path) -> None:
    write(tmp_path, {"train/a.txt": poem(), "val/b.txt": poem(), "test/c.txt": b"\0"})
    settings = {"source": "folder", "root": str(tmp_path), "on_error": "skip", "vocab_size": 300}

    message = refusal(make(**settings).setup)

    assert "test holds no text: documents cannot be read: left out (1: " in message


def test_a_folder_that_is_not_there_or_empty(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path
) -> None:
    missing = refusal(make(source="folder", root="/no/such/place").setup)
    empty = refusal(make(source="folder", root=str(tmp_path)).setup)

    assert missing.startswith("data.root: there is no folder /no/such/place; expected train/FILE")
    assert "holds no file; expected train/FILE.txt" in empty


def test_a_text_that_is_shorter_than_a_window(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path
) -> None:
    write(tmp_path, {"train/a.txt": poem(), "val/b.txt": "Too short.", "test/c.txt": poem()})

    message = refusal(make(source="folder", root=str(tmp_path), vocab_size=300).setup)

    found = re.search(
        r"val has (\d+) tokens, too few for data.window=128, which takes 129", message
    )
    assert found
    assert message.endswith(f"as much text, or set data.window={int(found[1]) - 1} or less")


# --- Hugging Face --------------------------------------------------------------------------------


def saved(folder: Path, rows: list[Any], **others: list[Any]) -> str:
    hub = import_module("datasets")
    splits = {
        name: hub.Dataset.from_dict({"content": values, "row": list(range(len(values)))})
        for name, values in {"train": rows, **others}.items()
    }
    hub.DatasetDict(splits).save_to_disk(folder)
    return str(folder)


def test_huggingface_reads_a_saved_data_set(make: Callable[..., Any], tmp_path: Path) -> None:
    rows = [poem(3, f"flower{i}") for i in range(2500)]
    path = saved(tmp_path / "hub", rows, validation=rows[:90], test=rows[90:200])
    settings = {"source": "huggingface", "dataset": path, "text_column": "content"}

    data = make(**settings, root=str(tmp_path), vocab_size=300, window=16)

    texts = data.read_source()
    assert documents_of(texts["train"]) == rows
    assert documents_of(texts["val"]) == rows[:90]
    assert texts["train"].num_bytes == pytest.approx(len("".join(rows)), rel=0.1)
    assert next(iter(data.test_dataloader())).tokens.shape == (128, 16)


def test_the_rows_of_huggingface_can_be_lines_of_one_text(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    lines = ["", " = Title = \n", "", *poem(3000).splitlines(keepends=True)]
    path = saved(tmp_path / "hub", lines)
    settings = {"source": "huggingface", "dataset": path, "text_column": "content"}

    data = make(**settings, root=str(tmp_path), rows_are_documents=False, vocab_size=300)

    assert documents_of(data.read_source()["train"]) == ["".join(lines)]
    data.setup()
    held_out = data.tokenizer.decode(data.datasets["test"].file.tokens.tolist())
    assert poem(3000).endswith(held_out)
    assert len(held_out) > 1000


def test_rows_without_the_ends_of_their_lines_get_them(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    path = saved(tmp_path / "hub", ["one", "", "two\n", None, "three"])
    settings = {"source": "huggingface", "dataset": path, "text_column": "content"}

    data = make(**settings, root=str(tmp_path), rows_are_documents=False)

    assert text_of(data.read_source()["train"]) == "one\ntwo\nthree\n"


def test_a_row_without_text(make: Callable[..., Any], refusal: Refusal, tmp_path: Path) -> None:
    path = saved(tmp_path / "hub", [poem(), None, poem(), ""], validation=[poem()], test=[poem()])
    settings = {"source": "huggingface", "dataset": path, "text_column": "content"}
    settings |= {"root": str(tmp_path), "vocab_size": 300}

    message = refusal(make(**settings).setup)

    assert "row 1 has no text in content, and 2 of 4 rows have none: " in message
    assert "set data.rows_are_documents=false if its rows are the lines of one text" in message
    assert message.endswith(", or set data.on_error=skip")
    (line,) = [line for line in make(**settings, on_error="skip").summary() if "no text" in line]
    assert line.strip().startswith("rows have no text in content: passed over (2, the first: ")
    assert line.endswith("row 1)")


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("contents", "has no column contents, only content, row; did you mean content?"),
        ("row", "holds int64, expected string: name another column, or make one text of each row"),
    ],
)
def test_a_column_that_holds_no_text(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path, column: str, sentence: str
) -> None:
    path = saved(tmp_path / "hub", [poem()])

    message = refusal(
        make(source="huggingface", dataset=path, text_column=column, root=str(tmp_path)).setup
    )

    assert message.startswith("data.text_column: ")
    assert sentence in message


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([["One.", "Two."], ["Three."]], "holds lists of string"),
        ([{"en": "One.", "de": "Eins."}], "holds objects (en, de)"),
        ([[{"role": "user", "content": "Hi."}]], "holds lists of"),
        ([b"One."], "holds binary"),
        ([True], "holds bool"),
        ([None, None], "holds null"),
    ],
)
def test_a_column_of_another_kind_is_named(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path, values: list[Any], found: str
) -> None:
    path = saved(tmp_path / "hub", values)

    message = refusal(
        make(source="huggingface", dataset=path, text_column="content", root=str(tmp_path)).setup
    )

    assert message.startswith(f"data.text_column: content of {path} (train) {found}")
    assert ", expected string: name another column, or make one text of each row" in message


def test_few_rows_without_text_are_counted(make: Callable[..., Any], tmp_path: Path) -> None:
    rows = [poem(3, f"flower{i}") for i in range(40)]
    path = saved(tmp_path / "hub", [None, *rows, "", " \n"], dev=["\ufeffHeld\r\nout.", rows[3]])
    settings = {"source": "huggingface", "dataset": path, "text_column": "content"}

    found = make(**settings, root=str(tmp_path)).read_source()

    assert documents_of(found["train"]) == rows
    assert documents_of(found["val"]) == ["Held\nout.", rows[3]]
    assert found["train"].notes.counts == {"rows have no text in content: passed over": 3}
    assert found["val"].notes.counts == {
        "rows have a byte-order mark: left out": 1,
        "rows have lines that end in \\r: read as \\n": 1,
        "documents of val are in train, too": 1,
    }


def test_a_line_that_is_no_text_is_refused_even_where_documents_are_skipped(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path
) -> None:
    write(tmp_path, {"a.jsonl": '{"text": "One."}\n{"text": 3}\n{"text": "Two."}\n'})
    settings = {"source": "folder", "root": str(tmp_path), "on_error": "skip"}

    message = refusal(make(**settings, rows_are_documents=False).read_source)

    assert "a.jsonl, line 2 has a number in text, expected a text" in message


def test_a_data_set_that_is_none(
    make: Callable[..., Any], refusal: Refusal, tmp_path: Path
) -> None:
    message = refusal(make(source="huggingface", dataset=str(tmp_path)).setup)

    assert message.startswith(f"data.dataset: {tmp_path} cannot be opened (")
    assert "expected a folder made by save_to_disk, or files that load_dataset reads" in message
