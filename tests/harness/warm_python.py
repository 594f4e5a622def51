"""``python`` for tests: asks the fork server beside it for a process that has torch imported.

``Server.warm`` writes it as an executable, ``SOCKET-python``, to which a link may lead. What it is
called with, where, with which variables and streams is handed on; it ends as that process ends, and
when it is killed the server kills that process. So a child dies with its supervisor by way of this
one. What a fork cannot be is started cold: a rank, and Python with an option of its own.
"""

import ctypes
import json
import os
import signal
import socket
import sys

# core/restart/orphans.py: who has one of these looks at its parent, and dies with it.
SUPERVISED, RANK = "EXPERIMENT_SUPERVISOR", "LOCAL_RANK"
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def main() -> int:
    """The exit code of the process; a signal that ended it ends this one."""
    me, words = os.path.realpath(sys.argv[0]), sys.argv[1:]
    has_option = not words or (words[0].startswith("-") and words[0] not in ("-m", "-c"))
    if has_option or RANK in os.environ:
        os.execv(sys.executable, [sys.executable, *words])
    if supervisor := os.environ.get(SUPERVISED):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(supervisor):
            return 1
    request = {"words": words, "cwd": os.getcwd(), "env": dict(os.environ), "executable": me}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(me.removesuffix("-python"))
        line = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(connection, [line], [0, 1, 2])
        connection.sendall(line[sent:])
        answers = connection.makefile()
        pid = int(answers.readline())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, lambda received, _: os.kill(pid, received))
        code = int(answers.readline())
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main())
