"""Attributes that hide a method.

Template's file: updates replace it.
"""

import inspect
from functools import cached_property, partial
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
    if isinstance(method, property):
        hides = method.fset is None
    else:
        hides = inspect.isroutine(method) and not _stands_for_method(base, name, value)
    if hides:
        raise _refusal(type(owner), base, name, value, "self.")


def refuse_hidden(cls: type, base: type) -> None:
    """Refuse the same in the body of a class, or of a mixin that comes before core's class.

    Args:
        cls: A subclass of core's.
        base: Core's class.

    Raises:
        UserError: Something that is no function hides a method, or no property a property.
    """
    for name, method in vars(base).items():
        definer = next(kind for kind in cls.__mro__ if name in vars(kind))
        if definer is base or issubclass(base, definer) or name.startswith("__"):
            continue
        value = vars(definer)[name]
        if isinstance(method, property):
            hides = inspect.isfunction(value) or not hasattr(value, "__get__")
        else:
            hides = inspect.isroutine(method) and not _stands_for_method(base, name, value)
        if hides:
            raise _refusal(definer, base, name, value)


def _stands_for_method(base: type, name: str, value: Any) -> bool:
    if value is None:  # Lightning passes over a hook that is None
        return any(name in vars(kind) for kind in base.__mro__[1:])
    if isinstance(value, (property, cached_property)):
        return False
    return inspect.isroutine(value) or isinstance(value, (type, partial))


def _refusal(owner: type, base: type, name: str, value: Any, prefix: str = "") -> UserError:
    kind = "property" if isinstance(vars(base)[name], property) else "method"
    return UserError(
        f"{owner.__name__}: {prefix}{name} = {value!r:.40} hides the {kind} {name}() of core's "
        f"{base.__name__}; give the attribute another name, such as own_{name}"
    )
