"""A digest of an example's content, by which a list of examples knows other data.

Template's file: updates replace it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageFile
from torch import Tensor

from ..runs.exclude_list import DIGEST_LENGTH, UNREADABLE


def digest_of(read: Callable[[], Any]) -> str:
    """The digest of what ``read`` gives, or the word for an example that cannot be read."""
    try:
        return digest_of_content(read())
    except MemoryError:  # says nothing of the example
        raise
    except Exception:  # whatever a reader of somebody's format raises
        return UNREADABLE


def digest_of_content(raw: Any) -> str:
    """What ``sha256sum`` says of a file or a text; of all else, of its values.

    Args:
        raw: Bytes, a text, an image that was opened, or what else ``Record.raw`` may be.
    """
    if isinstance(raw, str):
        return _short(raw.encode("utf-8", "surrogatepass"))
    if isinstance(raw, bytes):
        return _short(raw)
    if isinstance(raw, Image.Image):
        with raw:
            # A file's bytes: decoded pixels are others where another decoder is installed.
            return _short(_file_bytes(raw) or b" ".join(bytes_of(raw)))
    found = hashlib.sha256()
    for part in bytes_of(raw):
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()[:DIGEST_LENGTH]


def bytes_of(value: Any) -> Iterator[bytes]:
    """The same for the same values: tensors by their numbers, whatever else by what is printed."""
    if isinstance(value, (Tensor, np.ndarray)):
        array = value.detach().numpy() if isinstance(value, Tensor) else value
        yield f"{array.dtype} {array.shape}".encode()
        yield np.ascontiguousarray(array).tobytes()
    elif isinstance(value, Image.Image):
        yield f"{value.mode} {value.size}".encode()
        yield value.tobytes()
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name).encode()
            yield from bytes_of(part)
    elif isinstance(value, (tuple, list)) and not _is_plain(value):
        yield str(len(value)).encode()
        for part in value:
            yield from bytes_of(part)
    else:
        yield repr(value).encode("utf-8", "replace")


def _is_plain(value: Any) -> bool:
    """Whether all of it is texts and numbers, which are printed in a tenth of the time."""
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float))


def _file_bytes(image: Image.Image) -> bytes | None:
    """The file that an image was opened from, if it was not read yet."""
    file = image.fp if isinstance(image, ImageFile.ImageFile) else None
    if file is None:
        return None
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    return content


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]
