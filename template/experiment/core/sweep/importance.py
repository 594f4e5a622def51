"""How much each parameter matters for reaching the best values, if Optuna is installed.

Template's file: updates replace it. PED-ANOVA, Watanabe et al. 2023 (arXiv:2304.10255): how
differently the good trials are spread over a parameter from all of them.
"""

from importlib.util import find_spec

from .sweep_file import Metric, Sweep
from .trials import Trial

LEAST_TRIALS = 8  # fewer say nothing


def importances(sweep: Sweep, metric: Metric, trials: list[Trial]) -> dict[str, float] | str:
    """The share of each parameter that varies; or a sentence, why there is none."""
    scored = [trial for trial in trials if trial.value is not None]
    varied = [p for p in sweep.parameters if len({repr(t.values.get(p.key)) for t in scored}) > 1]
    if len(varied) < 2:
        return "fewer than two parameters vary"
    if len(scored) < LEAST_TRIALS:
        return f"it takes at least {LEAST_TRIALS} trials with a value"
    if find_spec("optuna") is None:
        return "needs Optuna: uv sync --extra sweep"
    import optuna  # pyright: ignore[reportMissingImports]

    from .bayes import study_of

    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    study = study_of(sweep, metric, scored, [])
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    keys = {parameter.key for parameter in varied}
    return {key: value for key, value in found.items() if key in keys}
