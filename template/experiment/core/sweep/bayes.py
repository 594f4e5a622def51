"""Bayesian search: Optuna's tree-structured Parzen estimator, asked anew for every trial.

Template's file: updates replace it. Bergstra et al. 2011 (NeurIPS 24). The study lives in memory
and is made of the trials' folders each time (0.1 s for 1000 trials): there is no database that a
kill could corrupt. It moves in shares of W&B's distributions, so that its prior is theirs.
"""

import json
import warnings
from importlib.util import find_spec
from random import Random
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from .distributions import LARGEST, Parameter
from .random_draw import Values, random_draw
from .sweep_file import Metric, Sweep
from .trials import RUNNING, Trial

if TYPE_CHECKING:
    import optuna  # pyright: ignore[reportMissingImports]

# As many trials are drawn at random, the very ones that method: random has, before TPE begins.
START_UP = 10


def require_optuna() -> None:
    """Refuse to start without what proposes the points.

    Raises:
        UserError: Optuna is not installed.
    """
    if find_spec("optuna") is None:
        raise UserError(
            "method: bayes needs Optuna: uv sync --extra sweep (or pip install optuna); "
            "method: random needs nothing"
        )


def propose(
    sweep: Sweep, metric: Metric, seed: int, number: int, trials: list[Trial]
) -> Values | None:
    """Where trial ``number`` should lie; None while too little is known."""
    scored = [trial for trial in trials if trial.value is not None]
    if len(scored) < START_UP:
        return None
    import optuna  # pyright: ignore[reportMissingImports]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of multivariate and constant_liar, that they may change
        sampler = optuna.samplers.TPESampler(
            seed=Random(f"{seed}/{number}").randrange(2**31),
            n_startup_trials=START_UP,
            multivariate=True,
            constant_liar=True,  # what still runs counts as bad, so that nobody does it again
        )
    running = [trial for trial in trials if trial.state == RUNNING]
    study = study_of(sweep, metric, scored, running, sampler)
    asked = study.ask(_space(sweep)).params
    drawn = random_draw(sweep, seed, number)
    return {
        p.key: _share(p, asked[p.key]) if p.key in asked else drawn[p.key] for p in sweep.parameters
    }


def study_of(
    sweep: Sweep,
    metric: Metric,
    scored: list[Trial],
    running: list[Trial],
    sampler: "optuna.samplers.BaseSampler | None" = None,
) -> "optuna.Study":
    """The trials as Optuna knows them: where each lies, and its value."""
    import optuna  # pyright: ignore[reportMissingImports]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    directions = optuna.study.StudyDirection
    direction = directions.MINIMIZE if metric.goal == "minimize" else directions.MAXIMIZE
    study = optuna.create_study(direction=direction, sampler=sampler)
    space = _space(sweep)

    def known(trial: Trial, **state: Any) -> "optuna.trial.FrozenTrial":
        params = {p.key: _place(p, trial) for p in sweep.parameters if p.key in space}
        return optuna.trial.create_trial(params=params, distributions=space, **state)

    study.add_trials([known(trial, value=trial.value) for trial in scored])
    waits = optuna.trial.TrialState.RUNNING
    study.add_trials([known(trial, state=waits) for trial in running])
    return study


def _space(sweep: Sweep) -> "dict[str, optuna.distributions.BaseDistribution]":
    """What Optuna moves in: a number of the choice, or a share from 0 to 1."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution  # pyright: ignore[reportMissingImports]

    space: dict[str, Any] = {}
    for parameter in sweep.parameters:
        choices = parameter.choices
        if choices is None:
            space[parameter.key] = FloatDistribution(0.0, 1.0)
        elif len(choices) > 1:
            space[parameter.key] = CategoricalDistribution(list(range(len(choices))))
    return space


def _place(parameter: Parameter, trial: Trial) -> float | int:
    """Where a trial lies: its draw, or what can be said of a grid's point."""
    if parameter.choices is not None:
        texts = [json.dumps(choice) for choice in parameter.choices]
        return texts.index(json.dumps(trial.values[parameter.key]))
    if parameter.key in trial.draw:
        return trial.draw[parameter.key]
    listed = parameter.grid() or []
    return (listed.index(trial.values[parameter.key]) + 0.5) / len(listed)


def _share(parameter: Parameter, place: float | int) -> float:
    """The draw that leads to what Optuna asked for."""
    if parameter.choices is None:
        return min(float(place), LARGEST)
    chances = parameter.fields.get("probabilities")
    if chances is None:
        return (place + 0.5) / len(parameter.choices)
    index = int(place)
    return sum(chances[:index]) + chances[index] / 2
