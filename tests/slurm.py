"""A SLURM of the tests' own: its daemons on this machine, in private folders, on private ports."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")
PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])  # where Debian has daemons
PATIENCE = 30.0  # s, for a daemon to answer

# A job that was put back waits seconds, not the usual two minutes (cred_expire). Somebody has to
# preempt, hence two partitions; the node says that it has four cores, whatever it has.
CONFIGURATION = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
KillWait=30
ReturnToService=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=bf_interval=1
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=usual Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2
"""


def why_not() -> str:
    """What keeps SLURM from running here; empty when nothing does. CI installs what is missing."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if os.geteuid() != 0:
        return "SLURM's daemons need root"
    if missing and os.environ.get("CI") and shutil.which("apt-get"):
        install = "apt-get install --yes --no-install-recommends slurm-wlm munge"
        command = f"apt-get update && DEBIAN_FRONTEND=noninteractive {install}"
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        return done.stderr.strip()[-500:] if done.returncode else ""
    return f"SLURM is not installed: no {', '.join(missing)}" if missing else ""


class Slurm:
    """A controller and one node, until ``close``."""

    def __init__(self, folder: Path) -> None:
        for name in ("state", "spool", "munge"):
            (folder / name).mkdir(mode=0o755)
        folder.chmod(0o755)
        configuration = folder / "slurm.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=folder,
                host=socket.gethostname().partition(".")[0],
                controller_port=free_port(),
                node_port=free_port(),
            )
        )
        self.variables = {**os.environ, "PATH": PATH, "SLURM_CONF": str(configuration)}
        self.daemons: list[subprocess.Popen[bytes]] = []
        try:
            self._start_munge(folder / "munge")
            self._start("slurmctld", "-D")
            self._wait(lambda: self._answers("scontrol", "ping"))
            self._start("slurmd", "-D")
            self._wait(lambda: self.run("sinfo", "--noheader", "--format=%t").split()[0] == "idle")
        except BaseException:
            self.close()
            raise

    def run(self, *words: str, **variables: str) -> str:
        """Run one of SLURM's commands, which must succeed; what it prints."""
        done = subprocess.run(
            words, env={**self.variables, **variables}, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout.strip()

    def close(self) -> None:
        """End the jobs that are left, then the daemons."""
        if len(self.daemons) == 3 and self.jobs():
            self.run("scancel", "--user=root")
            self._wait(lambda: not self.jobs())
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            daemon.wait(PATIENCE)

    def jobs(self) -> list[str]:
        """What waits or runs."""
        return self.run("squeue", "--noheader", "--array", "--format=%i %T").splitlines()

    def _start_munge(self, folder: Path) -> None:
        key = folder / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        names = {"key": "key-file", "socket": "socket", "pid": "pid-file", "log": "log-file"}
        files = [f"--{option}={folder / name}" for name, option in names.items()]
        self._start("munged", "--foreground", "--force", f"--seed-file={folder / 'seed'}", *files)
        self._wait(lambda: (folder / "socket").exists())

    def _start(self, name: str, *words: str) -> None:
        quiet = subprocess.DEVNULL
        command = [shutil.which(name, path=PATH) or name, *words]
        self.daemons.append(
            subprocess.Popen(command, env=self.variables, stdout=quiet, stderr=quiet)
        )

    def _answers(self, *words: str) -> bool:
        done = subprocess.run(words, env=self.variables, capture_output=True, text=True)
        return done.returncode == 0 and "is UP" in done.stdout

    def _wait(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"SLURM does not start: {self.variables['SLURM_CONF']}"
            time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
