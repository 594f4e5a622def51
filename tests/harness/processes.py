"""What is asked of processes, without torch."""

import psutil


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie, which nobody may collect in a container, does not."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
