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
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, NoReturn

import compiled_once

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
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000  # of <linux/sched.h>


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


def isolate(no_network: bool, read_only: list[str], small_disks: dict[str, str]) -> None:
    """Take away the network, the right to write to some folders, or their room.

    Root may write anywhere, so it is a mount that refuses. A small disk (folder to size, such as
    ``4m``) is empty, and gone at the process's end.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    mounts = bool(read_only or small_disks)
    flags = (CLONE_NEWNET if no_network else 0) | (CLONE_NEWNS if mounts else 0)
    if flags and libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
    if mounts:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for folder in read_only:
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    for folder, size in small_disks.items():
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)


def hide(packages: list[str]) -> None:
    """Have these not installed, whatever of them is imported already."""
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]
    sys.modules.update(dict.fromkeys(packages))  # pyright: ignore[reportArgumentType, reportCallIssue]


def arm(at: str, count: int, signal_number: int) -> None:
    """Send this process a signal just before the ``count``-th call of a hook or a function.

    Args:
        at: A hook of Lightning's callbacks such as ``on_train_batch_start``, or a dotted function
            such as ``os.replace``.
        count: Counted from 1.
        signal_number: Such as SIGKILL.
    """
    is_hook = "." not in at
    owner_name, _, name = at.rpartition(".")
    owner = importlib.import_module(owner_name or "pytorch_lightning.trainer.call")
    name = "_call_callback_hooks" if is_hook else name
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    @wraps(original)
    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += not is_hook or (args[1] == at and not args[0].sanity_checking)
        if calls == count:
            calls += 1  # once
            os.kill(os.getpid(), signal_number)
        return original(*args, **kwargs)

    setattr(owner, name, counted)


if __name__ == "__main__":
    for slow in SLOW_IMPORTS:
        importlib.import_module(slow)
    sys.modules["torch"].set_num_threads(1)
    compiled_once.install()
    compiled_once.read_ahead()
    if asked := serve(sys.argv[1]):
        become(asked, forget_imports)
