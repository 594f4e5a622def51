"""A fork server: imports torch and Lightning once, then every experiment starts in a moment.

Run with a project's interpreter: ``python server.py SOCKET``. Each connection asks for one process
and is told its id at once and its exit code at its end. The child is forked before anything was
computed, gets its own folder, variables, streams and (if asked) kernel namespaces, and runs the
project's ``main.py`` as ``python main.py`` would: it ends with a real exit code, by a real signal.
It runs ``-m MODULE``, ``-c PROGRAM`` or a script as well: warm_python.py asks for these. What a
server of another kind imports and forgets is in copier_server.py.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

import compiled_once
from conditions import arm, hide, isolate

# Importing these takes the seconds that a test would otherwise wait for.
SLOW_IMPORTS = (
    "torch",
    "torch._dynamo",  # what the first optimizer step imports
    "pytorch_lightning",
    "torchvision.transforms.v2",
    "torchmetrics.classification",
    "omegaconf",
    "wandb",
    "sklearn.datasets",
    "jaxtyping",
    "einops",
    "tqdm",
    "pytest",
)
SUPERVISED = "EXPERIMENT_SUPERVISOR"  # core/restart/orphans.py: this one looks at its parent


def serve(path: str) -> dict[str, Any] | None:
    """Fork a child, which gets the request, for each one while our parent and the socket last."""
    children: dict[int, socket.socket] = {}
    tied: set[int] = set()  # those that end with who asked for them
    parent = os.getppid()
    gc.freeze()  # no child looks through all that was imported, copying the pages as it goes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while os.path.exists(path) and os.getppid() == parent:
            if select.select([listener], [], [], 0.02)[0]:
                connection, _ = listener.accept()
                line, streams = receive(connection)
                request = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    for other in (listener, connection, *children.values()):
                        other.close()
                    return {**request, "streams": streams}
                if "words" in request:  # by way of warm_python.py
                    tied.add(pid)
                for stream in streams:
                    os.close(stream)
                children[pid] = connection
                connection.sendall(f"{pid}\n".encode())
            for pid in list(children):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    tied.discard(pid)
                    with contextlib.suppress(OSError), children.pop(pid) as connection:
                        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
                elif pid in tied and select.select([children[pid]], [], [], 0)[0]:
                    os.kill(pid, signal.SIGKILL)  # who stands for it was killed
                    tied.remove(pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    return None


def receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """A request, and the streams of who asks, if they come with it."""
    line, streams, _, _ = socket.recv_fds(connection, 65536, 3)
    while not line.endswith(b"\n"):
        line += connection.recv(65536)
    return line, streams


def become(request: dict[str, Any], forget: Callable[[], None]) -> NoReturn:
    """Turn this fork into ``python main.py ...``, run it and end with its exit code.

    Args:
        request: What was asked for.
        forget: Undoes what the server's imports have kept of the server.
    """
    os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    if SUPERVISED in os.environ:  # its parent is this server
        os.environ[SUPERVISED] = str(os.getppid())
    os.chdir(request["cwd"])
    for number, stream in enumerate(request["streams"] or opened(request)):
        os.dup2(stream, number)
    # Anew: those of the server know a file, in which one can seek.
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    sys.executable = request.get("executable", sys.executable)
    small_disks, read_only = request.get("small_disks", {}), request.get("read_only", [])
    isolate(request.get("no_network", False), read_only, small_disks)
    forget()
    hide(request.get("hidden", []))
    if request.get("interrupt"):
        arm(**request["interrupt"])
    words = request.get("words") or [request.get("program", "main.py"), *request["argv"]]
    code = run_program(words)
    # What Python does at its end, short of taking all of torch apart, which takes 2 s.
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def forget_imports() -> None:
    """Nothing random comes from the server, and W&B gets a folder for pictures of its own."""
    sys.modules["torch"].seed()
    pictures = sys.modules["wandb.sdk.data_types._private"].MEDIA_TMP
    pictures._finalizer.detach()  # it would remove the server's at this process's end
    pictures.__init__("wandb-media")


def opened(request: dict[str, Any]) -> list[int]:
    """The streams of a request that names files: nothing to read, two to write."""
    write = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    written = [os.open(request[name], write) for name in ("stdout", "stderr")]
    return [os.open(os.devnull, os.O_RDONLY), *written]


def run_program(words: list[str]) -> int:
    """Run what follows ``python``; the exit code that Python would give it."""
    kind, cwd = words[0], os.getcwd()
    added = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[1:1] = [os.path.abspath(folder) for folder in added if folder]
    try:
        if kind == "-m":
            sys.argv, sys.path[0] = words[1:], cwd
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        elif kind == "-c":
            sys.argv, sys.path[0] = ["-c", *words[2:]], ""
            sys.modules["__main__"] = main = ModuleType("__main__")
            exec(compile(words[1], "<string>", "exec"), main.__dict__)
        else:
            sys.argv, sys.path[0] = words, os.path.dirname(os.path.join(cwd, kind))
            runpy.run_path(kind, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # pyright: ignore[reportArgumentType]
        return 1
    return 0


if __name__ == "__main__":
    for slow in SLOW_IMPORTS:
        importlib.import_module(slow)
    compiled_once.install()
    compiled_once.read_ahead()
    if asked := serve(sys.argv[1]):
        become(asked, forget_imports)
