"""Attributes that hide a method.

Template's file: updates replace it.
"""

import inspect
from functools import partial
from typing import Any

from ..errors import UserError


def refuse_hiding(owner: Any, base: type, name: str, value: Any) -> None:
    """Refuse ``self.fold = 3`` where ``fold`` is a method of core's base class.

    A function may stand in a method's place, on an instance, too.

    Args:
        owner: Whose attribute is set.
        base: Core's class, of whose methods it is.
        name: Of the attribute.
        value: Of the attribute.

    Raises:
        UserError: The value is no function.
    """
    method = vars(base).get(name)
    if method is None or not (inspect.isroutine(method) or isinstance(method, property)):
        return
    if isinstance(method, property):
        if method.fset is not None:
            return
    elif inspect.isroutine(value) or isinstance(value, (type, partial)) or value is None:
        return
    kind = "property" if isinstance(method, property) else "method"
    raise UserError(
        f"{type(owner).__name__}: self.{name} = {value!r:.40} hides the {kind} {name}() of core's "
        f"{base.__name__}; give the attribute another name, such as own_{name}"
    )
