"""Short commands of ``main.py`` that a page waits for: a check, an inspection, an export.

Template's file: updates replace it. They end with the server; trainings do not: those are the
queue's. No shell reads any word of them.
"""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ..errors import UserError, in_a_line
from ..files import PROJECT

MOST_KEPT = 50
MOST_AT_ONCE = 8  # each may hold a gigabyte
MOST_BYTES = 200_000  # of what one prints
RUNNING, DONE, FAILED = "running", "done", "failed"


@dataclass
class Errand:
    """One command.

    Attributes:
        id: Its name in addresses.
        title: What it is, for people.
        words: What stands after main.py.
        state: ``running``, ``done`` or ``failed``.
        leads_to: The page that shows what came of it.
        variables: Of its environment, beside ours.
        back: The page that it was asked for on, as it was.
        asked: By which form, and for what: a second click while it runs is about the same errand.
        printed: The last of what it printed.
    """

    title: str
    words: list[str]
    leads_to: str
    back: str = "/train"
    asked: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    state: str = RUNNING
    printed: str = ""
    began: float = field(default_factory=time.monotonic)
    code: int | None = None
    variables: dict[str, str] = field(default_factory=dict)
    then: "Callable[[Errand], Awaitable[None]] | None" = None
    process: asyncio.subprocess.Process | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def last_line(self) -> str:
        """What it said last, which is why it failed."""
        lines = [line for line in self.printed.splitlines() if line.strip()]
        return lines[-1][:500] if lines else f"exit code {self.code}"


class Errands:
    """Those of one server, the newest kept."""

    def __init__(self) -> None:
        self._errands: dict[str, Errand] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, id: str) -> Errand | None:
        return self._errands.get(id)

    def all(self) -> list[Errand]:
        return list(self._errands.values())

    def start(self, errand: Errand) -> Errand:
        """Begin one, or find it begun; the page does not wait.

        Raises:
            UserError: Too many are under way.
        """
        running = [known for known in self._errands.values() if known.state == RUNNING]
        for known in running:
            if errand.asked and known.asked == errand.asked:
                return known
        if len(running) >= MOST_AT_ONCE:
            raise UserError(f"{len(running)} checks and exports are under way: wait for their end")
        over = [known for known in self._errands.values() if known.state != RUNNING]
        for old in over[: max(0, len(self._errands) - MOST_KEPT)]:
            del self._errands[old.id]
        self._errands[errand.id] = errand
        task = asyncio.create_task(self._run(errand))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return errand

    async def _run(self, errand: Errand) -> None:
        try:
            errand.code = await self._carry_out(errand)
            if errand.code == 0 and errand.then is not None:
                await errand.then(errand)
        except Exception as error:
            reason = str(error) if isinstance(error, UserError) else in_a_line(error)
            errand.printed += f"\n{reason}"
            errand.code = errand.code or 1  # also where only what follows it was refused
        errand.state = DONE if errand.code == 0 else FAILED

    async def _carry_out(self, errand: Errand) -> int:
        process = await asyncio.create_subprocess_exec(
            *command(errand.words),
            cwd=PROJECT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **errand.variables},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        errand.process = process
        assert process.stdout
        while chunk := await process.stdout.read(4096):
            printed = errand.printed + chunk.decode("utf-8", "replace")
            errand.printed = printed[-MOST_BYTES:]
        return await process.wait()

    async def end_all(self) -> None:
        """The server ends: nothing that only its pages waited for goes on."""
        for errand in self._errands.values():
            if errand.process is not None and errand.process.returncode is None:
                errand.process.terminate()


async def carry_out(words: list[str]) -> str:
    """A command that takes a moment: what it printed.

    Raises:
        UserError: The sentence with which it refuses.
    """
    process = await asyncio.create_subprocess_exec(
        *command(words),
        cwd=PROJECT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, errors = await process.communicate()
    if process.returncode != 0:
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        raise UserError(lines[-1] if lines else f"exit code {process.returncode}")
    return printed.decode("utf-8", "replace")


def command(words: list[str]) -> list[str]:
    """The program and its words."""
    return [sys.executable, str(PROJECT / "main.py"), *words]
