"""The hooks around which a module begins an epoch, and logs it.

Template's file: updates replace it. A hook of yours, be it in your class, a mixin's or set on an
instance, need not call ``super()`` nor think of the log.
"""

import sys
from collections.abc import Callable
from functools import partial, update_wrapper
from inspect import isfunction
from typing import Any, TypeVar

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn

from ..errors import UserError
from .epoch_log import EVAL, TRAIN, log_epoch, split_metrics

Act = Callable[[Any], None]
ClassT = TypeVar("ClassT", bound=type)
COMMANDS = ("fit", "validate", "test", "predict")
RUNS = {getattr(pl.Trainer, f"_{command}_impl").__code__ for command in COMMANDS}


def refuse_within_fit(module: Any) -> None:
    """Refuse what else a Trainer would do with a module that is in training.

    It would take the module over, sums, place in the log and all; Lightning says nothing, or
    something else much later.

    Raises:
        UserError: The training is not over.
    """
    if any(trainer.lightning_module is module for trainer in _fits_around()):
        raise UserError(
            f"a Trainer's {module.trainer.state.fn.value}() is called within the training of the "
            "same module, whose sums it would mix with its own: give it copy.deepcopy(module)"
        )


def _fits_around() -> list[pl.Trainer]:
    """The Trainers within whose training the present one has been asked for something."""
    runs: list[Any] = []
    frame = sys._getframe()  # the stack: whatever a Trainer remembers may be of a fit that failed
    while frame is not None:
        if frame.f_code in RUNS:
            runs.append(frame)
        frame = frame.f_back
    return [run.f_locals["self"] for run in runs[1:] if run.f_code is pl.Trainer._fit_impl.__code__]


def begin_fit(module: Any) -> None:
    """Start at zero, whatever an epoch that was interrupted has left."""
    logs_epochs(type(module))  # what was set on a class since
    module.averages.forget()
    split_metrics(module).restart()


def begin_evaluation(module: Any) -> None:
    """Start validation or testing at zero; the epoch of a training around it goes on."""
    if module.trainer.state.fn != TrainerFn.FITTING:
        begin_fit(module)
    # A copy that a hook has made would be in that hook for ever.
    module.hooks_under_way &= {"on_validation_model_eval", "on_test_model_eval"}
    logs_epochs(type(module))
    module.averages.begin(EVAL)
    split_metrics(module).begin_evaluation()


def end_epoch(module: Any, stage: str) -> None:
    """Log what has come since, and forget; not before, since hooks may look at the metrics."""
    log_epoch(module, stage)
    module.averages.begin(stage)
    split_metrics(module).end_epoch()


def nothing(module: Any) -> None:
    """Nothing."""


# What is done before a hook and after it. Lightning calls the first four before any other of a
# module's in their stage.
HOOKS: dict[str, tuple[Act, Act]] = {
    "setup": (refuse_within_fit, nothing),
    "on_fit_start": (begin_fit, nothing),
    "on_validation_model_eval": (begin_evaluation, nothing),
    "on_test_model_eval": (begin_evaluation, nothing),
    "on_train_epoch_end": (partial(log_epoch, stage=TRAIN), partial(end_epoch, stage=TRAIN)),
    "on_validation_epoch_end": (partial(log_epoch, stage=EVAL), partial(end_epoch, stage=EVAL)),
    "on_test_epoch_end": (partial(log_epoch, stage=EVAL), partial(end_epoch, stage=EVAL)),
}


def logs_epochs(cls: ClassT) -> ClassT:
    """Have all these hooks of a class log, wherever it has them from."""
    for name in HOOKS:
        definer = next(kind for kind in cls.__mro__ if name in vars(kind))
        hook = vars(definer)[name]
        if not getattr(hook, "logs_epochs", False):
            setattr(cls, name, around(hook if definer is cls else _next_of(cls, name), name))
    return cls


def around(hook: Any, name: str) -> Callable[..., Any]:
    """A hook, and what is to be done before and after it; None: no hook of one's own."""
    before, after = HOOKS[name]

    def with_log(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = hook.__get__(self, type(self)) if hasattr(hook, "__get__") else hook
        if name in self.hooks_under_way:  # from a subclass, by super()
            return bound(*args, **kwargs) if callable(bound) else None
        self.hooks_under_way.add(name)
        try:
            before(self)
            result = bound(*args, **kwargs) if callable(bound) else None
            after(self)
        finally:
            self.hooks_under_way.discard(name)
        return result

    if isfunction(hook):
        update_wrapper(with_log, hook)
    with_log.logs_epochs = True  # pyright: ignore[reportFunctionMemberAccess]
    return with_log


def on_instance(hook: Any, name: str, owner: Any) -> Any:
    """The same of a hook that is set on an instance."""
    return partial(around(_without_self(hook), name), owner)


def _next_of(cls: type, name: str) -> Callable[..., Any]:
    def inherited(self: Any, *args: Any, **kwargs: Any) -> Any:
        hook = getattr(super(cls, self), name)
        return hook(*args, **kwargs) if callable(hook) else None

    return inherited


def _without_self(hook: Any) -> Any:
    return lambda _, *args, **kwargs: hook(*args, **kwargs) if callable(hook) else None
