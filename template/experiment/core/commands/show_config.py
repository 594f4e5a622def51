"""``main.py config``: what the configuration comes to, and where each value is from.

Template's file: updates replace it.
"""

from argparse import Namespace

from ..config.dump import describe_config
from ..config.load import load_settings
from .dispatch import Build


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Print it; nothing is imported for that which could be slow."""
    settings = load_settings(config_type, arguments)
    for remark in settings.remarks:
        print(f"# {remark}")
    print(describe_config(settings.config, settings.origins))
    return 0
