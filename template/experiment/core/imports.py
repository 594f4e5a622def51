"""Imports that take no longer than they have to.

Template's file: updates replace it. Nothing here changes a result: without it all is slower to
start, and nothing else.

A room of ``core`` offers names of its files, each of which is imported when it is asked for
(``lazily``). torch and Lightning are imported without torch.compile's machinery, which takes longer
than torch.

``torch._dynamo`` (with sympy: 2 to 5 s) is imported by accident: by Lightning, which wants to know
whether a model is compiled, by an operator of torchvision, which asks whether it could be, and by
the first optimizer, which wants to be left out of it. As long as nobody has used ``torch.compile``,
nothing is compiled, and all three can do without; from then on they do what they always did.
"""

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from .console import quiet_lightning

DYNAMO, DYNAMO_UTILS = "torch._dynamo", "torch._dynamo.utils"


def lazily(package: str, files: dict[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package: its public names, each from the file that has it.

    Args:
        package: ``__name__`` of the package.
        files: The public names of each of its files.
    """
    places = {name: file for file, names in files.items() for name in names}

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f".{places[name]}", package), name)

    return find


def import_torch() -> None:
    """Import torch and Lightning, quickly and without their remarks.

    No garbage is looked for all the while. What stays for ever is then taken out of later
    collections; put back before the interpreter ends, or some libraries report it as leaked.
    """
    # Threads that wait for each other by spinning take the cores from whom they wait for: on a busy
    # machine a run of the demo took 19 s instead of 13. On a quiet one this costs nothing.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    gc.disable()
    try:
        with _dynamo_put_off():
            import pytorch_lightning

            if find_spec("torchvision"):  # torchmetrics imports most of it anyway
                import torchvision.tv_tensors  # noqa: F401
    except ImportError:  # a version that wants more of dynamo: the long way
        import pytorch_lightning  # noqa: F401
    _let_optimizers_wait()
    _remember_signatures()
    quiet_lightning()
    gc.enable()
    gc.freeze()
    atexit.register(gc.unfreeze)


def start_wandb(**arguments: Any) -> Any:
    """``wandb.init`` without importing W&B Launch, which takes longer than the start itself.

    A run looks for inputs that Launch has staged; nobody staged any who has not imported it.
    """
    import wandb
    from wandb.sdk.wandb_run import Run

    looks: Any = getattr(Run, "_detect_and_apply_job_inputs", None)

    def look_if_imported(run: Any) -> None:
        if "wandb.sdk.launch" in sys.modules:
            looks(run)

    if looks is not None and looks.__name__ != look_if_imported.__name__:
        setattr(Run, "_detect_and_apply_job_inputs", look_if_imported)  # noqa: B010
    return wandb.init(**arguments)


class _Compiled(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        dynamo = sys.modules.get(DYNAMO)
        return not isinstance(dynamo, _StandIn | None) and isinstance(
            instance, dynamo.OptimizedModule
        )


class OptimizedModule(metaclass=_Compiled):
    """Of what ``isinstance`` says that ``torch.compile`` made it."""


class _StandIn(ModuleType):
    """Has the three names that are used by accident; whoever wants another gets the real ones."""

    OptimizedModule = OptimizedModule

    @staticmethod
    def is_compile_supported(device_type: Any) -> Any:
        return importlib.import_module(DYNAMO_UTILS).is_compile_supported(device_type)

    @staticmethod
    def disable(fn: Any, recursive: bool = True, **options: Any) -> Any:
        return _left_out_later(fn, recursive, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # looked at in passing, by inspect and by import itself
            raise AttributeError(name)
        _step_aside()
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def _dynamo_put_off() -> Iterator[None]:
    if DYNAMO not in sys.modules:
        sys.modules.update({name: _StandIn(name) for name in (DYNAMO, DYNAMO_UTILS)})
    try:
        yield
    finally:
        _step_aside()


def _step_aside() -> None:
    for name in (DYNAMO, DYNAMO_UTILS):
        if isinstance(sys.modules.get(name), _StandIn):
            del sys.modules[name]


def _let_optimizers_wait() -> None:
    """Leave the optimizers' methods out of compiling once there is a compiler, not before."""
    from torch.optim import Optimizer

    for name in ("add_param_group", "state_dict", "load_state_dict", "zero_grad"):
        function = getattr(getattr(Optimizer, name), "__wrapped__", None)
        # Where torch keeps, for each of them, what dynamo made of it at its first call.
        if function is not None and "__dynamo_disable" not in vars(function):
            vars(function)["__dynamo_disable"] = _left_out_later(function, wrapping=False)


def _left_out_later(function: Any, recursive: bool = True, **options: Any) -> Callable[..., Any]:
    """The function, which dynamo is told to leave out as soon as there is a dynamo."""
    left_out: Any = None

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal left_out
        if left_out is None:
            if DYNAMO not in sys.modules:
                return function(*args, **kwargs)
            from torch._dynamo import disable

            left_out = disable(function, recursive, **options)
        return left_out(*args, **kwargs)

    return call


def _remember_signatures() -> None:
    """Lightning reads the signature of ``training_step`` anew in every step, which takes 50 us."""
    from pytorch_lightning.loops import training_epoch_loop as loop

    reads: Any = getattr(loop, "is_param_in_hook_signature", None)
    if reads is None:
        return
    remembers = lru_cache(16)(reads)

    def is_param_in_hook_signature(hook: Any, *args: Any, **kwargs: Any) -> bool:
        # Not the bound method itself: remembering it would keep its model alive.
        return remembers(getattr(hook, "__func__", hook), *args, **kwargs)

    loop.is_param_in_hook_signature = is_param_in_hook_signature  # pyright: ignore[reportPrivateImportUsage]
