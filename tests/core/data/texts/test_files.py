"""Texts as people have them: packed, in tables, with marks; what is none is told from text."""

import bz2
import gzip
import json
import lzma
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from modules import Modules
from written_texts import documents_of, poem, text_of, write

Make = Callable[..., Any]
Refusal = Callable[[Callable[[], Any]], str]


def train_of(make: Make, root: Path, **settings: Any) -> Any:
    return make(source="folder", root=str(root), **settings).read_source()["train"]


def parquet(**columns: list[Any]) -> bytes:
    arrow: Any = import_module("pyarrow")
    buffer = arrow.BufferOutputStream()
    import_module("pyarrow.parquet").write_table(arrow.table(columns), buffer)
    return buffer.getvalue().to_pybytes()


TAR = b"a.txt".ljust(257, b"\0") + b"ustar\0".ljust(255, b"\0")
ROWS = ['He said "no",\nand left.', "Second; with | and\ttab."]
JSON_LINES = "".join(json.dumps({"meta": {"set": "x"}, "text": row}) + "\n" for row in ROWS)
CSV = 'id,text\n1,"He said ""no"",\nand left."\n2,Second; with | and\ttab.\n'
TABLES = {
    "a.jsonl": JSON_LINES.encode(),
    "a.ndjson": JSON_LINES.replace("\n", "\r\n").encode(),
    "a.json": json.dumps([{"text": row} for row in ROWS]).encode(),
    "strings.json": json.dumps(ROWS, indent=1).encode(),
    "strings.jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
    "lines.json": JSON_LINES.encode(),
    "marked.jsonl": b"\xef\xbb\xbf" + JSON_LINES.encode(),
    "a.csv": CSV.encode(),
    "excel.csv": b"\xef\xbb\xbf" + CSV.replace("id,", "id;").replace("1,", "1;")
    .replace("2,S", "2;\"S").replace("tab.", 'tab."').encode(),
    "a.tsv": CSV.replace("id,", "id\t").replace("1,", "1\t").replace("2,S", "2\t\"S")
    .replace("tab.", 'tab."').encode(),
    "a.parquet": parquet(text=ROWS, id=[1, 2]),
    "a.jsonl.gz": gzip.compress(JSON_LINES.encode()),
    "a.csv.xz": lzma.compress(CSV.encode()),
    "A.JSONL.BZ2": bz2.compress(JSON_LINES.encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_rows_of_a_table_are_documents(make: Make, tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: TABLES[name]})

    assert documents_of(train_of(make, tmp_path)) == ROWS


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.json"])
def test_the_rows_of_a_table_can_be_the_lines_of_a_document(
    make: Make, tmp_path: Path, name: str
) -> None:
    write(tmp_path, {name: TABLES[name], "b.txt": "Another one."})

    documents = documents_of(train_of(make, tmp_path, rows_are_documents=False))

    assert documents == [f"{ROWS[0]}\n{ROWS[1]}\n", "Another one."]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_text_is_unpacked(make: Make, tmp_path: Path, pack: Any) -> None:
    suffix = {"gzip": ".gz", "bz2": ".bz2", "lzma": ".xz"}[pack.__module__.lstrip("_")]
    write(tmp_path, {f"a.txt{suffix}": pack(poem().encode()) + pack(b"and a second part")})

    assert text_of(train_of(make, tmp_path)) == poem() + "and a second part"


def test_zstd_is_unpacked_by_what_there_is(make: Make, tmp_path: Path) -> None:
    codec: Any = import_module("pyarrow").Codec("zstd")
    parts = [codec.compress(part.encode(), asbytes=True) for part in (JSON_LINES, JSON_LINES)]
    write(tmp_path, {"00.jsonl.zst": b"".join(parts)})

    assert documents_of(train_of(make, tmp_path)) == ROWS * 2


def test_zstd_without_anything_that_unpacks_it_says_what_to_type(
    make: Make, refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"00.jsonl.zst": b"\x28\xb5\x2f\xfd"})
    for name in ("compression.zstd", "zstandard", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)

    message = refusal(lambda: train_of(make, tmp_path))

    assert "is packed by zstd, which nothing here unpacks: uv add zstandard, or unpack " in message
    assert message.endswith("00.jsonl.zst")


def test_zstandard_reads_all_frames(
    experiment: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, bool] = {}

    class Unpacker:
        def stream_reader(self, file: Any, read_across_frames: bool = False) -> Any:
            asked["all"] = read_across_frames
            return file

    module = ModuleType("zstandard")
    module.ZstdDecompressor = Unpacker  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", module)
    write(tmp_path, {"a.txt.zst": b"A text."})

    with experiment("core.data.texts.text_files").open_packed(tmp_path / "a.txt.zst") as file:
        assert file.read() == b"A text."
    assert asked == {"all": True}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl", b'{"body": "x", "title": "y"}\n', "has no column text, only body, title"),
        ("a.jsonl", b'{"texts": "x"}\n', "did you mean texts?: set data.text_column"),
        ("a.jsonl", b'{"text": "x"}\n{"text": "y"\n', "a.jsonl, line 2 is no JSON ("),
        ("a.jsonl", b'{"text": "x"}\n\n[1]\n', "line 3 is neither a text nor an object"),
        ("a.jsonl", b'{"text": ["x", "y"]}\n', "line 1 has a list in text, expected a text"),
        ("a.jsonl", b'{"text": {"en": "y"}}\n', "line 1 has an object in text, expected a text"),
        ("a.jsonl", b'{"text": 3}\n', "line 1 has a number in text, expected a text"),
        ("a.jsonl", b'{"text": "x"}\n{"text": "\xff"}', "is not utf-8: byte 24 (line 2) is 0xff"),
        ("a.json", b'{"rows": [], "version": 1}', "holds one object (rows, version), expected a"),
        ("a.csv", b"id,body\n1,x\n", "a.csv, line 1 has no column text, only id, body"),
        ("a.csv", b"text,id\nx,1\ny\n", "a.csv, line 3 has 1 fields, and the first line 2"),
        ("a.csv", b'text\n"never ends\n', "is not as CSV is written ("),
        ("a.tsv", b'text\tid\n"a" b\t1\n', "line 2 is not as CSV is written ("),
        ("a.parquet", parquet(body=["x"]), "has no column text, only body"),
        ("a.parquet", parquet(text=[["x"]]), "holds list<"),
        ("a.parquet", b"PAR1 and so on", "is no Parquet file, or damaged ("),
        ("a.parquet", b"id,text", "is no Parquet file"),
        ("a.parquet.gz", gzip.compress(parquet(text=["x"]), mtime=0), "that was packed once more"),
        ("a.pdf", b"%PDF-1.7", "is no text: it is a document of another program: save it as text"),
        ("a.docx", b"PK\3\4", "is no text: it is a document of another program: save it as text"),
        ("a.ipynb", b"{}", "is no text: it is a document of another program: save it as text"),
        ("a", b"%PDF-1.7\nlooks like text", "is a document of another program: save it as text"),
        ("a.txt", b"PK\3\4...", "is an archive: unpack it"),
        ("urlsf_subset00-1_data.xz", lzma.compress(TAR), "is an archive of files: unpack it, tar"),
        ("a", TAR, "is an archive of files: unpack it, tar xf"),
        ("data_0.dat.zst", b"\x28\xb5\x2f\xfd", "has the lengths of texts between them"),
        ("a.zip", b"PK\3\4...", "is no text: it is an archive: unpack it"),
        ("train.bin", b"\1\2\3\4", "nanoGPT's prepare.py writes: take the text itself"),
        ("tokens.npy", b"\x93NUMPY", "holds numbers"),
        ("data.arrow", b"ARROW1\0\0", "set data.source=huggingface, data.dataset=FOLDER"),
        ("a.txt", gzip.compress(b"A text.", mtime=0), "is packed by gzip: let its name end in .gz"),
        ("a.txt.gz", gzip.compress(poem().encode(), mtime=0)[:-30], "cannot be read ("),
        ("a.txt.gz", b"plain text", "cannot be read (not a gzipped file"),
        ("a.txt.xz", lzma.compress(poem().encode())[:-30], "cannot be read ("),
        ("a.txt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        ("a.jsonl", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        ("a.parquet", b"version https://git-lfs.github.com/spec/v1\noid sha256", "git lfs pull"),
        ("a.csv.gz", b"version https://git-lfs.github.com/spec/v1\noid sha2", "git lfs pull"),
        ("a.txt.dvc", b"outs:\n- md5: 0\n", "dvc pull"),
        ("a.txt", b"/annex/objects/SHA256E-s1--0", "git annex get FILE"),
        ("a.txt", "A text.".encode("utf-16"), "set data.encoding=utf-16, whose mark that is"),
        ("a.txt", "A text.".encode("utf-32"), "set data.encoding=utf-32, whose mark that is"),
        ("a.png", b"\x89PNG", "is a picture, a sound or a film: move it away"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_or_skipped_and_counted(
    make: Make, refusal: Refusal, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    write(tmp_path, {name: content, "z.txt": "A text."})

    message = refusal(lambda: train_of(make, tmp_path))
    skipped = train_of(make, tmp_path, on_error="skip")

    assert sentence in message
    assert message.endswith(", or set data.on_error=skip")
    assert documents_of(skipped)[-1] == "A text."
    assert skipped.notes.counts["documents cannot be read: left out"] == 1
    assert sentence in "".join(skipped.notes.lines())


def test_without_pyarrow_parquet_says_what_to_type(
    make: Make, refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a.parquet": parquet(text=["x"])})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    message = refusal(lambda: train_of(make, tmp_path))

    assert message.endswith("a.parquet needs pyarrow to be read: uv sync --extra huggingface")


def test_another_column_can_be_named(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"a.jsonl": '{"body": "One.", "text": "Other."}\n', "b.csv": "body\nTwo.\n"})

    assert documents_of(train_of(make, tmp_path, text_column="body")) == ["One.", "Two."]


def test_rows_without_text_are_counted(make: Make, refusal: Refusal, tmp_path: Path) -> None:
    rows = [{"text": f"Document {i}."} for i in range(40)]
    rows += [{"text": None}, {"text": " \n"}, {"other": 1}]  # pyright: ignore[reportArgumentType]
    write(tmp_path, {"a.jsonl": "\n".join(map(json.dumps, rows))})

    texts = train_of(make, tmp_path)
    many = write(tmp_path / "many", {"a.jsonl": '{"text": "One."}\n{"text": ""}\n{"text": "2"}\n'})

    assert len(documents_of(texts)) == 40
    assert texts.notes.counts == {"rows have no text in text: passed over": 3}
    assert texts.notes.first["rows have no text in text: passed over"].endswith("a.jsonl, line 41")
    assert "set data.rows_are_documents=false if its rows are the lines of one text" in refusal(
        lambda: train_of(make, many)
    )


def test_held_out_rows_are_other_rows(make: Make, tmp_path: Path) -> None:
    rows = [f"Document {i}." for i in range(300)]
    lines = [json.dumps({"text": row}) for row in rows]
    write(tmp_path, {"a.jsonl": "\n".join(lines[:200]), "b.jsonl": "\n".join(lines[200:])})

    rest, held = train_of(make, tmp_path).split("test", 0.2, 0)

    assert sorted(documents_of(rest) + documents_of(held)) == sorted(rows)
    assert 30 < len(documents_of(held)) < 90
    assert len(set(map(len, (documents_of(rest), documents_of(held))))) == 2


def test_empty_files_are_counted(make: Make, refusal: Refusal, tmp_path: Path) -> None:
    write(
        tmp_path, {"a.txt": "A text.", "b.txt": b"", "c.txt": " \n\n", "d.csv": b"", "e.json": b""}
    )
    write(tmp_path, {"f.txt.gz": gzip.compress(b""), "g.txt": b"\xef\xbb\xbf", "h.csv": "text\n"})

    texts = train_of(make, tmp_path)
    nothing = write(tmp_path / "nothing", {"b.txt": b"", "c.txt": "\n"})

    assert documents_of(texts) == ["A text."]
    assert texts.notes.counts["files are empty: passed over"] == 7
    message = refusal(lambda: train_of(make, nothing))
    assert "nothing holds no text: files are empty: passed over (2, the first: " in message


def test_marks_and_the_ends_of_lines_are_no_text(make: Make, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.txt": b"\xef\xbb\xbfOne\r\ntwo\rthree\n",
            "b.txt": "\ufeffOne\r\n".encode() * 2,  # as two files that were put together
            "c.txt": "Plain, with \u2028 and \x0c and \x85.",
            "d.jsonl": json.dumps({"text": "\ufeffa\r\nb\rc"}),
        },
    )

    texts = train_of(make, tmp_path)

    plain = "Plain, with \u2028 and \x0c and \x85."
    assert documents_of(texts) == ["One\ntwo\nthree\n", "One\nOne\n", plain, "a\nb\nc"]
    assert texts.notes.counts["files have a byte-order mark: left out"] == 2
    assert texts.notes.counts["files have lines that end in \\r: read as \\n"] == 2
    assert texts.notes.counts["rows have a byte-order mark: left out"] == 1
    assert texts.notes.counts["rows have lines that end in \\r: read as \\n"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_mark_is_no_text_in_any_encoding(make: Make, tmp_path: Path, encoding: str) -> None:
    write(tmp_path, {"a.txt": "\ufeffOne\r\ntwo".encode(encoding)})

    assert text_of(train_of(make, tmp_path, encoding=encoding)) == "One\ntwo"


def test_marks_between_documents_are_said_and_part_them_if_that_is_set(
    make: Make, tmp_path: Path
) -> None:
    stories = [poem(300, word) for word in ("rose", "tulip", "daisy")]
    write(tmp_path, {"stories.txt": "\n<|endoftext|>\n".join(s.strip("\n") for s in stories)})

    as_one = train_of(make, tmp_path)
    parted = train_of(make, tmp_path, document_mark="<|endoftext|>")
    other = train_of(make, tmp_path, document_mark="<eos>")

    assert len(documents_of(as_one)) == 1
    (line,) = as_one.notes.lines()
    assert "data.document_mark='<|endoftext|>' parts them there" in line
    assert documents_of(parted) == [story.strip("\n") for story in stories]
    assert parted.notes.lines() == []
    assert other.notes.counts == {
        "files have no data.document_mark in them: each is one document": 1
    }


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_a_mark_is_found_wherever_a_text_is_cut(experiment: Modules, size: int) -> None:
    parted = experiment("core.data.texts.text_files").parted
    text = "ab<eos>c<eo<eos>s><eos><eos>end<eos"

    parts = [text[start : start + size] for start in range(0, len(text), size)]

    assert list(parted(parts, "<eos>")) == text.split("<eos>")


def test_the_same_document_twice_or_in_two_splits_is_said(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {f"train/{i}.txt": poem(5, f"flower{i % 4}") for i in range(6)})
    write(tmp_path, {"test/a.txt": poem(5, "flower2"), "test/b.txt": "Only here."})

    found = make(source="folder", root=str(tmp_path)).read_source()

    assert found["train"].notes.lines() == [
        "documents of train repeat one before them (2, the first: 0.txt)"
    ]
    assert found["test"].notes.lines() == ["documents of test are in train, too (1: a.txt)"]


def test_files_of_another_kind_than_most_are_said(make: Make, tmp_path: Path) -> None:
    write(
        tmp_path, {"a.txt": "One.", "b.txt": "Two.", "prepare.py": "import this", "c.html": "<p>"}
    )

    counts = train_of(make, tmp_path).notes.counts

    assert counts["files are .py, unlike most: read as texts, too"] == 1
    assert counts["files are markup: their tags are read as text"] == 1


@pytest.mark.parametrize("tag", ['<doc id="1">', "\n<!DOCTYPE html>", "<mediawiki>", "<?xml ?>"])
def test_markup_is_told_by_how_it_begins(make: Make, tmp_path: Path, tag: str) -> None:
    """WikiExtractor's files have no suffix, and pages of errors are saved as what was wanted."""
    write(tmp_path, {"wiki_00": f"{tag}\n{poem(30)}", "wiki_01": f"{poem(30)}<doc>"})

    texts = make(source="folder", root=str(tmp_path)).read_source()["train"]

    kind = "files are markup: their tags are read as text"
    assert texts.notes.counts[kind] == 1
    assert texts.notes.first[kind].endswith("wiki_00")


@pytest.mark.parametrize("lines", [30, 100, 470])  # 1, 3.5 and 17 kB
def test_a_small_text_is_split_by_its_lines(make: Make, tmp_path: Path, lines: int) -> None:
    write(tmp_path, {"input.txt": poem(lines)})

    data = make(source="folder", root=str(tmp_path), vocab_size=300, window=8)
    data.setup()

    parts = [data.datasets[split] for split in ("train", "val", "test")]
    texts = [data.tokenizer.decode(part.file.tokens.tolist()) for part in parts]
    assert "".join(texts) == poem(lines)
    assert [len(text) / len(poem(lines)) for text in texts] == pytest.approx(
        [0.765, 0.135, 0.1], abs=0.05
    )
    assert all(text.startswith("\n") for text in texts[1:])


def test_a_small_text_without_lines_is_split_by_its_words(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"input.txt": "word " * 400 + "x" * 500})

    data = make(source="folder", root=str(tmp_path), vocab_size=300, window=4)
    data.setup()

    assert all(len(data.datasets[split]) > 0 for split in ("train", "val", "test"))


def test_a_text_that_is_too_small_says_what_would_do(
    make: Make, refusal: Refusal, tmp_path: Path
) -> None:
    write(tmp_path, {"input.txt": poem(20)})
    settings: dict[str, Any] = {"source": "folder", "root": str(tmp_path), "vocab_size": 300}

    message = refusal(make(**settings).setup)
    window = int(message.rpartition("data.window=")[2].split()[0])

    assert "times as much text, or set data.window=" in message
    while "window" in (message := next_refusal(make, refusal, {**settings, "window": window})):
        smaller = int(message.rpartition("data.window=")[2].split()[0])
        assert smaller < window
        window = smaller
    assert window >= 2


def next_refusal(make: Make, refusal: Refusal, settings: dict[str, Any]) -> str:
    """The sentence, or nothing where it works."""
    data = make(**settings)
    try:
        data.setup()
    except Exception:
        return refusal(make(**settings).setup)
    return ""


def test_a_start_says_where_the_texts_are_from_and_how_much_there_is(
    make: Make, tmp_path: Path
) -> None:
    write(tmp_path, {f"train/{i}.txt": poem(90, f"flower{i}") for i in range(3)})
    write(tmp_path, {"test/a.txt": poem(70), "train/b.txt": b"", "train/c.txt": b"Odd.\r\n"})

    data = make(source="folder", root=str(tmp_path), vocab_size=2000, window=16)

    train, *notes, val, test = data.summary()
    assert train.startswith("train ")
    assert " examples, windows of 16 tokens (" in train
    assert " tokens, 3 documents), from " in train
    assert train.endswith("/train, in memory")
    assert val.startswith("val ")
    assert val.endswith(f"2 documents), held out of {tmp_path / 'train'}, in memory")
    assert test.endswith(f" tokens, 1 document), from {tmp_path / 'test'}, in memory")
    place, found = tmp_path / "train", data.tokenizer.vocab_size
    assert [note.strip() for note in notes] == [
        f"files are empty: passed over (1: {place}/b.txt)",
        f"files have lines that end in \\r: read as \\n (1: {place}/c.txt)",
        f"texts give fewer tokens than data.vocab_size=2000: all {found:,} are used (1: {place})",
    ]
    assert found < 2000


def test_the_tokenizer_knows_the_training_text_alone(make: Make, tmp_path: Path) -> None:
    write(tmp_path, {"train.txt": poem(), "valid.txt": poem(90, "xylophone")})
    write(tmp_path, {"test.txt": poem(90, "quetzalcoatl")})
    settings: dict[str, Any] = {"source": "folder", "root": str(tmp_path), "vocab_size": 400}

    data = make(**settings, window=16)
    data.setup()
    before = data.tokenizer.text
    write(tmp_path, {"valid.txt": poem(90, "another"), "test.txt": poem(80, "else")})
    again = make(**settings, window=16)
    again.setup()

    assert again.tokenizer.text == before
    assert "xyl" not in before


def test_what_readers_make_of_files_is_made_anew_by_another_version(
    make: Make, experiment: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"data/train.txt": poem(), "data/test.txt": poem(90, "tulip")})
    settings = {"source": "folder", "root": str(tmp_path / "data"), "window": 16}
    settings |= {"cache": str(tmp_path / "cache"), "vocab_size": 300}
    make(**settings).setup()
    before = {path.name for path in (tmp_path / "cache").glob("[a-z]*")}

    monkeypatch.setattr(experiment("core.data.texts.cache"), "VERSION", 10**6)
    make(**settings).setup()

    names = {path.name for path in (tmp_path / "cache").glob("[a-z]*")}
    assert {name.split("-")[0] for name in before} == {"documents", "tokenizer", "tokens"}
    assert len(names) == 2 * len(before)


# --- names that are not UTF-8 --------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems refuse such names")
def test_a_name_that_is_not_utf_8_is_read_and_escaped(make: Make, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "data")
    for split in (b"train", b"test"):
        os.makedirs(os.path.join(folder, split))
        for number in range(60):
            name = os.path.join(folder, split, b"caf\xe9%d.txt" % number)
            with open(name, "wb") as file:
                file.write(poem(9, f"flower{number}").encode())
    with open(os.path.join(folder, b"train", b"\xff.txt"), "wb") as file:
        file.write(b"")

    data = make(source="folder", root=str(tmp_path / "data"), vocab_size=300, window=16)

    lines = "\n".join(data.summary())
    assert "documents of test are in train, too (60, the first: caf\\xe90.txt)" in lines
    assert "train/\\xff.txt)" in lines
    assert lines.encode()


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain é 日", "plain é 日"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("\ud800", "\\ud800"),
        (os.fsdecode(b"\xff") + "\ud800", "\\udcff\\ud800"),
    ],
)
def test_any_text_can_be_written(experiment: Modules, text: str, escaped: str) -> None:
    assert experiment("core.files").writable(text) == escaped
