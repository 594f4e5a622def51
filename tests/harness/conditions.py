"""What a test takes from a process, or does to it: network, disk, packages, a timely signal."""

import ctypes
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000  # of <linux/sched.h>


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
