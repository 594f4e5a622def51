"""A server that forks processes out of one in which the slow imports are done."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

SERVER = Path(__file__).with_name("server.py")
COPIER_SERVER = Path(__file__).with_name("copier_server.py")
WARM = Path(__file__).with_name("warm_python.py")
PATIENCE = 120.0  # s, for a process that should end by itself


class Server:
    """The process that has torch imported (or Copier), and the way to ask it for another."""

    def __init__(self, python: Path, folder: Path, program: Path = SERVER) -> None:
        self.python, self.address = python, folder / "socket"
        self.log = (folder / "log").open("w")
        self.process = subprocess.Popen(
            [str(python), str(program), str(self.address)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )

    @property
    def warm(self) -> Path:
        """An executable to call in the place of ``python``: it begins with what was imported."""
        program = self.address.with_name(f"{self.address.name}-python")
        if not program.exists():
            text = f"#!{self.python} -IS\n{WARM.read_text(encoding='utf-8')}"
            program.write_text(text, encoding="utf-8")
            program.chmod(0o755)
        self._wait_for_imports()
        return program

    def close(self) -> None:
        """Let the server end, and with it whatever it started."""
        self._wait_for_imports()  # or it would make what is taken away here
        self.address.unlink(missing_ok=True)
        self.process.wait(PATIENCE)

    def _wait_for_imports(self) -> None:
        """Wait until it listens, or has ended."""
        while self.process.poll() is None and not self.address.exists():
            time.sleep(0.05)

    def start(self, **request: Any) -> "Process":
        """Start a process; see ``server.become`` for what a request holds."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        while self.process.poll() is None:
            try:
                connection.connect(str(self.address))
                break
            except (FileNotFoundError, ConnectionRefusedError):  # it still imports
                time.sleep(0.05)
        connection.sendall(json.dumps(request).encode() + b"\n")
        return Process(connection, Path(request["stdout"]), Path(request["stderr"]))


class Process:
    """A process that the server started."""

    def __init__(self, connection: socket.socket, stdout: Path, stderr: Path) -> None:
        self._answers = connection.makefile()
        self._streams = stdout, stderr
        self.pid = int(self._answers.readline())

    def send(self, signal_number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, signal_number)

    def wait(self) -> CompletedProcess[str]:
        """Its exit code (negative: the signal that ended it) and what it printed."""
        code = int(self._answers.readline())
        stdout, stderr = (path.read_text() for path in self._streams)
        return CompletedProcess(f"pid {self.pid}", code, stdout, stderr)
