"""A W&B server for tests: big enough for init, log, finish, resume, ``wandb sweep`` and its agents.

What W&B's client asks for in GraphQL is answered by the first entry of ``ANSWERS`` whose word is in
the question. Everything lives in memory, for the test to look at.
"""

import gzip
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self

import yaml

ENTITY = {"id": "e1", "name": "tester"}
API_KEY = "0123456789" * 4
Variables = dict[str, Any]


@dataclass
class OnlineRun:
    """What a run has sent, over all its starts."""

    starts: int = 0
    project: str = ""
    sweep: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    summary: str = "{}"
    exit_codes: list[int] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The logged rows, in the order in which they lie on the server."""
        return [json.loads(line) for line in self.history]


class FakeWandb:
    """A server on a free port, from ``with`` to its end.

    Args:
        trials: What a sweep's agents are to try, one after the other.
        broken: Answer every request with 500.

    Set ``broken`` or ``refusal``, the status and the message with which rows are refused, at any
    time.
    """

    def __init__(self, trials: list[dict[str, Any]] | None = None, *, broken: bool = False) -> None:
        self.trials = list(trials or [])
        self.broken = broken
        self.refusal: tuple[int, str] | None = None
        self.runs: dict[str, OnlineRun] = {}
        self.sweeps: dict[str, dict[str, Any]] = {}
        self.unknown: list[str] = []  # questions without an answer here
        self._agents: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._lock = Lock()
        handler = type("Handler", (Handler,), {"wandb": self})
        self._server = QuietServer(("127.0.0.1", 0), handler)

    @property
    def variables(self) -> dict[str, str]:
        """What sends W&B's client here."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        return {"WANDB_BASE_URL": url, "WANDB_API_KEY": API_KEY}

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, question: str, variables: Variables) -> dict[str, Any] | None:
        """The data of a GraphQL question; None for one that is not known."""
        with self._lock:
            for word, answer in ANSWERS.items():
                if word in question:
                    return answer(self, variables)
            self.unknown.append(question)
            return None

    def stream(self, run_id: str, sent: dict[str, Any]) -> None:
        """Take rows of a run; a row that was sent before is replaced, as W&B does."""
        with self._lock:
            run = self.runs[run_id]
            history = sent.get("files", {}).get("wandb-history.jsonl")
            if history:
                run.history[history["offset"] :] = history["content"]
            summary = sent.get("files", {}).get("wandb-summary.json")
            if summary:
                run.summary = summary["content"][-1]
            if sent.get("complete"):
                run.exit_codes.append(sent["exitcode"])

    # --- answers ---------------------------------------------------------------------------------

    def viewer(self, _: Variables) -> dict[str, Any]:
        """Who has this key."""
        teams = {"edges": [{"node": {"name": ENTITY["name"]}}]}
        name = ENTITY["name"]
        person = {"id": "u1", "username": name, "name": name, "email": "t@t", "admin": False}
        return {"viewer": {**person, "entity": name, "flags": "{}", "teams": teams}}

    def server_info(self, _: Variables) -> dict[str, Any]:
        """Which features there are: none."""
        return {"serverInfo": {"features": [], "cliVersionInfo": {"max_cli_version": "9.9.9"}}}

    def resume_status(self, variables: Variables) -> dict[str, Any]:
        """How far a run has come; no bucket for one that is new."""
        run = self.runs.get(variables.get("name", ""))
        bucket = None
        if run is not None:
            bucket = {
                "name": variables["name"],
                "displayName": variables["name"],
                "summaryMetrics": run.summary,
                "config": json.dumps(run.config),
                "historyLineCount": len(run.history),
                "historyTail": json.dumps(run.history[-1:]),
                "eventsLineCount": 0,
                "eventsTail": "[]",
                "logLineCount": 0,
                "tags": [],
                "wandbConfig": json.dumps({"t": 1}),
            }
        return {"model": {"id": "p1", "name": "p", "entity": ENTITY, "bucket": bucket}}

    def upsert_run(self, variables: Variables) -> dict[str, Any]:
        """Make a run, or change one."""
        name = variables.get("name") or variables.get("id") or ""
        is_new = name not in self.runs
        run = self.runs.setdefault(name, OnlineRun())
        run.starts += "summaryMetrics" not in variables
        run.project = variables.get("project") or run.project
        run.sweep = variables.get("sweep") or run.sweep
        run.config.update(json.loads(variables.get("config") or "{}"))
        project = {"id": "p1", "name": run.project, "entity": ENTITY}
        bucket = {"id": name, "name": name, "displayName": name, "project": project}
        bucket.update(sweepName=run.sweep, historyLineCount=len(run.history))
        return {"upsertBucket": {"bucket": bucket, "inserted": is_new}}

    def run_files(self, variables: Variables) -> dict[str, Any]:
        """Where a run's files are to be sent."""
        storage = self.variables["WANDB_BASE_URL"] + "/storage"
        files = [{"name": name, "uploadUrl": f"{storage}/{name}"} for name in variables["files"]]
        return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": files}}

    def upsert_sweep(self, variables: Variables) -> dict[str, Any]:
        """Make a sweep."""
        name = f"sweep{next(self._numbers)}"
        self.sweeps[name] = yaml.safe_load(variables["config"])
        project = {"id": "p1", "name": variables.get("projectName") or "p", "entity": ENTITY}
        sweep = {"name": name, "project": project}
        return {"upsertSweep": {"sweep": sweep, "configValidationWarnings": []}}

    def show_sweep(self, variables: Variables) -> dict[str, Any]:
        """A sweep as its agents ask for it."""
        name = variables.get("sweep") or variables["name"]
        config = yaml.safe_dump(self.sweeps[name])
        sweep = {"id": name, "name": name, "state": "RUNNING", "config": config}
        sweep.update(method="random", description=None, runs={"edges": []}, controller=None)
        return {"project": {"sweep": {**sweep, "scheduler": None, "createdAt": "2026-01-01"}}}

    def create_agent(self, variables: Variables) -> dict[str, Any]:
        """Somebody who wants to run trials."""
        name = f"agent{next(self._numbers)}"
        self._agents[name] = variables["sweep"]
        return {"createAgent": {"agent": {"id": name}}}

    def heartbeat(self, variables: Variables) -> dict[str, Any]:
        """What an agent is to do: the next trial, once it is idle; go, once there is none."""
        commands: list[dict[str, Any]] = []
        if not json.loads(variables.get("runState") or "{}"):
            commands = [{"type": "exit"}]
            if self.trials:
                program = self.sweeps[self._agents[variables["id"]]]["program"]
                values = {name: {"value": value} for name, value in self.trials.pop(0).items()}
                trial = {"run_id": f"trial{next(self._numbers)}", "args": values}
                commands = [{"type": "run", "program": program, **trial}]
        agent = {"id": variables["id"]}
        return {"agentHeartbeat": {"agent": agent, "commands": json.dumps(commands)}}

    def stopped(self, _: Variables) -> dict[str, Any]:
        """Nobody has pressed Stop."""
        return {"project": {"run": {"stopped": False}}}


ANSWERS: dict[str, Callable[[FakeWandb, Variables], dict[str, Any]]] = {
    "upsertSweep": FakeWandb.upsert_sweep,
    "createAgent": FakeWandb.create_agent,
    "agentHeartbeat": FakeWandb.heartbeat,
    "upsertBucket": FakeWandb.upsert_run,
    "createRunFiles": FakeWandb.run_files,
    "historyTail": FakeWandb.resume_status,
    "sweep(": FakeWandb.show_sweep,
    "stopped": FakeWandb.stopped,
    "viewer": FakeWandb.viewer,
    "serverInfo": FakeWandb.server_info,
}


class QuietServer(ThreadingHTTPServer):
    """One that expects its clients to be killed."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class Handler(BaseHTTPRequestHandler):
    """HTTP around ``FakeWandb``."""

    wandb: FakeWandb
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Whatever is asked for without a question is there."""
        self._send({})

    def do_PUT(self) -> None:
        """A file: taken and forgotten."""
        self._body()
        self._send({})

    def do_POST(self) -> None:
        """A GraphQL question, or rows of a run."""
        body = self._body()
        if self.path == "/graphql":
            asked = json.loads(body)
            variables = asked.get("variables") or {}
            data = self.wandb.answer(
                asked["query"], {**variables, **(variables.get("input") or {})}
            )
            unknown = {"errors": [{"message": f"unknown here: {asked['query'][:80]}"}]}
            self._send(unknown if data is None else {"data": data})
        elif self.path.endswith("/file_stream"):
            if self.wandb.refusal:
                status, message = self.wandb.refusal
                return self._send({"error": message}, status)
            if not self.wandb.broken:
                self.wandb.stream(self.path.split("/")[-2], json.loads(body))
            self._send({"exitcode": None, "limits": {}})
        else:
            self._send({})
        return None

    def _send(self, answer: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(answer).encode()
        self.send_response(500 if self.wandb.broken else status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(chunks)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
