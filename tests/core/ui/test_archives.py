"""Archives: data is unpacked as it was; what climbs out, explodes or runs is refused."""

import bz2
import gzip
import io
import lzma
import os
import pickle
import resource
import struct
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from assemble import Package
from starlette.exceptions import HTTPException

MEGABYTE = 2**20
Files = dict[str, bytes]
GOOD: Files = {
    "train/cats/a.png": b"\x89PNG" + os.urandom(3000),
    "train/dogs/b é 猫.jpg": os.urandom(2000),
    "./labels.csv": b"id,label\n1,<script>\n",
    "notes.txt": b"",
}


@pytest.fixture
def archives(package: Package) -> ModuleType:
    return package.module("core.ui.uploads.archives")


@pytest.fixture
def unpack(archives: ModuleType, tmp_path: Path) -> Callable[..., Any]:
    """``unpack(content)`` gives what has become of it."""

    def run(content: bytes | Path, **limits: int) -> Any:
        number = len(list(tmp_path.glob("files-*")))
        archive = tmp_path / "archive.part"
        if isinstance(content, bytes):
            archive.write_bytes(content)
        else:
            archive = content
        made = archives.Limits(**limits)
        return archives.unpack(archive, tmp_path / f"files-{number}", made)

    return run


def refused(unpack: Callable[..., Any], content: bytes | Path, said: str, **limits: int) -> None:
    with pytest.raises(HTTPException, match=said) as error:
        unpack(content, **limits)
    assert error.value.status_code in {400, 413}
    assert "Traceback" not in error.value.detail
    assert error.value.detail.isprintable()


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def tarred(files: Files, packed: str = "", format: int = tarfile.PAX_FORMAT) -> bytes:
    members: list[tuple[tarfile.TarInfo, bytes]] = []
    for name, content in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(content)
        members.append((info, content))
    return packed_tar(members, packed, format)


def packed_tar(
    members: list[tuple[tarfile.TarInfo, bytes]], packed: str = "", format: int = tarfile.PAX_FORMAT
) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=f"w:{packed}", format=format) as archive:  # type: ignore[call-overload]
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return memory.getvalue()


def special(name: str, kind: bytes, target: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return packed_tar([(info, b"")])


def halves(content: bytes) -> tuple[bytes, bytes]:
    return content[:1000], content[1000:]


ARCHIVES = {
    "zip": zipped(GOOD),
    "stored zip": zipped(GOOD, zipfile.ZIP_STORED),
    "bzip2 zip": zipped(GOOD, zipfile.ZIP_BZIP2),
    "tar": tarred(GOOD),
    "gnu tar": tarred(GOOD, "", tarfile.GNU_FORMAT),
    "tar.gz": tarred(GOOD, "gz"),
    "tar.bz2": tarred(GOOD, "bz2"),
    "tar.xz": tarred(GOOD, "xz"),
    "tar.xz of two streams": b"".join(map(lzma.compress, halves(tarred(GOOD)))),
    "tar.gz of two streams": b"".join(map(gzip.compress, halves(tarred(GOOD)))),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_data_is_unpacked_as_it_was(unpack: Callable[..., Any], tmp_path: Path, kind: str) -> None:
    done = unpack(ARCHIVES[kind])

    for name, content in GOOD.items():
        assert (done.folder / name).read_bytes() == content
    assert (done.files, done.size) == (4, sum(map(len, GOOD.values())))
    assert done.passed_over == 0


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_long_names_and_many_files(unpack: Callable[..., Any], pack: Any) -> None:
    files = {f"{'f' * 90}/{'g' * 90}/{'h' * 90}/{n}.txt": b"%d" % n for n in range(300)}

    done = unpack(pack(files))

    assert done.files == 300
    assert (done.folder / next(iter(files))).read_bytes() == b"0"


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_what_systems_add_is_passed_over_and_counted(
    unpack: Callable[..., Any], tmp_path: Path, pack: Any
) -> None:
    junk = ["__MACOSX/._a.png", "a/.DS_Store", ".git/config", "a/.git/hooks/x", ".env", "Thumbs.db"]

    done = unpack(pack({**dict.fromkeys(junk, b"x"), "a/b.txt": b"y"}))

    assert (done.files, done.passed_over) == (1, len(junk))
    assert [path.name for path in done.folder.rglob("*")] == ["a", "b.txt"]


CLIMBING = [
    "../x",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "//x",
    "..\\x",
    "a\\b",
    "C:/x",
    "c:x",
    "a:stream",
    "a\nb",
    "a\x1b[31m",
    "x" * 256,
    "a/" * 41 + "x",
    "/".join(["x" * 200] * 6),
]


@pytest.mark.parametrize("name", CLIMBING, ids=[ascii(name)[:20] for name in CLIMBING])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_no_member_leads_elsewhere(
    unpack: Callable[..., Any], tmp_path: Path, pack: Any, name: str
) -> None:
    refused(unpack, pack({"ok.txt": b"x", name: b"x"}), "The archive is refused: the member")

    outside = {path for path in tmp_path.rglob("x*") if not path.is_relative_to(tmp_path / "page0")}
    assert not outside


def test_a_name_with_a_zero_in_it_is_not_cut_off(unpack: Callable[..., Any]) -> None:
    content = zipped({"a.pngX.sh": b"x"}).replace(b"a.pngX.sh", b"a.png\0.sh")

    refused(unpack, content, "control character")


def test_names_that_are_no_utf8_are_refused(unpack: Callable[..., Any]) -> None:
    content = tarred({"a\udce9.png": b"x"}, "", tarfile.GNU_FORMAT)

    refused(unpack, content, "no UTF-8")


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "a.txt"),
        (tarfile.LNKTYPE, "a.txt"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (b"Z", ""),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(
    unpack: Callable[..., Any], kind: bytes, target: str
) -> None:
    refused(unpack, special("link", kind, target), "'link' is a link or a device")


@pytest.mark.parametrize("mode", [0o120777, 0o020644, 0o060644, 0o010644, 0o140644])
def test_links_and_devices_in_a_zip_are_refused(unpack: Callable[..., Any], mode: int) -> None:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = mode << 16
        archive.writestr(info, "/etc/passwd")

    refused(unpack, memory.getvalue(), "'link' is a link or a device")


def test_a_sparse_file_is_refused(unpack: Callable[..., Any], tmp_path: Path) -> None:
    info = tarfile.TarInfo("big.bin")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.size": "9" * 15,
    }
    content = b"1\n0\n0\n".ljust(512, b"\0")
    info.size = len(content)

    refused(unpack, packed_tar([(info, content)]), "'big.bin' is a link or a device")


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("second", ["./a.txt", "a.txt/b.txt", "a.txt/"])
def test_a_name_twice_is_refused(unpack: Callable[..., Any], pack: Any, second: str) -> None:
    refused(unpack, pack({"a.txt": b"x", second: b""}), "'a.txt(/b.txt)?' is there twice")


def test_a_zip_with_a_member_twice_is_refused(unpack: Callable[..., Any]) -> None:
    refused(unpack, twice(), "'a.txt' is there twice")


def twice() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("a.txt", "x")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", "y")
    return memory.getvalue()


def test_file_permissions_are_no_members_to_give(unpack: Callable[..., Any]) -> None:
    info = tarfile.TarInfo("run.sh")
    info.mode, info.uid, info.size = 0o6777, 0, 1

    done = unpack(packed_tar([(info, b"x")]))

    assert (done.folder / "run.sh").stat().st_mode & 0o7111 == 0


def test_encrypted_and_odd_zips_are_refused(unpack: Callable[..., Any]) -> None:
    content = bytearray(zipped({"a.txt": b"x"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    refused(unpack, bytes(content), "encrypted")


def test_a_zip_packed_by_lzma_is_refused(unpack: Callable[..., Any]) -> None:
    refused(unpack, zipped(GOOD, zipfile.ZIP_LZMA), "packed in another way")


def test_a_bomb_is_refused_before_it_is_large(unpack: Callable[..., Any], tmp_path: Path) -> None:
    zeros = bytes(60 * MEGABYTE)
    bombs = [zipped({"zeros": zeros}), gzip.compress(tarred({"zeros": zeros}), 1)]

    for bomb in bombs:
        assert len(bomb) < MEGABYTE
        refused(unpack, bomb, "unpacks to more than", small=10 * MEGABYTE)
    written = [path.stat().st_size for path in tmp_path.glob("files-*/zeros")]
    assert max(written, default=0) <= 11 * MEGABYTE


def test_a_size_that_lies_is_counted_as_it_comes(unpack: Callable[..., Any]) -> None:
    content = bytearray(zipped({"zeros": bytes(5 * MEGABYTE)}))
    start = content.index(b"PK\x01\x02")
    content[start + 24 : start + 28] = struct.pack("<I", 10)  # of five million
    content[22:26] = struct.pack("<I", 10)

    refused(unpack, bytes(content), "damaged|unpacks to more", small=MEGABYTE, packed=1)


def test_too_many_members_are_refused(unpack: Callable[..., Any]) -> None:
    files = {f"{n}.txt": b"" for n in range(101)}

    for content in (zipped(files), tarred(files)):
        refused(unpack, content, "too many members", members=100)
    folders = zipped({f"{n}/": b"" for n in range(101)})
    refused(unpack, folders, "too many members", members=100)


def test_a_list_of_a_million_members_is_refused_at_once(unpack: Callable[..., Any]) -> None:
    number = 1_000_000
    each = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 8, 1, *[0] * 6) + b"a"
    members, start = each * number, b"PK\x03\x04" + bytes(60)
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, number, number, len(members), 64)
    where = struct.pack("<4sLQL", b"PK\6\7", 0, 64 + len(members), 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    began = time.monotonic()

    refused(unpack, start + members + end + where + last, "too many members")

    assert time.monotonic() - began < 5


def test_a_list_of_members_is_not_read_whatever_its_length(
    unpack: Callable[..., Any], tmp_path: Path
) -> None:
    """An end record that says 900 MB: zipfile would have it all in memory."""
    archive = tmp_path / "sparse.zip"
    length = 900 * MEGABYTE
    with open(archive, "wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(length + 4)
        file.seek(length + 4)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, length, 4, 0))

    tracemalloc.start()
    refused(unpack, archive, "list of members of 900 MB")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 10 * MEGABYTE


def test_a_header_of_any_length_is_not_read(unpack: Callable[..., Any]) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 80 * MEGABYTE
    memory = io.BytesIO()
    memory.write(info.tobuf(tarfile.GNU_FORMAT))
    memory.write(bytes(80 * MEGABYTE))

    tracemalloc.start()
    refused(unpack, gzip.compress(memory.getvalue(), 1), "header|damaged")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 90 * MEGABYTE + len(memory.getvalue())


def test_the_dictionary_of_an_xz_is_bounded(unpack: Callable[..., Any]) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 1 << 28}]
    plain = tarred(GOOD)
    bomb = lzma.compress(plain[:1024]) + lzma.compress(plain[1024:], filters=filters)

    refused(unpack, bomb, "damaged.*[Mm]emory")


@pytest.mark.parametrize(
    "name",
    [
        "a.pkl", "a.PICKLE", "a.pt", "a.pth", "a.ckpt", "a.joblib", "a.pkl.gz", "a.joblib.xz",
        "a.dill", "a.pyc",
    ],
)  # fmt: skip
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_pickles_are_refused_by_name(unpack: Callable[..., Any], pack: Any, name: str) -> None:
    refused(unpack, pack({f"x/{name}": b"x"}), f"{name}' is a pickle")


def objects(header: bytes = b"") -> bytes:
    memory = io.BytesIO()
    np.save(memory, np.array([{"a": 1}, None], dtype=object))
    return memory.getvalue()


def other_words(text: str) -> bytes:
    """An array whose header says it in another way."""
    header = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"x"


def saved(content: Any, **options: Any) -> bytes:
    memory = io.BytesIO()
    torch.save(content, memory, **options)
    return memory.getvalue()


def arrays(*each: Any) -> bytes:
    memory = io.BytesIO()
    np.savez(memory, *each)
    return memory.getvalue()


HIDDEN = {
    **{f"pickle {n}": pickle.dumps({"a": list(range(99))}, n) for n in range(2, 6)},
    "torch": saved({"a": torch.zeros(3)}),
    "old torch": saved({"a": torch.zeros(3)}, _use_new_zipfile_serialization=False),
    "objects": objects(),
    "objects in an npz": arrays(np.zeros(3), np.array([None], dtype=object)),
    "fields of objects": other_words(
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}"
    ),
    "escaped": other_words(r"{'descr': '|\x4f', 'fortran_order': False, 'shape': (1,)}"),
    "another order": other_words("""{'fortran_order': False, "descr": 'object', 'shape': (1,)}"""),
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_pickles_are_refused_under_another_name(unpack: Callable[..., Any], kind: str) -> None:
    refused(unpack, zipped({"x/data.bin": HIDDEN[kind]}), "data.bin' is a pickle")


def test_arrays_and_other_zips_are_data(unpack: Callable[..., Any]) -> None:
    memory = io.BytesIO()
    np.save(memory, np.zeros((3, 4), dtype=[("a", "<f4"), ("b", "U3")]))
    files = {
        "a.npy": memory.getvalue(),
        "b.npz": arrays(np.arange(4), np.zeros((2, 2))),
        "c.docx": zipped({"word/document.xml": b"<x/>"}),
        "d.zip": b"PK\x03\x04 broken",
        "e.bin": b"\x80\x02\x01",
        "f.parquet": b"PAR1" + bytes(50),
    }

    assert unpack(tarred(files)).files == len(files)


DAMAGED = {
    "empty": b"",
    "text": b"hello",
    "html": b"<script>alert(1)</script>" * 100,
    "half a zip": ARCHIVES["zip"][:2000],
    "half a tar": ARCHIVES["tar"][:2000],
    "a tar without its end": ARCHIVES["tar"][:8192],
    "half a gz": ARCHIVES["tar.gz"][:2000],
    "half a bz2": ARCHIVES["tar.bz2"][:2000],
    "half an xz": ARCHIVES["tar.xz"][:2000],
    "a gz of text": gzip.compress(b"hello"),
    "a bz2 of text": bz2.compress(b"hello" * 1000),
    "an xz of nothing": lzma.compress(b""),
    "a zip of nothing": zipped({}),
    "a tar of nothing": tarred({}),
    "a zip of folders": zipped({"a/": b"", "b/": b""}),
    "a zip of hidden files": zipped({".a": b"x"}),
    "two tars": ARCHIVES["tar"] + ARCHIVES["tar"],
    "png": b"\x89PNG\r\n\x1a\n" + bytes(2000),
    "rar": b"Rar!\x1a\x07\x01\x00" + bytes(2000),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(2000),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_no_whole_archive_is_refused(unpack: Callable[..., Any], kind: str) -> None:
    refused(unpack, DAMAGED[kind], "The archive is refused")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_a_byte_that_was_changed_is_refused_or_is_in_a_file(
    unpack: Callable[..., Any], kind: str
) -> None:
    """Never fewer files without a word."""
    content, statuses = ARCHIVES[kind], set[int]()

    for place in range(0, len(content), max(1, len(content) // 60)):
        broken = bytearray(content)
        broken[place] ^= 0x55
        try:
            done = unpack(bytes(broken))
        except HTTPException as error:
            statuses.add(error.status_code)
        else:
            assert done.files + done.passed_over == len(GOOD)
    assert statuses <= {400, 413}


def test_memory_stays_small_for_many_members(unpack: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(3000):
            file.writestr(f"{number}.txt", b"")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert unpack(archive).files == 3000

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB
