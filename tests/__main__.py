"""All tests of the template, with nothing but Python 3.11 and git:

    python3 -m tests
    python3 -m tests -m "not slow"

It finds uv as start.py does, or puts one into a cache folder; the rest is pytest's.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Let uv make the environment and run pytest in it."""
    sys.path.insert(0, str(ROOT))
    from start import find_uv

    uv = find_uv()
    # Some tests call uv themselves; last, so that no other program is taken from its folder.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(uv).parent)])
    environment = {**os.environ, "PATH": path}
    # Hundreds of processes import torch: from source, where Python is told to keep no bytecode (as
    # in many a container), that takes 15 s in place of 5.
    subprocess.run(
        [uv, "sync", "--inexact", "--quiet", "--compile-bytecode"], cwd=ROOT, env=environment
    )
    command = [uv, "run", "pytest", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
