"""The one exception that is meant for a person instead of a programmer.

Template's file: updates replace it.
"""


class UserError(Exception):
    """Something the user can mend: one sentence with the place, the value and what would be right.

    ``main.py`` prints the sentence without a traceback and exits with ``code``.
    """

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code
