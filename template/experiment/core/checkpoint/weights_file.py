"""What a file of weights is, before anything in it is read, and which files a path stands for.

Template's file: updates replace it. Free of torch, so that a download gone wrong is told at once.
What is in the files is read by read_weights.py.
"""

import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

from ..errors import UserError
from ..files import shown

TORCH, LEGACY, SAFETENSORS, NPZ = "torch", "torch of before 1.6", "safetensors", "npz"
SUFFIXES = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".npz")
INDEX = ".index.json"  # beside shards: which of them holds which name
# What trainers leave beside the weights.
NO_WEIGHTS = ("optimizer", "scheduler", "scaler", "rng_state", "training_args")
SAVE_AGAIN = 'torch.save(model.state_dict(), "weights.pt")'

# How a file begins that holds no weights as they are read here, and what to do about it.
BEGINNINGS = (
    (
        b"version https://git-lfs",
        "a pointer of Git LFS, not the file itself: fetch it with `git lfs pull`",
    ),
    (b"\x1f\x8b", "compressed by gzip: unpack it first, with gunzip"),
    (b"BZh", "compressed by bzip2: unpack it first, with bunzip2"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it first, with unzstd"),
    (b"\xfd7zXZ", "compressed by xz: unpack it first, with unxz"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
    (b"\x89HDF", "HDF5, as Keras writes it: save its weights as .safetensors or .npz"),
    (b"GGUF", "GGUF, made for llama.cpp: take the .safetensors that it was made of"),
    (b"\x93NUMPY", "a single array of NumPy, without a name: save arrays by name, as .npz"),
)
WEB_PAGE = "a web page, not weights: the address wanted a click or an account; download it again"
PAGES = (b"<!doctype html", b"<html", b"<?xml", b"<head")


def what_it_is(path: Path) -> str:
    """What a file is that is no archive of torch's, in words; empty where nobody knows."""
    with open(path, "rb") as file:
        start = file.read(512)
    if not start:
        return "empty"
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGES):
        return WEB_PAGE
    if start[257:262] == b"ustar":
        return "a tar archive: unpack it first"
    return next((meaning for magic, meaning in BEGINNINGS if start.startswith(magic)), "")


def form_of(path: Path) -> str:
    """Which of the forms above a file of weights has, by what is in it, not by its name.

    Raises:
        UserError: None of them.
    """
    with open(path, "rb") as file:
        start = file.read(9)
    if start.startswith(b"PK"):
        return _form_of_archive(path)
    if known := what_it_is(path):
        raise UserError(f"{shown(path)} is {known}")
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= path.stat().st_size:
        if find_spec("safetensors") is None:
            raise UserError(
                f"{shown(path)} is in the safetensors format: needs the package; uv add safetensors"
            )
        return SAFETENSORS
    if start.startswith(b"\x80"):
        return LEGACY
    raise UserError(
        f"{shown(path)} is no file of weights that is known here: those are files of torch.save, "
        ".safetensors and .npz"
    )


def _form_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            broken = archive.testzip()
    except Exception:  # a flipped bit makes zipfile raise almost anything
        raise UserError(f"{shown(path)} is damaged: copy or download it again") from None
    if broken is not None:
        raise UserError(f"{shown(path)} is damaged, at {broken}: copy or download it again")
    files = [name for name in names if not name.endswith("/")]
    if any("/code/" in name for name in files) and any("constants.pkl" in name for name in files):
        raise UserError(
            f"{shown(path)} is a program of TorchScript; save its weights alone: "
            'torch.save(torch.jit.load(FILE).state_dict(), "weights.pt")'
        )
    if any(name.endswith("/data.pkl") for name in files):
        return TORCH
    if files and all(name.endswith(".npy") for name in files):
        return NPZ
    some = ", ".join(files[:3]) or "nothing"
    raise UserError(
        f"{shown(path)} is a zip of something else (it holds {some}): unpack it, and name the file "
        "of the weights"
    )


# --- which files ---------------------------------------------------------------------------------


def files_of(path: Path) -> list[Path]:
    """The files that a path to weights stands for: one, or all shards.

    Raises:
        UserError: It is a folder without weights or with several; a shard is missing.
    """
    if path.is_dir():
        return _files_in(path)
    return _shards(path) if path.name.endswith(INDEX) else [path]


def _files_in(folder: Path) -> list[Path]:
    _refuse_shares_of_processes(folder)
    indices = sorted(folder.glob(f"*{INDEX}"))
    listed = [_shards(index) for index in indices]
    single = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix in SUFFIXES and path.is_file() and not path.stem.startswith(NO_WEIGHTS)
        and not any(path in shards for shards in listed)
    ]  # fmt: skip
    found = [*zip(indices, listed, strict=True), *((path, [path]) for path in single)]
    if len(found) > 1:  # Hugging Face's folders have the same weights in two formats
        safe = [pair for pair in found if all(f.suffix == ".safetensors" for f in pair[1])]
        rest = [pair[0].name for pair in found if pair not in safe]
        same = len(safe) == 1 and all(name.startswith("pytorch_model.bin") for name in rest)
        found = safe if same else found
    if len(found) == 1:
        return found[0][1]
    if not found:
        raise UserError(
            f"{shown(folder)} is a folder without weights: there is no file that ends in "
            f"{', '.join(SUFFIXES)}"
        )
    names = ", ".join(path.name for path, _ in found)
    raise UserError(f"{shown(folder)} holds several files of weights: name one of {names}")


def _shards(index: Path) -> list[Path]:
    try:
        names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        shards = [index.parent / name for name in sorted(set(names))]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{shown(index)} has no weight_map, which says what lies where") from None
    if missing := [path.name for path in shards if not path.is_file()]:
        raise UserError(
            f"{shown(index)} names {len(shards)} files, of which {len(missing)} are missing: "
            f"{', '.join(missing[:3])}"
        )
    return shards


def _refuse_shares_of_processes(folder: Path) -> None:
    """Checkpoints that each process wrote its share of: to read one runs whatever it names."""
    if (folder / ".metadata").is_file():
        raise UserError(
            f"{shown(folder)} is a checkpoint in the shares of several processes; make one file of "
            f"it: python -m pytorch_lightning.utilities.consolidate_checkpoint {shown(folder)}"
        )
    if (folder / "zero_to_fp32.py").is_file():
        raise UserError(
            f"{shown(folder)} is a checkpoint of DeepSpeed's; make one file of it: "
            f"python {shown(folder)}/zero_to_fp32.py {shown(folder)} weights.pt"
        )
