"""The files of a run's ``checkpoints/`` folder, and the scores of the best ones.

Template's file: updates replace it. Free of torch. Whether one can be read: verify.py; which one is
taken: find_checkpoint.py.

=========================  ==================================================================
``last.ckpt``              the newest clean point: a run goes on from it exactly
``last.previous.ckpt``     the one before, taken when ``last.ckpt`` is damaged
``best-*.ckpt``            the top k by the monitored metric: exactly the weights that were scored
``best-*.start.ckpt``      for a best one scored in mid-epoch: the clean point before it
``best.json``              the scores of the best ones
=========================  ==================================================================
"""

import json
from pathlib import Path

from ..files import write_json
from ..runs.layout import SCORES, START_SUFFIX


def set_aside(path: Path) -> None:
    """Give what cannot be started from a name that nothing looks for: it may be dear to somebody.

    ``last.ckpt`` becomes ``last.set-aside-1.ckpt``, or 2, or 3.
    """
    if path.exists():
        number = 1 + sum(1 for _ in path.parent.glob(f"{path.stem}.set-aside-*"))
        path.rename(path.with_name(f"{path.stem}.set-aside-{number}{path.suffix}"))


def start_of(best: Path) -> Path:
    """The clean point before a best one that was scored in mid-epoch."""
    return best.with_name(best.name.removesuffix(".ckpt") + START_SUFFIX)


def write_scores(folder: Path, monitor: str, mode: str, scores: dict[str, float]) -> None:
    """Record the score of each best checkpoint by file name."""
    write_json(folder / SCORES, {"monitor": monitor, "mode": mode, "scores": scores})


def best_score(folder: Path) -> tuple[Path, str, float] | None:
    """The best checkpoint that exists, the metric's name and its value."""
    try:
        record = json.loads((folder / SCORES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    scores = {name: v for name, v in record["scores"].items() if (folder / name).is_file()}
    if not scores:
        return None
    name = (min if record["mode"] == "min" else max)(scores, key=scores.__getitem__)
    return folder / name, record["monitor"], scores[name]
