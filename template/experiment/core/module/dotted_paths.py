"""Classes that the configuration names by a dotted path, and the arguments that it gives them.

Template's file: updates replace it.
"""

import importlib
import inspect
from typing import Any

from ..errors import UserError
from ..spelling import did_you_mean, nearest


def import_class(place: str, path: str, base: type, called: str) -> type[Any]:
    """The class with a dotted path, such as ``experiment.callbacks.WorstClass``.

    Args:
        place: The setting, for a message.
        path: Of the class.
        base: What it must inherit.
        called: What that is called where people import it from.

    Raises:
        UserError: It cannot be imported, or is something else.
    """
    module_name, _, class_name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"{place}: cannot be imported ({error})") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise UserError(f"{place}: is no subclass of {called}")
    return found


def check_arguments(place: str, found: type, *given: Any, **arguments: Any) -> None:
    """See that a class takes these arguments.

    Raises:
        UserError: It does not.
    """
    signature = inspect.signature(found)
    try:
        signature.bind(*given, **arguments)
    except TypeError as error:
        known = [name for name in signature.parameters if name not in arguments]
        unknown = [name for name in arguments if name not in signature.parameters]
        wanted = f"; it takes {str(signature).replace(' -> None', '')}"
        if len(wanted) > 120 and unknown:
            wanted = did_you_mean(nearest(unknown[0], known)) or f"; it takes {', '.join(known)}"
        raise UserError(f"{place}: {error}{wanted}") from error
