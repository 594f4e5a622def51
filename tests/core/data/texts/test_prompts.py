"""What `predict` is given: the lines of a file or the files of a folder; else a sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


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
