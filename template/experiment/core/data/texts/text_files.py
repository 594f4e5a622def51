"""The text of a file, packed or not: what is none is told by its name or its first bytes.

Template's file: updates replace it. To read other files, write a reader in data.py.

Bytes are decoded by ``data.encoding``. A byte-order mark is no text, and ``\\r\\n`` and ``\\r`` end
a line as ``\\n`` does; both are counted.
"""

import bz2
import codecs
import gzip
import io
import lzma
import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import UserError
from ...files import shown
from ...runs.disk_errors import reason_of
from ..errors import DataError
from ..notes import Notes

BLOCK = 2**20  # bytes read at once
MARK = "\ufeff"  # the byte-order mark
OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
PACKED = (*OPENERS, ".zst")
SAVE_AS_TEXT = "is a document of another program: save it as text"
NUMBERS = "holds numbers, such as the tokens that nanoGPT's prepare.py writes: take the text itself"
MEDIUM = "is a picture, a sound or a film: move it away"
ARCHIVE = "is an archive: unpack it"
SAVED = "is part of a saved Hugging Face data set: set data.source=huggingface, data.dataset=FOLDER"
DAT = "has the lengths of texts between them, as lm_dataformat's DatArchive: write it as .jsonl.zst"
NO_TEXT: dict[str, str] = {
    **dict.fromkeys((".zip", ".tar", ".tgz", ".7z", ".rar", ".jar", ".whl"), ARCHIVE),
    **dict.fromkeys(
        (".pdf", ".doc", ".docx", ".odt", ".rtf", ".epub", ".mobi", ".ipynb"), SAVE_AS_TEXT
    ),
    **dict.fromkeys((".ppt", ".pptx", ".xls", ".xlsx", ".ods", ".djvu", ".ps"), SAVE_AS_TEXT),
    **dict.fromkeys((".bin", ".npy", ".npz", ".pt", ".pth", ".pkl", ".pickle", ".idx"), NUMBERS),
    **dict.fromkeys((".safetensors", ".h5", ".hdf5", ".tfrecord", ".mds", ".ckpt"), NUMBERS),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp"), MEDIUM),
    **dict.fromkeys((".mp3", ".wav", ".flac", ".ogg", ".mp4", ".mkv", ".avi", ".mov"), MEDIUM),
    ".arrow": SAVED,
    ".dvc": "says where DVC keeps the file: dvc pull",
    ".lz4": "is packed by lz4: unpack it, lz4 -d FILE",
    ".z": "is packed by compress: unpack it, uncompress FILE",
}
# What a file is by its first bytes, whatever its name says.
POINTERS = (b"version https://git-lfs.github.com/spec/", b"/annex/objects/")
FIRST_BYTES = {
    POINTERS[0]: "is a pointer of Git LFS, not the file itself: git lfs pull",
    POINTERS[1]: "is a pointer of git-annex, not the file itself: git annex get FILE",
    b"%PDF-": SAVE_AS_TEXT,
    b"{\\rtf": SAVE_AS_TEXT,
    b"\xd0\xcf\x11\xe0": SAVE_AS_TEXT,
    b"PK\x03\x04": ARCHIVE,
    b"\x1f\x8b": "is packed by gzip: let its name end in .gz",
    b"\x28\xb5\x2f\xfd": "is packed by zstd: let its name end in .zst",
    b"\xfd7zXZ\0": "is packed by xz: let its name end in .xz",
    b"\x93NUMPY": NUMBERS,
    b"ARROW1\0\0": SAVED,
    b"PAR1": "is a Parquet file: let its name end in .parquet",
    b"\x89PNG": MEDIUM,
    b"\xff\xd8\xff": MEDIUM,
}
TAR = slice(257, 262)  # where a tar says so
MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
MARKS |= {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def suffix_of(name: str) -> str:
    """Of a file's name, without that of its packing: ``.jsonl`` of ``a.jsonl.gz``."""
    root, suffix = os.path.splitext(name.lower())
    return os.path.splitext(root)[1] if suffix in PACKED else suffix


def fault_by_name(name: str) -> str | None:
    """Why a file of that name is no text; None if it may be one."""
    fault = DAT if name.lower().endswith(".dat.zst") else NO_TEXT.get(suffix_of(name))
    return f"is no text: it {fault}" if fault else None


def fault_by_content(file: Path) -> str | None:
    """Why a file is not what its name says, by its first bytes; None if they do not tell."""
    try:
        with open(file, "rb") as stream:
            start = stream.read(TAR.stop)
        if start.startswith(POINTERS) or file.suffix.lower() not in PACKED:
            return _by_first_bytes(start)
        return _by_first_bytes(next(_blocks(file), b""))
    except OSError as error:
        return f"cannot be read ({reason_of(error)}): replace it"


def _by_first_bytes(start: bytes) -> str | None:
    if start[TAR] == b"ustar":
        return "is an archive of files: unpack it, tar xf"
    return next((is_it for first, is_it in FIRST_BYTES.items() if start.startswith(first)), None)


def fault(file: Path, encoding: str) -> str | None:
    """Why a file is no text, with the place where that shows; None if it is one."""
    decoder = codecs.getincrementaldecoder(encoding)()
    has_zeros = len("\0".encode(encoding)) > 1  # UTF-16 and UTF-32 are full of zero bytes
    place, line = 0, 1  # byte and line where the block begins
    if found := fault_by_name(file.name) or fault_by_content(file):
        return found
    try:
        for block in chain(_blocks(file), [b""]):
            mark = "" if place or has_zeros else _other_mark(block)
            if not (has_zeros or mark) and (zero := block.find(b"\0")) >= 0:
                return f"is no text: byte {place + zero} is zero, as in binary files: replace it"
            before = len(decoder.getstate()[0])  # bytes of a character that the last block began
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                start = error.start - before
                line += block.count(b"\n", 0, max(start, 0))
                found = f"byte {place + start} (line {line}) is 0x{error.object[error.start]:02x}"
                right = f"={mark}, whose mark that is" if mark else ""
                return f"is not {encoding}: {found}: set data.encoding{right}, replace it"
            except UnicodeError as error:  # of the text as a whole, such as UTF-16's missing mark
                return f"is not {encoding}: {error}: set data.encoding, replace it"
            place, line = place + len(block), line + block.count(b"\n")
    except OSError as error:
        return f"cannot be read ({reason_of(error)}): replace it"
    return None


def _other_mark(start: bytes) -> str:
    """The encoding whose mark a file begins with."""
    return next((name for mark, name in MARKS.items() if start.startswith(mark)), "")


def decoded(file: Path, encoding: str, notes: Notes) -> Iterator[str]:
    """The text of a file, part by part."""
    plain = codecs.getincrementaldecoder(encoding)()
    decoder = io.IncrementalNewlineDecoder(plain, translate=True)
    marks = False
    for number, block in enumerate(chain(_blocks(file), [b""])):
        text = decoder.decode(block, final=not block)
        # utf-16 and its like take their own mark away, and it is theirs.
        marks |= MARK in text or (not number and block.startswith(codecs.BOM_UTF8))
        if text:
            yield text.replace(MARK, "")
    if marks:
        notes.add("files have a byte-order mark: left out", shown(file))
    if decoder.newlines not in (None, "\n"):
        notes.add("files have lines that end in \\r: read as \\n", shown(file))


def cleaned(text: str, name: str, notes: Notes) -> str:
    """The same of a text that is a row of a table."""
    if MARK in text:
        notes.add("rows have a byte-order mark: left out", name)
        text = text.replace(MARK, "")
    if "\r" in text:
        notes.add("rows have lines that end in \\r: read as \\n", name)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def read_text(file: Path, encoding: str, notes: Notes) -> str:
    """All of one file.

    Raises:
        DataError: It is binary, or in another encoding.
    """
    if found := fault(file, encoding):
        raise DataError(f"{shown(file)} {found}")
    return "".join(decoded(file, encoding, notes))


def parted(parts: Iterable[str], mark: str) -> Iterator[str]:
    """What stands between the marks in a text that was cut anywhere; the last may be empty."""
    held = [""]  # of what goes on; its end apart, since a mark may lie across it
    for part in parts:
        *whole, rest = (held.pop() + part).split(mark)
        for end in whole:
            yield "".join([*held, end])
            held = []
        held += [rest[: -len(mark)], rest[-len(mark) :]]
    yield "".join(held)


def _blocks(file: Path) -> Iterator[bytes]:
    try:
        with open_packed(file) as stream:
            while block := stream.read(BLOCK):
                yield block
    except (UserError, OSError):
        raise
    except Exception as error:  # whatever unpacks has an error of its own for damaged files
        raise OSError(str(error) or type(error).__name__) from None


def open_packed(file: Path) -> BinaryIO:
    """A file to read, unpacked."""
    suffix = file.suffix.lower()
    if suffix == ".zst":
        return _open_zstd(file)
    return OPENERS.get(suffix, open)(file, "rb")


def _open_zstd(file: Path) -> BinaryIO:
    """By Python itself from 3.14 on, by zstandard or by pyarrow.

    Raises:
        UserError: There is none of them.
    """
    for name in ("compression.zstd", "zstandard", "pyarrow"):
        try:
            module: Any = import_module(name)
        except ImportError:
            continue
        if name == "pyarrow":
            return module.CompressedInputStream(module.OSFile(str(file)), "zstd")
        if name == "zstandard":
            unpacker = module.ZstdDecompressor()
            return unpacker.stream_reader(open(file, "rb"), read_across_frames=True)
        return module.open(file, "rb")
    raise UserError(
        f"{shown(file)} is packed by zstd, which nothing here unpacks: uv add zstandard, or unpack "
        f"it, zstd -d {shown(file)}"
    )
