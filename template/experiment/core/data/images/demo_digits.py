"""Handwritten digits, 1797 real ones of 8x8 pixels, that come with scikit-learn.

Template's file: updates replace it. To train on your own data, set ``data.source``.

E. Alpaydin and C. Kaynak 1998, Optical Recognition of Handwritten Digits (UCI machine learning
repository), the part that scikit-learn distributes as ``load_digits``.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from ...errors import UserError
from .labelled_images import LabelledImages, from_pixels

# Which digits are for testing, a bit each: those of scikit-learn's train_test_split(test_size=0.25,
# stratify=labels, random_state=0). Written down, they can never move, and importing scikit-learn
# for them (seconds) is saved.
TEST = """
000004883526104000164101934205001a00080102240028062c1e081108960a009019120420f8a0028110e040
080a9a304415244942c0a00a2030804004d821408b8020004885c400104008a0900005486800301000020ec409
001224840083b8013c21a69c0a0204000f48400804a4184902124061e5008024604e94376a8192160154800048
42a0a4180a5000a40b8561e688108049124c80c02205068e000109f202c141398813c009190000148e01008410
a0e10033282900c144c8c0680a0102930292030922a6402c26042108a8608198c8a01412861202128138a41500
"""


def load() -> dict[str, LabelledImages]:
    """1347 digits to train on, 450 to test on, each class in the same proportion in both.

    Raises:
        UserError: scikit-learn, whose file they are read from, is not installed.
    """
    scikit_learn = find_spec("sklearn")
    if scikit_learn is None or scikit_learn.origin is None:
        raise UserError("data.source: demo reads digits from scikit-learn: uv add scikit-learn")
    file = Path(scikit_learn.origin).parent / "datasets" / "data" / "digits.csv.gz"
    table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.int64))  # 64 pixels, class
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(TEST), dtype=np.uint8))
    test = torch.from_numpy(bits[: len(table)].astype(bool))
    pixels = (table[:, :-1] * 255 / 16).round().byte().view(-1, 1, 8, 8)
    names = [str(digit) for digit in range(10)]
    place = "scikit-learn's digits"
    return {
        "train": from_pixels(pixels[~test], table[~test, -1], names, place),
        "test": from_pixels(pixels[test], table[test, -1], names, place),
    }
