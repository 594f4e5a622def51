"""Why a network cannot be exported, in a line: torch's exporters say it on a page.

Template's file: updates replace it.
"""

import re
from traceback import walk_tb

from ..errors import first_line
from ..files import CODE, shown

CORE = "core"
KNOWN = (
    (
        r"data-dependent|DataDependent|_local_scalar_dense|\.item\(\)",
        "its control flow depends on the data, on values in a tensor that are not known before; "
        "torch.where or torch.cond can say the same",
    ),
    (
        r"ConstraintViolation|Constraints violated|specialized|not valid for dimension|marked as",
        "its code fixes the number of examples in a batch: take it from the input's shape",
    ),
    (r"torchvision(::|\.)\w+", "it uses {0} of torchvision's, which has no counterpart"),
    (
        r"No ONNX function found for (?:<OpOverload\(op=')?([\w.:]+)|No decompositions registered",
        "its operator {0} has no counterpart",
    ),
)


def reason(error: BaseException) -> str:
    """What kept a network from being exported, and the line of the project that it happened in."""
    chain = list(_chain(error))
    text = "\n".join(f"{type(one).__name__}: {one}" for one in chain)
    place = next(filter(None, (_place(one) for one in chain)), "")
    for pattern, words in KNOWN:
        if match := re.search(pattern, text):
            return words.format(match[match.lastindex or 0]) + place
    return first_line(chain[-1])[:200] + place


def _chain(error: BaseException | None) -> "list[BaseException]":
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _place(error: BaseException) -> str:
    """The innermost line of the researcher's own in an error's traceback."""
    mine = ""
    for frame, line in walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if file.startswith(f"{CODE}/experiment/") and f"/experiment/{CORE}/" not in file:
            mine = f" ({shown(file)}:{line})"
    return mine
