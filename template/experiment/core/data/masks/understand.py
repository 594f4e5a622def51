"""Which numbers or colours in masks stand for which class: stated, named by a file, or plain.

Template's file: updates replace it. What could be meant in two ways is refused with both.
"""

from collections import Counter
from collections.abc import Sequence

from ...config.data import MaskDataConfig
from ...errors import UserError
from ...files import shown
from .class_files import ClassTable
from .encodings import Encoding, lossy_kind, of_colors, of_values, ranges
from .mask_files import unpacked
from .masked_images import IGNORED
from .survey import Looked

BINARY = ["background", "foreground"]
MANY_COLORS, MANY_NUMBERS = 40, 200  # more are no classes, unless somebody says so


def understand(
    config: MaskDataConfig,
    table: ClassTable | None,
    looked: Sequence[Looked],
    paths: Sequence[str],
) -> Encoding:
    """The encoding of some masks.

    Args:
        config: What is stated there wins.
        table: What a file beside the masks says of the classes, if there is one.
        looked: What the masks hold, all of them.
        paths: Of the masks.

    Raises:
        UserError: Nothing says what they mean, or two ways of reading them fit.
    """
    there = [(one, path) for one, path in zip(looked, paths, strict=True) if one.fault is None]
    if not there:
        raise UserError(f"none of the {len(paths)} masks can be read: {looked[0].fault}")
    colored = next((path for one, path in there if one.kind == "colors"), None)
    colors = config.colors
    if table is not None and not colors and (colored or _by_its_colors(table, there)):
        colors = table.colors if not _stated(config) else None
    ignored = set(config.ignore_classes or ())
    if colors:
        encoding = of_colors(colors, ignored | (table.ignored if table else set()))
    elif colored:
        raise _no_colors(there, colored)
    else:
        _refuse_jpegs(there)
        _refuse_palettes(there)
        encoding = _numbers(config, table, there, ignored)
    if unknown := ignored - _names(config, table, encoding):
        known = ", ".join(encoding.class_names[:8])
        raise UserError(f"data.ignore_classes has {min(unknown)}, which is no class of {known}")
    _check(encoding)
    return encoding


def _by_its_colors(table: ClassTable, there: Sequence[tuple[Looked, str]]) -> bool:
    """Whether masks without colours hold what the table shows its classes in, not their numbers.

    So do black and white of which the table has white first, and palettes in an order of their own.

    Raises:
        UserError: A palette shows the number of one class in the colour of another one.
    """
    numbers = table.shown_as()
    if any(one.lossy for one, _ in there):
        return bool(numbers)
    held = [
        (value, color, one, path)
        for one, path in there
        for value, color in zip(one.values, one.held(in_colors=True), strict=True)
    ]
    if all(color in numbers for _, color, _, _ in held):
        return bool(numbers) and any(numbers[color] != value for value, color, _, _ in held)
    for value, color, one, path in held:
        if one.shown_in and numbers.get(color, value) != value:
            raise UserError(
                f"{shown(path)} shows {value} as {unpacked(color)}, which {shown(table.file)} says "
                f"is {numbers[color]}: state data.colors, or data.class_names if the numbers count"
            )
    return False


def _stated(config: MaskDataConfig) -> bool:
    return config.class_names is not None or config.class_values is not None


def _names(config: MaskDataConfig, table: ClassTable | None, encoding: Encoding) -> set[str]:
    """Every name that a class has, be it ignored."""
    names = {*encoding.class_names, *(config.colors or ()), *(config.class_names or ())}
    return names | set(table.names() if table else ())


def _check(encoding: Encoding) -> None:
    if not 2 <= len(encoding.class_names) <= IGNORED:
        raise UserError(
            f"the masks have {len(encoding.class_names)} classes that count, expected 2 to "
            f"{IGNORED}"
        )


def _numbers(
    config: MaskDataConfig,
    table: ClassTable | None,
    there: Sequence[tuple[Looked, str]],
    ignored: set[str],
) -> Encoding:
    """The encoding of masks that hold a number for each pixel."""
    found = sorted({value for one, _ in there for value in one.values})
    passed = set(config.ignore_values) if config.ignore_values is not None else None
    white = (255, 65535) if table is None or not table.colors else ()
    if config.class_values is not None:
        names = config.class_names or [str(value) for value in config.class_values]
        values = dict(zip(config.class_values, names, strict=True))
    elif config.class_names is not None:
        values = _counting(config.class_names, found, passed, white)
    elif table is not None:
        values = table.values or _counting(list(table.names()), found, passed, white)
        ignored = ignored | table.ignored
    else:
        values = _plain(found, passed, there)
    if passed is None:
        passed = {IGNORED} - values.keys()
        if values.keys() == {0, 1}:
            _refuse_white(there)
    return of_values(values, ignored, passed)


def _counting(
    names: Sequence[str], found: list[int], passed: set[int] | None, white: Sequence[int]
) -> dict[int, str]:
    """The names by numbers from 0 on; of two classes, black and white will do as well."""
    if len(names) == 2 and passed is None and {*found} - {0} in [{value} for value in white]:
        return {0: names[0], found[-1]: names[1]}
    return dict(enumerate(names))


def _refuse_white(there: Sequence[tuple[Looked, str]]) -> None:
    """See that 255 beside 0 and 1 is what does not count, and not the foreground of other files.

    Raises:
        UserError: No mask has both, or there is more of it than of the foreground.
    """
    partly = [pair for pair in there if pair[0].values != [IGNORED]]
    shares = [(dict(zip(one.values, one.shares, strict=True)), path) for one, path in partly]
    white = next((path for share, path in shares if 255 in share), None)
    more = sum(share.get(255, 0) - share.get(1, 0) for share, _ in shares)
    if white is not None and (more > 0 or not any({1, 255} <= share.keys() for share, _ in shares)):
        raise UserError(
            f"the masks hold 0, 1 and, such as {shown(white)}, 255: if that is white, the "
            "foreground, write it as 1 there; if its pixels do not count, state "
            "data.ignore_values='[255]'"
        )


def _plain(
    found: list[int], passed: set[int] | None, there: Sequence[tuple[Looked, str]]
) -> dict[int, str]:
    """What numbers mean that nothing names: those from 0 on without a gap; black and white.

    Raises:
        UserError: They are others.
    """
    if passed is None and found in ([0, 255], [0, 65535]):
        return dict(zip(found, BINARY, strict=True))
    counted = [value for value in found if value not in (passed or {IGNORED})]
    first = shown(there[0][1])
    if len(counted) < 2:
        raise UserError(
            f"all {len(there)} masks hold nothing but {ranges(found)}, such as {first}; expected "
            "two classes or more"
        )
    if counted == [0, 1]:
        return dict(enumerate(BINARY))
    if len(counted) <= MANY_NUMBERS and counted == list(range(len(counted))):
        return {value: str(value) for value in counted}
    raise _gaps(counted, there)


def _gaps(counted: list[int], there: Sequence[tuple[Looked, str]]) -> UserError:
    """The sentence about numbers of which some are missing."""
    if len(counted) > MANY_COLORS:
        shares: Counter[int] = Counter()
        for one, _ in there:
            shares.update(dict(zip(one.values, one.shares, strict=True)))
        most = [value for value, _ in shares.most_common(3)]
        return UserError(
            f"the masks hold {len(counted)} different numbers ({ranges(counted)}), mostly "
            f"{ranges(most)}: softened edges, heights or objects' numbers are no classes; expected "
            "a few, as data.class_values and data.class_names may state"
        )
    one, path = next(pair for pair in there if counted[-1] in pair[0].values)
    stated = "[" + ", ".join(map(str, counted)) + "]"
    return UserError(
        f"the masks hold {ranges(counted)}, such as {shown(path)}, which can be read in two ways: "
        f"as {len(counted)} classes, state it by data.class_values='{stated}' (and "
        f"data.class_names, data.ignore_values); or as some of the numbers 0..{counted[-1]}, "
        "name all of these by data.class_names"
    )


def _no_colors(there: Sequence[tuple[Looked, str]], path: str) -> UserError:
    """The sentence about colours that nothing names, with what to type."""
    found = sorted({value for one, _ in there if one.kind == "colors" for value in one.values})
    if len(found) > MANY_COLORS or any(one.lossy for one, _ in there):
        return UserError(
            f"{shown(path)} and others hold {len(found)} colours or more: is it a mask? Expected "
            "class numbers, or a colour a class as data.colors states them"
        )
    typed = ", ".join(f"class_{n}: {unpacked(value)}" for n, value in enumerate(found))
    return UserError(
        f"{shown(path)} holds colours where class numbers were expected; say what they mean by a "
        f"file such as labelmap.txt, or as data.colors='{{{typed}}}'"
    )


def _refuse_jpegs(there: Sequence[tuple[Looked, str]]) -> None:
    for one, path in there:
        if one.lossy:
            raise UserError(
                f"{shown(path)} is a {lossy_kind(path)}, which blurs class numbers "
                f"({ranges(one.values)}); expected PNG; of two classes, data.colors='{{background: "
                "[0, 0, 0], foreground: [255, 255, 255]}' takes the nearest"
            )


def _refuse_palettes(there: Sequence[tuple[Looked, str]]) -> None:
    """See that a number is shown in one colour throughout.

    Raises:
        UserError: It is not: some tool made a palette for each file, so that numbers mean nothing.
    """
    first: dict[int, tuple[int, str]] = {}
    for one, path in there:
        for value, color in zip(one.values, one.shown_in, strict=bool(one.shown_in)):
            before, where = first.setdefault(value, (color, path))
            if before != color:
                raise UserError(
                    f"{shown(where)} shows {value} as {unpacked(before)}, {shown(path)} as "
                    f"{unpacked(color)}: each file has a palette of its own, so state which colour "
                    "is which class by data.colors"
                )
