"""``prepare_data`` and ``setup``, which Lightning calls again and again, and the facts before it.

Template's file: updates replace it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from .downloads import writing_data


def once(data: Any, hook: Callable[..., None]) -> Callable[..., None]:
    """A hook of a DataModule that works once, and not at all where ``predict`` brings its input."""
    done = False

    @wraps(hook)
    def first_time(*args: Any, **kwargs: Any) -> None:
        nonlocal done
        if not done and data.predict_path is None:
            with writing_data(data.root):
                hook(*args, **kwargs)
            if hook.__name__ == "setup":
                data.fold()
            done = True  # not before: in a notebook one mends and calls again

    return first_time
