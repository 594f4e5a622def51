"""The layout that most templates have: every file is the template's, and no fence parts the shared.

What the same edits come to there is what the lists of copier.yml and the fences are for.
"""

import re

from projects import SHARED, Template

FENCE = r" *# An update changes what is above these three lines.*\n *#.*\n *#.*\n"
SKIPPED = r"_skip_if_exists:\n(  - .*\n)+"
EXCLUDED = r"  - \|\n    \{% if _copier_operation == 'update' %\}\n(    /.*\n)+    \{% endif %\}\n"


def naive(it: Template) -> None:
    """Make every file the template's."""
    cut(it, "copier.yml", SKIPPED, "_skip_if_exists: []\n")
    cut(it, "copier.yml", EXCLUDED)
    for name in SHARED:
        source = f"template/{name}"
        cut(it, source if (it / source).exists() else f"{source}.jinja", FENCE)


def cut(it: Template, name: str, pattern: str, instead: str = "") -> None:
    """Take each text out of a file that a pattern finds; there must be one."""
    text, count = re.subn(pattern, instead, (it / name).read_text())
    assert count, f"{name} has no {pattern!r}"
    (it / name).write_text(text)
