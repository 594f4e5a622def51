"""A W&B sweep file, checked against the configuration before a trial is wasted on it.

Template's file: updates replace it. Free of torch.
"""

from collections.abc import Iterator
from pathlib import Path

from .errors import UserError
from .given import Given, from_file
from .schema import known_keys, unknown


def check_sweep(path: Path, config_class: type) -> int:
    """How many parameters a sweep file has; each must be a setting.

    Raises:
        UserError: The file has no parameters, or one is no setting: file, line and nearest name.
    """
    content = from_file(path)
    parameters = content.get("parameters")
    if parameters is None or not isinstance(parameters.value, dict) or not parameters.value:
        raise UserError(f"{path.name}: a sweep needs parameters: which settings to vary")
    known = known_keys(config_class)
    varied = dict(_parameters(parameters.value))
    for key, given in varied.items():
        if key not in known:
            raise UserError(f"{given.place}: {unknown(key, known)}")
    return len(varied)


def _parameters(given: dict[str, Given], prefix: str = "") -> Iterator[tuple[str, Given]]:
    """Each parameter with its dotted key; W&B nests them under a further ``parameters``."""
    for name, part in given.items():
        if isinstance(part.value, dict) and "parameters" in part.value:
            yield from _parameters(part.value["parameters"].value, f"{prefix}{name}.")
        else:
            yield prefix + str(name), part
