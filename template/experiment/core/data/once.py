"""``prepare_data`` and ``setup``, which Lightning calls again and again, and the facts before it.

Template's file: updates replace it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from .downloads import writing_data
from .leaving_out import exclusions_of, in_use


def once(data: Any, hook: Callable[..., None]) -> Callable[..., None]:
    """A hook of a DataModule that works once, and not at all where ``predict`` brings its input."""
    done = False

    def set_up(*args: Any, **kwargs: Any) -> None:
        data.exclusions = exclusions_of(data.config, data.root, data.run)
        with in_use(data.exclusions):
            hook(*args, **kwargs)
        data.exclusions.leave_out_rest(data.datasets)
        data.exclusions.check()
        data.fold()

    @wraps(hook)
    def first_time(*args: Any, **kwargs: Any) -> None:
        nonlocal done
        if not done and data.predict_path is None:
            with writing_data(data.root):
                set_up(*args, **kwargs) if hook.__name__ == "setup" else hook(*args, **kwargs)
            done = True  # not before: in a notebook one mends and calls again

    return first_time
