"""An example that cannot be read.

Template's file: updates replace it.
"""

from ..errors import UserError


class DataError(UserError):
    """An example that cannot be read: a sentence with its place, and what was expected.

    A loader's worker process can hand over only text, with its traceback around the sentence: the
    sentence is what is kept.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.strip().rpartition("DataError: ")[2])
