"""The Copier of the tests does the same work as Copier, but not twice.

As it comes it is what ``projects.cold_copier`` runs.
"""

from typing import Any

import yaml
from copier._main import Worker
from jinja2 import Environment


def quicken() -> None:
    """Change Copier in this process, for good."""
    Environment.compile = compiled_once(Environment.compile)
    yaml.SafeLoader = yaml.CSafeLoader  # the same, in C; copier.yml is read four times an update
    # For whoever tells git to look at no file's mode, Copier does: a process for each file.
    worker: Any = Worker
    worker._sync_git_index_executable_bit = lambda *_: None
    worker.answers_relpath = asked_once(worker.answers_relpath)


def compiled_once(compile_anew: Any) -> Any:
    """``Environment.compile``, which is given the same paths and conditions for each file."""
    known: dict[Any, Any] = {}

    def compiled(self: Any, source: Any, *where: Any, **options: Any) -> Any:
        if not isinstance(source, str):
            return compile_anew(self, source, *where, **options)
        settings = (type(self), self.lexer, self.autoescape, *self.extensions)
        key = (settings, source, where, *sorted(options.items()))
        if key not in known:
            known[key] = compile_anew(self, source, *where, **options)
        return known[key]

    return compiled


def asked_once(name: property) -> property:
    """``Worker.answers_relpath``, which is rendered four times for each file."""
    ask: Any = name.fget
    known = "known_answers_relpath"
    return property(lambda self: vars(self).get(known) or vars(self).setdefault(known, ask(self)))
