"""What pytest reads first, whatever pyproject.toml or pytest.ini says: shapes stay checked.

Template's file: updates replace it. Your own fixtures go into tests/conftest.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # as `python main.py` has it, wherever pytest starts

from experiment.core.inspect.pytest_hooks import *  # noqa: F403
