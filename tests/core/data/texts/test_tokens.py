"""Promises of tokens and windows: nothing is lost, all that is held out is scored once."""

import hashlib
import json
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules

Make = Callable[..., Any]
CHARACTERS = "ab z\n\t.,é日😀\r\0\u2028<|endoftext|>"


@pytest.fixture
def tokenizer(make: Make) -> Any:
    data = make()
    data.setup()
    return data.tokenizer


def gibberish(length: int, seed: int = 0) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice(CHARACTERS) for _ in range(length))


# --- tokenizer -----------------------------------------------------------------------------------


def test_tokens_give_the_text_back_to_the_byte(tokenizer: Any) -> None:
    for text in (gibberish(5000), "", "<|endoftext|>", "def f(x):\n    return x\n"):
        tokens = tokenizer.encode(text)

        assert tokenizer.decode(tokens) == text
        assert tokenizer.end not in tokens
        assert sum(tokenizer.token_bytes[token] for token in tokens) == len(text.encode())
    assert tokenizer.token_bytes[tokenizer.end] == 0
    assert tokenizer.vocab_size == 1024 == len(tokenizer.token_bytes)


def test_pieces_have_the_tokens_of_the_whole(experiment: Modules, tokenizer: Any) -> None:
    texts = experiment("core.data.texts.documents")
    text = "".join(f"  Line {i} of a text, it's long; 3.14!\n" + "\n  " * i for i in range(200))

    pieces = [piece.text for piece in texts.pieces_of([text])]

    assert len(pieces) > 3
    tokens = np.concatenate(tokenizer.encode_all(pieces))
    assert tokens.tolist() == tokenizer.encode(text)


def test_words_are_remembered_and_forgotten_without_a_trace(
    experiment: Modules, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment("core.data.texts.tokenizer"), "MOST_KNOWN", 500)
    texts = [gibberish(300, seed) + " the same words" for seed in range(20)]

    for some in (texts[:7], texts[7:8], texts[8:], texts):
        found = [tokens.tolist() for tokens in tokenizer.encode_all(some)]

        assert found == [tokenizer.encode(text) for text in some]


def test_training_a_tokenizer_twice_gives_the_same(experiment: Modules) -> None:
    byte_pairs, topics = (
        experiment("core.data.texts.tokenizer"),
        experiment("core.data.texts.demo_topics"),
    )

    first, again = (byte_pairs.train(topics.load()["val"], 400, seed=0) for _ in range(2))

    assert first == again


def test_long_texts_are_sampled_by_a_seed_and_that_is_said(
    experiment: Modules, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    byte_pairs, texts = (
        experiment("core.data.texts.tokenizer"),
        experiment("core.data.texts.documents"),
    )
    long = texts.from_strings([f"{i} " * 1000 for i in range(2000)], "some texts")
    monkeypatch.setattr(byte_pairs, "SAMPLE_BYTES", long.num_bytes // 10)

    with caplog.at_level("INFO"):
        first, again, other = (list(byte_pairs.sample(long, seed)) for seed in (0, 0, 1))

    assert first == again != other
    assert sum(map(len, first)) == pytest.approx(long.num_bytes / 10, rel=0.2)
    assert "in some texts, drawn by data.split_seed=0" in caplog.messages[0]


# --- files ---------------------------------------------------------------------------------------


def tokens_of(windows: Any) -> np.ndarray:
    return np.array(windows.file.tokens)


def test_documents_are_told_apart_and_nothing_is_lost(make: Make) -> None:
    data = make()
    data.setup()

    for split, texts in data.read_source().items():
        tokens = tokens_of(data.datasets[split])
        assert (tokens == 0).sum() == len(texts.documents)
        assert tokens[0] == 0
        assert tokens.dtype == np.uint16
        text = "".join(piece.text for piece in texts.pieces())
        assert data.tokenizer.decode(tokens.tolist()) == text


def test_a_large_vocabulary_takes_four_bytes(experiment: Modules, tmp_path: Path) -> None:
    token_files, texts = (
        experiment("core.data.texts.token_files"),
        experiment("core.data.texts.documents"),
    )
    tokenizer = SimpleNamespace(
        text="",
        vocab_size=70_000,
        end=0,
        encode_all=lambda pieces: [np.array([69_999], np.uint32) for _ in pieces],
    )

    config = experiment("config").DataConfig(cache=str(tmp_path))

    file = token_files.encode(texts.from_strings(["text"], "some"), tokenizer, config)

    assert file.held(1).tokens.tolist() == [0, 69_999]
    assert file.tokens.dtype == np.uint32


@pytest.mark.parametrize("split", ["train", "val"])
def test_memory_mapped_batches_equal_those_in_memory(make: Make, split: str) -> None:
    def batches(**values: Any) -> tuple[bool, list[str]]:
        data = make(batch_size=50, **values)
        loader = data.train_dataloader() if split == "train" else data.val_dataloader()
        digests = [
            hashlib.sha256(batch.tokens.numpy().tobytes() + batch.targets.numpy().tobytes())
            for batch in loader
        ]
        mapped = isinstance(data.datasets[split].file.tokens, np.memmap)
        return mapped, [digest.hexdigest() for digest in digests]

    in_memory, mapped = batches(), batches(in_memory_mb=0)
    with_workers = batches(in_memory_mb=0, num_workers=2)

    assert (in_memory[0], mapped[0]) == (False, True)
    assert in_memory[1] == mapped[1] == with_workers[1]
    assert len(set(mapped[1])) == len(mapped[1]) > 1


def test_a_file_that_goes_to_another_process_takes_no_tokens_along(make: Make) -> None:
    data = make()
    data.setup()
    file = data.datasets["train"].file

    sent = pickle.dumps(file)

    assert len(file.tokens) > 100_000 > 50 * len(sent)
    assert (pickle.loads(sent).tokens == file.tokens).all()


def test_what_is_prepared_is_prepared_once(
    make: Make, experiment: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(cache=str(tmp_path)).setup()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setattr(experiment("core.data.texts.token_files"), "train", None)
    monkeypatch.setattr(experiment("core.data.texts.token_files"), "_encode", None)

    make(cache=str(tmp_path)).setup()

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_run_goes_on_with_its_tokenizer_whatever_became_of_the_texts(
    make: Make, experiment: Modules, tmp_path: Path
) -> None:
    (tmp_path / "train").mkdir()
    for split in ("train", "val", "test"):
        (tmp_path / split).mkdir(exist_ok=True)
        (tmp_path / split / "a.txt").write_text("A rose is a rose is a rose.\n" * 500)
    settings: dict[str, Any] = {"source": "folder", "root": str(tmp_path), "vocab_size": 300}
    run = experiment("core.runs.run").Run(tmp_path / "run")
    facts = make(run, **settings).facts

    (tmp_path / "train" / "b.txt").write_text("Other words altogether, quite another text.\n" * 900)
    data = make(run, **settings)
    data.setup()

    assert data.facts == facts
    assert data.tokenizer.text == facts.tokenizer
    assert "Other words" in data.tokenizer.decode(tokens_of(data.datasets["train"]).tolist())
    assert make(**settings).facts.tokenizer != facts.tokenizer


PREPARE = """
import sys
sys.path.insert(0, sys.argv[1])
from experiment.config import DataConfig
from experiment.core.data import texts
config = DataConfig(cache=sys.argv[2], vocab_size=500)
documents = [f"Document {i}: " + "and so it goes on, " * 300 + "\\n" for i in range(300)]
some = texts.from_strings(documents, "some")
print("ready", flush=True)
tokenizer = texts.tokenizer_for(some, config)
print("trained", flush=True)
print(len(texts.encode(some, tokenizer, config)), flush=True)
"""


def prepare(experiment: Modules, cache: Path) -> "subprocess.Popen[str]":
    project = Path(str(experiment("config").__file__)).parents[1]
    command = [sys.executable, "-c", PREPARE, str(project), str(cache)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_prepare_at_once_and_one_that_is_killed_breaks_nothing(
    experiment: Modules, tmp_path: Path
) -> None:
    killed = prepare(experiment, tmp_path)
    assert killed.stdout
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".tokens-*.unfinished/tokens")) and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert list(tmp_path.glob(".tokens-*.unfinished"))
    assert not list(tmp_path.glob("tokens-*"))

    both = [prepare(experiment, tmp_path) for _ in range(2)]
    counts = {process.communicate(timeout=120)[0].split()[-1] for process in both}

    assert [process.returncode for process in both] == [0, 0]
    assert len(counts) == 1
    assert not list(tmp_path.glob(".tokens-*.unfinished"))
    (folder,) = tmp_path.glob("tokens-*")
    index = json.loads((folder / "index.json").read_text())
    assert index["tokens"] == int(counts.pop())
    assert (folder / "tokens").stat().st_size == 2 * index["tokens"]


# --- windows -------------------------------------------------------------------------------------


@pytest.fixture
def windows(experiment: Modules, tmp_path: Path) -> Callable[..., Any]:
    """The windows of a row of tokens 0, 1, 2, ..."""

    def make_windows(count: int, window: int, held_out: bool) -> Any:
        np.arange(count, dtype=np.uint16).tofile(tmp_path / "tokens")
        file = experiment("core.data.texts.token_files").TokenFile(
            tmp_path / "tokens", "uint16", count, "some text"
        )
        module = experiment("core.data.texts.token_windows")
        return module.TokenWindows(file, experiment("data").Batch, window, held_out)

    return make_windows


@pytest.mark.parametrize("count", [9, 10, 11, 12, 13, 16, 17, 100, 1001])
@pytest.mark.parametrize("window", [2, 5, 8])
def test_every_held_out_token_is_scored_once_with_half_a_window_before_it(
    windows: Callable[..., Any], count: int, window: int
) -> None:
    data = windows(count, window, held_out=True)

    batch = data.get_batch(range(len(data)))

    is_scored = batch.targets != -1
    assert batch.tokens.shape == (len(data), window)
    assert sorted(batch.targets[is_scored].tolist()) == list(range(1, count))
    assert (batch.targets == batch.tokens + 1)[is_scored].all()
    assert is_scored.any(dim=1).all()
    seen = torch.arange(1, window + 1).expand(len(data), -1)[1:][is_scored[1:]]
    assert (seen > window // 2).all()  # tokens that the model sees of those it predicts from


@pytest.mark.parametrize("count", [16, 17, 100, 1001])
def test_training_windows_begin_anywhere(
    windows: Callable[..., Any], experiment: Modules, count: int
) -> None:
    data = windows(count, window=8, held_out=False)
    cut = experiment("core.data.texts.token_windows").RandomWindow(8, random=True)
    batch = data.get_batch(range(len(data)))

    drawn = [cut(batch) for _ in range(200)]

    assert len(data) == max(1, math.ceil((count - 16) / 8) + 1)
    assert {window.tokens.shape for window in drawn} == {(len(data), 8)}
    assert all((window.targets == window.tokens + 1).all() for window in drawn)
    starts = {int(row[0]) for window in drawn for row in window.tokens}
    assert starts == set(range(count - 8))


def test_a_text_with_too_few_tokens_is_named(
    windows: Callable[..., Any], experiment: Modules
) -> None:
    windows(9, 8, held_out=True)
    with pytest.raises(
        experiment("core.errors").UserError, match=r"some text has 8 tokens, too few .* takes 9"
    ):
        windows(8, 8, held_out=True)
    with pytest.raises(
        experiment("core.errors").UserError, match=r"has 15 tokens, too few .* takes 16"
    ):
        windows(15, 8, held_out=False)


# --- the data as a whole -------------------------------------------------------------------------


def test_a_batch_is_a_function_of_its_place(make: Make) -> None:
    def digests(**values: Any) -> list[str]:
        loader = make(batch_size=100, **values).train_dataloader()
        return [hashlib.sha256(batch.tokens.numpy().tobytes()).hexdigest() for batch in loader]

    assert digests() == digests(num_workers=2)
    assert len(set(digests())) == len(digests())


def test_limits_indices_and_overfitting_choose_windows(make: Make) -> None:
    assert len(make(limit=20).examples("train")) == 20
    assert len(make(limit=20).examples("val")) == 20
    assert list(make(indices=[3, 5]).examples("train").indices) == [3, 5]

    data = make(overfit_batches=2, batch_size=4)

    first, again = list(data.train_dataloader()), list(data.val_dataloader())
    assert len(first) == 2
    for one, other in zip(first, again, strict=True):
        assert one.tokens.shape == (4, 128)
        assert one.tokens.equal(other.tokens)
        assert (one.targets != -1).all()


@pytest.mark.parametrize("fold", range(5))
def test_no_fold_trains_on_what_it_validates(make: Make, fold: int) -> None:
    data = make(fold=fold, folds=5)
    data.setup()

    train, val = data.datasets["train"], data.datasets["val"]

    groups, starts = train.dataset.groups, train.dataset._starts(np.arange(len(train.dataset)))
    assert not {*groups[train.indices]} & {*groups[val.indices]}
    assert len(train) + len(val) > 0.9 * len(train.dataset)
    assert 0.03 < len(val) / (len(train) + len(val)) < 0.5
    assert next(iter(data.val_dataloader())).tokens.shape[1] == 128
    targets = np.arange(1, 2 * 128)  # after a row's start
    learned = {*(starts[train.indices, None] + targets).flat}
    validated = {*(starts[val.indices, None] + targets[:128]).flat}
    assert not learned & validated


def test_many_documents_are_folded_in_stretches(
    windows: Callable[..., Any], experiment: Modules, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = experiment("core.data.texts.token_windows")
    monkeypatch.setattr(module, "MOST_STRETCHES", 30)
    monkeypatch.setattr(module, "PART", 64)
    data = windows(2000, 8, held_out=False)
    tokens = np.array(data.file.tokens)
    tokens[::20] = 0  # a hundred documents
    data.file._tokens = tokens

    groups = data.groups

    assert groups[0] == 0
    assert groups[-1] == 29
    assert {*np.diff(groups).tolist()} == {0, 1}


def test_a_preview_shows_what_is_read(make: Make) -> None:
    samples = make().preview(3)

    assert len(samples) == 3
    assert all(len(sample.text) > 100 and sample.continuation == "" for sample in samples)


def test_facts_are_plain_and_enough_to_read_and_write(make: Make, experiment: Modules) -> None:
    facts = make().facts

    stored = json.loads(json.dumps(vars(facts)))

    tokenizer = experiment("core.data.texts.tokenizer").BytePairs(stored["tokenizer"])
    assert tokenizer.decode(tokenizer.encode("Tokens, and back.")) == "Tokens, and back."
    assert (stored["vocab_size"], stored["window"]) == (1024, 128)
