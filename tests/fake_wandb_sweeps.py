"""A W&B server that runs sweeps: it draws the trials itself, as W&B's controller does.

Written from W&B's documentation and apart from the template's own search, so that a test may
compare the two.
"""

import itertools
import json
import math
import random
from typing import Any

from fake_wandb import FakeWandb, Variables


class FakeSweeps(FakeWandb):
    """The server, whose agents get what their sweep's file asks for.

    Args:
        cap: How many trials of a method without an end.
        stop_after: Ask a trial of a sweep with early_terminate to end once it has logged the
            sweep's metric this often; None: never.
    """

    def __init__(self, cap: int = 1, stop_after: int | None = None) -> None:
        super().__init__()
        self.cap, self.stop_after = cap, stop_after
        self.given: dict[str, dict[str, Any]] = {}  # the arguments of each trial by its run
        self.stopped_runs: list[str] = []
        self._queues: dict[str, list[dict[str, Any]]] = {}

    def answer(self, question: str, variables: Variables) -> dict[str, Any] | None:
        """Of a sweep our own answer, of all else the server's."""
        own = {"upsertSweep": self.upsert_sweep, "agentHeartbeat": self.heartbeat}
        for word, answer in own.items():
            if word in question:
                with self._lock:
                    return answer(variables)
        return super().answer(question, variables)

    def upsert_sweep(self, variables: Variables) -> dict[str, Any]:
        """Make a sweep, and draw its trials."""
        answer = super().upsert_sweep(variables)
        name = answer["upsertSweep"]["sweep"]["name"]
        config = self.sweeps[name]
        flat = _flat(config["parameters"])
        if config["method"] == "grid":
            keys = sorted(flat)
            points = itertools.product(*(_listed(flat[key]) for key in keys))
            self._queues[name] = [_nested(dict(zip(keys, p, strict=True))) for p in points]
        else:
            draws = ({key: _draw(p) for key, p in flat.items()} for _ in range(self.cap))
            self._queues[name] = [_nested(draw) for draw in draws]
        return answer

    def heartbeat(self, variables: Variables) -> dict[str, Any]:
        """The next trial, once an agent is idle; the end of one that is hopeless."""
        sweep = self._agents[variables["id"]]
        running = json.loads(variables.get("runState") or "{}")
        hopeless = [run for run in running if self._is_hopeless(run, self.sweeps[sweep])]
        if hopeless:
            self.stopped_runs += hopeless
            commands = [{"type": "stop", "run_id": run} for run in hopeless]
            agent = {"id": variables["id"]}
            return {"agentHeartbeat": {"agent": agent, "commands": json.dumps(commands)}}
        self.trials = self._queues[sweep][:1]
        answer = super().heartbeat(variables)
        for command in json.loads(answer["agentHeartbeat"]["commands"]):
            if command["type"] == "run":
                self.given[command["run_id"]] = self._queues[sweep].pop(0)
        return answer

    def _is_hopeless(self, run: str, config: dict[str, Any]) -> bool:
        if self.stop_after is None or "early_terminate" not in config or run in self.stopped_runs:
            return False
        metric = config["metric"]["name"]
        rows = self.runs[run].rows if run in self.runs else []
        return sum(metric in row for row in rows) >= self.stop_after


Path = tuple[str, ...]


def _flat(parameters: dict[str, Any], above: Path = ()) -> dict[Path, dict[str, Any]]:
    found: dict[Path, dict[str, Any]] = {}
    for name, fields in parameters.items():
        if "parameters" in fields:
            found.update(_flat(fields["parameters"], (*above, name)))
        else:
            found[*above, name] = fields
    return found


def _nested(values: dict[Path, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in values.items():
        inner = nested
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = value
    return nested


def _listed(fields: dict[str, Any]) -> list[Any]:
    return [fields["value"]] if "value" in fields else fields["values"]


def _draw(fields: dict[str, Any]) -> Any:
    if "min" not in fields:
        return random.choice(_listed(fields))
    low, high = fields["min"], fields["max"]
    if fields.get("distribution") == "log_uniform_values":
        return math.exp(random.uniform(math.log(low), math.log(high)))
    whole = isinstance(low, int) and isinstance(high, int)
    return random.randint(low, high) if whole else random.uniform(low, high)
