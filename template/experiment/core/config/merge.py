"""A configuration put together value by value, each checked where it was given.

Template's file: updates replace it.
"""

import copy
import re
from functools import cache, reduce
from typing import Any, get_origin

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from ..errors import UserError, first_line
from .field_types import are_numbers, from_plain, item_type, members, refused_types
from .schema import (
    in_yaml,
    is_mapping,
    is_optional,
    known_keys,
    meant,
    names_in,
    refusal,
    section_of,
    unknown,
)
from .ui import UiConfig
from .yaml_reader import Located

# The sections that watch a metric; all but the first may leave it to the first.
MONITORS = ("checkpoint", "callbacks.early_stopping", "schedule")
YOUR_CONFIG = "experiment/config.py"
LONG = 1000  # items


class MergedConfig:
    """The defaults of ``config_class``, over which later values are laid.

    OmegaConf holds the values, checks their types and resolves ``${...}``; this class gives it one
    value at a time, so that each refusal can name the key and the place.
    """

    def __init__(self, config_class: type) -> None:
        for sentence in refused_types(config_class):
            raise UserError(f"{YOUR_CONFIG}: {sentence}")
        try:
            self.config = copy.deepcopy(_defaults(config_class))
        except (ValueError, TypeError) as error:
            raise UserError(f"{YOUR_CONFIG}: {first_line(error)}") from None
        self.config_class = config_class
        self.known = known_keys(config_class)
        self.places: dict[str, str] = {}
        self.remarks: list[str] = []  # what was taken otherwise than it stands in a file
        self._long: dict[str, list[Any]] = {}  # lists of which OmegaConf holds the first item only

    def set(self, key: str, given: Located) -> None:
        """Lay one value, or one section's values, over what is there."""
        if mapping := self._mapping_above(key):
            self._set_entry(mapping, key.removeprefix(f"{mapping}."), given)
        elif key not in self.known:
            raise UserError(f"{given.place}: {unknown(key, self.known)}")
        elif section_of(self.known[key]):
            self._set_section(key, given)
        else:
            self._set_value(key, given)

    def get(self, key: str) -> Any:
        """The value as it stands."""
        return OmegaConf.select(self.config, key)

    def value(self, key: str) -> Any:
        """The same as the finished configuration would have it, whatever else is wrong with that.

        Raises:
            ValueError: It is of another kind.
        """
        found = OmegaConf.select(self.config, key)
        if OmegaConf.is_config(found):
            found = OmegaConf.to_container(found, resolve=True, enum_to_str=True)
        return from_plain(self.known[key], found, key)

    def build(self) -> Any:
        """The finished configuration: real dataclasses, whose range checks have passed."""
        values = self._resolved()
        for key, value in self._long.items():
            *sections, name = key.split(".")
            reduce(dict.__getitem__, sections, values)[name] = value
        try:
            config = from_plain(self.config_class, values)
            if isinstance(ui := getattr(config, "ui", None), UiConfig):
                ui.check_plain(self.known)
            return config
        except ValueError as error:  # the message starts with the key
            key = str(error).partition(" ")[0]
            raise UserError(f"{self._place(key)}: {error}") from None

    def copy(self) -> "MergedConfig":
        """Another one with the same values, open to others."""
        other = copy.copy(self)
        other.config = copy.deepcopy(self.config)
        other.places, other.remarks = dict(self.places), list(self.remarks)
        other._long = dict(self._long)
        return other

    def _resolved(self) -> dict[str, Any]:
        """All values as plain ones, references followed."""
        raw = repr(OmegaConf.to_container(self.config)) if self._long else ""
        for key, value in self._long.items():
            if re.search(rf"\$\{{[^}}]*\b{key.rpartition('.')[2]}\b", raw):  # somebody refers to it
                OmegaConf.update(self.config, key, value)
        try:
            return OmegaConf.to_container(
                self.config, resolve=True, throw_on_missing=True, enum_to_str=True
            )  # pyright: ignore[reportReturnType]
        except MissingMandatoryValue as error:
            key = error.full_key
            raise UserError(f"{key} has no value: set it in configs/experiment.yaml") from None
        except OmegaConfBaseException as error:
            key = error.full_key or ""
            raise UserError(f"{self._place(key)}: {key}: {first_line(error)}") from None

    def _set_section(self, key: str, given: Located) -> None:
        optional = is_optional(self.known[key])
        if isinstance(given.value, dict):
            self._switch_on(key)
            self._note(key, given)
            for name, part in given.value.items():
                self.set(f"{key}.{name}", part)
        elif optional and given.value in (None, "None"):
            self._switch_off(key)
            self._note(key, given)
        elif given.text != "":  # a section whose lines are all commented out sets nothing
            switch = "null (off), {} (on) or " if optional else ""
            names = ", ".join(names_in(key, self.known)) or "no settings"
            shown = in_yaml(given.plain())
            raise UserError(
                f"{given.place}: {key} is {shown}; it must be {switch}a section with {names}"
            )

    def _set_value(self, key: str, given: Located, is_entry: bool = False) -> None:
        wanted = self.known[key]
        if is_mapping(wanted) and given.text == "":  # nothing in it, as above
            return
        value = meant(key, given, wanted)
        self._switch_on(key.rpartition(".")[0])
        if key.endswith(".monitor") and value != self.get(key):
            self._forget_mode(key, value, given.place)
        self._long.pop(key, None)
        if is_long(value, self.known[key]):
            self._long[key], value = value, value[:1]
        # A mapping takes the place of the class's own, and adds to that of an earlier file.
        adds = isinstance(value, dict) and (is_entry or key in self.places)
        try:
            OmegaConf.update(self.config, key, value, merge=adds)
        except OmegaConfBaseException:
            raise refusal(key, given, wanted) from None
        self._note(key, given)

    def _forget_mode(self, monitor: str, metric: str | None, place: str) -> None:
        """What was set for another metric, somewhere else, says nothing of this one."""
        own = monitor.removesuffix(".monitor")
        for section in MONITORS if own == "checkpoint" else (own,):
            mode = f"{section}.mode"
            inherits = section == own or not self.get(f"{section}.monitor")
            before = self.places.get(mode, YOUR_CONFIG)
            if self.get(mode) is None or not inherits or _file(before) == _file(place):
                continue
            self.remarks.append(
                f"{mode}={self.get(mode)} from {before} was for {self.get(monitor)}, so "
                f"it does not count for {metric} from {place}"
            )
            self._set_value(mode, Located(None, place))

    def _set_entry(self, key: str, rest: str, given: Located) -> None:
        """Set one entry of a mapping, whose own names may hold dots: callbacks.extra.pkg.Mine.x."""
        present = OmegaConf.select(self.config, key) or {}
        entry = next((name for name in present if rest.startswith(f"{name}.")), None)
        if entry:
            given = Located({rest.removeprefix(f"{entry}."): given}, given.place)
        self._set_value(key, Located({entry or rest: given}, given.place), is_entry=True)

    def _note(self, key: str, given: Located) -> None:
        """Remember where a value came from; the latest stands last."""
        self.places.pop(key, None)
        self.places[key] = given.place

    def _place(self, key: str) -> str:
        """Where a value came from or, of a default, where its section was changed last."""
        key = key.partition("[")[0]  # of an item of a list
        section = key[: key.rfind(".") + 1]
        near = [place for other, place in self.places.items() if other.startswith(section)]
        return self.places.get(key) or (near or [YOUR_CONFIG])[-1]

    def _switch_on(self, key: str) -> None:
        """Give every optional section on the way to ``key`` its defaults."""
        names = key.split(".") if key else []
        for depth in range(1, len(names) + 1):
            above = ".".join(names[:depth])
            if OmegaConf.select(self.config, above) is None:
                OmegaConf.update(self.config, above, section_of(self.known[above]))

    def _switch_off(self, key: str) -> None:
        OmegaConf.update(self.config, key, None)
        below = f"{key}."
        self.places = {k: place for k, place in self.places.items() if not k.startswith(below)}
        self._long = {k: items for k, items in self._long.items() if not k.startswith(below)}

    def _mapping_above(self, key: str) -> str | None:
        """The free mapping that ``key`` points into, if it does."""
        names = key.split(".")
        above = (".".join(names[:depth]) for depth in range(1, len(names)))
        return next((k for k in above if k in self.known and is_mapping(self.known[k])), None)


@cache
def _defaults(config_class: type) -> DictConfig:
    """Nobody sets anything in it: a copy takes a quarter of the time that it takes to make."""
    return OmegaConf.structured(config_class)


def is_long(value: Any, wanted: Any) -> bool:
    """Whether it is a long list of numbers, each of the right type.

    OmegaConf takes a fifth of a millisecond for each item.
    """
    if not isinstance(value, list) or len(value) < LONG:
        return False
    lists = [part for part in members(wanted) if get_origin(part) is list]
    return any(are_numbers(value, item_type(part)) for part in lists[:1])


def _file(place: str) -> str:
    """A place without its line."""
    file, _, line = place.rpartition(":")
    return file if line.isdecimal() else place
