"""The engineering that every experiment shares; nobody needs to read it to do research.

Template's file: updates replace it. It imports nothing that takes time, and no torch.
"""

import os
import sys

if project := os.environ.get("EXPERIMENT_PROJECT"):
    # A run's copy of the code lacks what git ignores, and submodules: the project itself has them.
    sys.modules[__name__.rpartition(".")[0]].__path__.append(os.path.join(project, "experiment"))
