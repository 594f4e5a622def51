"""What `predict` is given: the lines of a file or the files of a folder; else a sentence."""

import gzip
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from modules import Modules


def test_each_line_of_a_file_is_a_prompt(make: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("One prompt\n\nA longer prompt, é\r\n  indented")

    data = make()
    prompts = data.predict_dataset(tmp_path / "prompts.txt")

    assert prompts.names == ["prompts.txt:1", "prompts.txt:3", "prompts.txt:4"]
    batch = prompts.get_batch([0, 1])
    assert (batch.targets == -1).all()
    decode = data.tokenizer.decode_until_end
    rows = batch.tokens[:, 1:].tolist()
    assert [decode(row) for row in rows] == ["One prompt", "A longer prompt, é"]
    assert batch.tokens[:, 0].tolist() == [data.tokenizer.end] * 2


def test_each_file_of_a_folder_is_a_prompt(make: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("Two lines\nin one prompt")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.txt").write_text("Another")

    data = make()
    prompts = data.predict_dataset(tmp_path)

    assert prompts.names == ["a/c.txt", "b.txt"]
    rows = prompts.get_batch([1]).tokens.tolist()
    assert data.tokenizer.decode(rows[0]) == "Two lines\nin one prompt"


def test_of_a_long_prompt_the_last_window_counts(make: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(" ".join(map(str, range(2000))))

    data = make()
    tokens = data.predict_dataset(tmp_path).get_batch([0]).tokens

    assert tokens.shape == (1, 128)
    assert data.tokenizer.decode(tokens[0].tolist()).endswith(" 1998 1999")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "prompts.txt: holds no text; expected one a line, a row or a file"),
        (b"\n \n", "prompts.txt: holds no text; expected one a line, a row or a file"),
        (b"\xff\xfe", "prompts.txt is not utf-8: byte 0 (line 1) is 0xff"),
        (b"a\0", "prompts.txt is no text: byte 1 is zero"),
    ],
)
def test_a_file_without_prompts(
    make: Callable[..., Any],
    refusal: Callable[..., str],
    tmp_path: Path,
    content: bytes,
    sentence: str,
) -> None:
    (tmp_path / "prompts.txt").write_bytes(content)

    assert sentence in refusal(lambda: make().predict_dataset(tmp_path / "prompts.txt"))


def test_a_file_of_a_folder_that_is_no_text_can_be_skipped(
    make: Callable[..., Any],
    refusal: Callable[..., str],
    tmp_path: Path,
) -> None:
    (tmp_path / "a.txt").write_text("A prompt")
    (tmp_path / "b.txt").write_bytes(b"\0")

    sentence = refusal(lambda: make().predict_dataset(tmp_path))
    prompts = make(on_error="skip").predict_dataset(tmp_path)

    assert sentence.endswith(
        "b.txt is no text: byte 0 is zero, as in binary files: replace it, or "
        "set data.on_error=skip"
    )
    assert prompts.names == ["a.txt"]
    assert prompts.notes.counts == {"documents cannot be read: left out": 1}


def test_a_folder_without_prompts(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    sentence = refusal(lambda: make().predict_dataset(tmp_path))

    assert sentence.endswith("holds no text; expected one a line, a row or a file")


def prompts_of(make: Callable[..., Any], path: Path, **settings: Any) -> dict[str, str]:
    prompts = make(**settings).predict_dataset(path)
    return dict(zip(prompts.names, prompts.texts, strict=True))


def test_only_the_end_of_a_line_ends_a_prompt(make: Callable[..., Any], tmp_path: Path) -> None:
    odd = [
        "form\x0cfeed",
        "line\u2028mark",
        "next\x85line",
        "tab\x0bdown",
        "file\x1cmark",
        "p\u2029",
    ]
    text = "\ufeff" + odd[0] + "\r\n" + odd[1] + "\r" + "\n".join(odd[2:]) + "\n"
    (tmp_path / "prompts.txt").write_bytes(text.encode())

    assert list(prompts_of(make, tmp_path / "prompts.txt").values()) == odd


def test_blank_lines_are_counted_and_keep_the_numbers_right(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "prompts.txt").write_text("\nOne\n \t\n\nTwo\n")

    prompts = make().predict_dataset(tmp_path / "prompts.txt")

    assert dict(zip(prompts.names, prompts.texts, strict=True)) == {
        "prompts.txt:2": "One",
        "prompts.txt:5": "Two",
    }
    assert prompts.notes.lines() == ["lines are blank: passed over (3, the first: prompts.txt:1)"]


def test_predict_says_what_was_passed_over(
    make: Callable[..., Any], experiment: Modules, tmp_path: Path
) -> None:
    (tmp_path / "prompts.txt").write_text("One\n\nTwo\n")
    data = make()
    loader = data.loader("predict", data.predict_dataset(tmp_path / "prompts.txt"))

    lines = experiment("core.data.read_report").predicted_notes(
        SimpleNamespace(predict_dataloaders=loader)
    )

    assert lines == ["lines are blank: passed over (1: prompts.txt:2)"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.jsonl", b'{"text": "One"}\n\n{"text": "Two\\nlines"}\n{"text": "Three"}\n'),
        ("p.csv", b'text,n\nOne,1\n"Two\nlines",2\nThree,3\n'),
        ("p.tsv", b'n\ttext\n1\tOne\n2\t"Two\nlines"\n3\tThree\n'),
        ("p.json", b'["One", "Two\\nlines", "Three"]'),
        ("p.jsonl.gz", gzip.compress(b'"One"\n"Two\\nlines"\n"Three"', mtime=0)),
    ],
)
def test_the_rows_of_a_table_are_prompts(
    make: Callable[..., Any], tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    expected = ["One", "Two\nlines", "Three"]

    alone = prompts_of(make, tmp_path / name)
    in_a_folder = prompts_of(make, tmp_path)

    assert alone == in_a_folder == {f"{name}:{i}": text for i, text in enumerate(expected, 1)}


def test_rows_without_text_are_counted_and_odd_ones_refused(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "One"}\n{"text": null}\n{"text": ""}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "One"}\n{"text": 7}\n')
    (tmp_path / "c.csv").write_text("body\nOne\n")

    prompts = make().predict_dataset(tmp_path / "a.jsonl")

    assert prompts.names == ["a.jsonl:1"]
    assert prompts.notes.counts == {"rows have no text in text: passed over": 2}
    sentence = refusal(lambda: make().predict_dataset(tmp_path / "b.jsonl"))
    assert "b.jsonl, line 2 has a number in text, expected a text" in sentence
    sentence = refusal(lambda: make().predict_dataset(tmp_path / "c.csv"))
    assert "c.csv, line 1 has no column text, only body" in sentence
    assert list(prompts_of(make, tmp_path / "c.csv", text_column="body").values()) == ["One"]


def test_a_packed_file_of_prompts_is_unpacked(make: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "prompts.txt.gz").write_bytes(gzip.compress(b"One\r\nTwo"))

    assert list(prompts_of(make, tmp_path / "prompts.txt.gz").values()) == ["One", "Two"]


def test_one_long_line_is_one_prompt(make: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("word " * 500_000)

    assert len(prompts_of(make, tmp_path / "prompts.txt")) == 1


def test_a_pointer_of_git_lfs_is_no_prompt(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "prompts.txt").write_text("version https://git-lfs.github.com/spec/v1\noid x\n")

    sentence = refusal(lambda: make().predict_dataset(tmp_path / "prompts.txt"))

    assert sentence.endswith("is a pointer of Git LFS, not the file itself: git lfs pull")
