"""What of a design is meant, though elsewhere it would be a fault: ``expected`` of a module.

Template's file: updates replace it. It is stated once, in module.py, for ``main.py smoke`` and the
tests in tests/test_contract.py::

    class ExperimentModule(Module):
        expected = {"no_gradient": ["model.pooler"], "missing": ["validation"]}

==================  ============================================================================
kind                what it names
==================  ============================================================================
``no_gradient``     parameters that require a gradient and get none, such as those of a teacher:
                    a name, the module that holds it, or a pattern with ``*``
``unmoved``         parameters that get a gradient, and stay as they are while smoke looks
``random``          what differs in spite of the same seeds: ``predict_step``,
                    ``train_dataloader``
``missing``         what there is none of: ``validation``, ``log``, ``predict`` of a split
``not_learned``     metrics, such as ``val/loss``, that a single batch learned by heart leaves high
==================  ============================================================================

What is frozen (``requires_grad`` False, ``optimizer.freeze``) needs no statement, nor does it that
there is no ``predict_step``. What is stated and not so (any longer) is asked about, too. Where it
depends on the configuration, ``expected`` may be a property. A plain LightningModule may have it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UserError
from ..spelling import did_you_mean, nearest
from .name_patterns import first_match

WHERE = "experiment/module.py"
SHOWN = 3  # names in a sentence; what is to be stated has them all


@dataclass(frozen=True)
class Kind:
    """One kind of statement: what there is to see of it, and what is so where it does not hold."""

    seen: str
    otherwise: str


KINDS = {
    "no_gradient": Kind("no gradient reached {}", "gets a gradient"),
    "unmoved": Kind("nothing moved {}", "moves"),
    "random": Kind("{} gives something else each time, with the same seeds", "gives the same"),
    "missing": Kind("there is no {}", "is there"),
    "not_learned": Kind("a single batch was not learned by heart: {}", "one batch does teach"),
}


@dataclass(frozen=True)
class Question:
    """What was seen and may be meant or not, and what to write into module.py if it is."""

    seen: str
    answer: str


@dataclass
class Expected:
    """What a module states, beside what is seen of it.

    Args:
        stated: Names by kind, as ``read_expected`` gives them.
    """

    stated: dict[str, list[str]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.proposed = {kind: list(names) for kind, names in self.stated.items()}

    @property
    def text(self) -> str:
        """All that is asked."""
        return "\n".join(f"{asked.seen}\n  {asked.answer}" for asked in self.questions)

    def states(self, kind: str, name: str) -> bool:
        """Whether it is stated of ``name``."""
        return first_match(name, self.stated.get(kind, ())) is not None

    def unstated(self, kind: str, names: Iterable[str]) -> list[str]:
        """Those of which it is not stated."""
        return [name for name in names if not self.states(kind, name)]

    def compare(
        self,
        kind: str,
        so: Iterable[str],
        not_so: Iterable[str],
        others: Iterable[str] = (),
        because: str = "",
    ) -> None:
        """Ask about what is so and not stated, and about what is stated and not so.

        Args:
            kind: One of ``KINDS``.
            so: Names of which it is so. Those not stated are what will be proposed: short ones.
            not_so: Names of which it is not.
            others: Names that exist, of which nothing is known.
            because: The end of the sentence about what is so.
        """
        if new := self.unstated(kind, so):
            self.proposed.setdefault(kind, []).extend(new)
            seen = KINDS[kind].seen.format(_some(new)) + because
            self._ask(seen, "if it is meant, state")
        so, not_so, others = list(so), list(not_so), list(others)
        for stated in self.stated.get(kind, ()):
            against = [name for name in not_so if first_match(name, [stated])]
            if against:
                what = stated if stated in against else f"{stated}: {_some(against)}"
                self._take_out(kind, stated, f"{what} {KINDS[kind].otherwise}")
            elif not any(first_match(name, [stated]) for name in (*so, *others)):
                near = nearest(stated, {*so, *others, *_modules(others)}, cutoff=0.4)
                self._take_out(kind, stated, f"there is no {stated}{did_you_mean(near)}")

    def _take_out(self, kind: str, stated: str, reason: str) -> None:
        if stated not in self.proposed[kind]:  # asked already
            return
        self.proposed[kind].remove(stated)
        self._ask(f'expected["{kind}"] is no longer true: {reason}', "state")

    def _ask(self, seen: str, verb: str) -> None:
        literal = json.dumps({kind: names for kind, names in self.proposed.items() if names})
        self.questions.append(Question(seen, f"{verb} in {WHERE}: expected = {literal}"))


def read_expected(module: Any) -> Expected:
    """What a LightningModule states, of whatever class it is.

    Raises:
        UserError: It is no mapping of known kinds to names.
    """
    stated: Any = getattr(module, "expected", {})
    place = f"{WHERE}: expected"
    if not isinstance(stated, Mapping):
        raise UserError(f'{place} is {stated!r:.60}; it is a dict: {{"no_gradient": ["model.x"]}}')
    for kind, names in stated.items():
        if kind not in KINDS:
            hint = did_you_mean(nearest(str(kind), KINDS))
            raise UserError(f"{place}: {kind!r} is none of {', '.join(KINDS)}{hint}")
        listed = isinstance(names, Sequence) and not isinstance(names, str)
        if not listed or not all(isinstance(name, str) for name in names):
            raise UserError(f"{place}: {kind} is {names!r:.60}; it is a list of names")
    return Expected({kind: list(names) for kind, names in stated.items()})


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _modules(names: Iterable[str]) -> set[str]:
    """``model.stem`` and ``model`` of ``model.stem.weight``."""
    found = (name.split(".") for name in names)
    return {".".join(parts[:end]) for parts in found for end in range(1, len(parts))}
