"""Objects of the wire as frozen dataclasses: reading them leniently, writing them back exactly.

How a body survives exactly: each object remembers the body that it was read from, outside its dataclass fields.
Writing asks of each key "does the remembered value still read as what the attribute says?". If so the remembered
value is written, else the attribute is. A change made with `dataclasses.replace`, or inside a list or a dict,
therefore always shows, and the rest keeps its order, its nulls and the text of its timestamps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import ClassVar, NamedTuple, TypeVar

from fakejobs.model import times
from fakejobs.model.stages import JobStage


class JobInfoError(ValueError):
    """A body is not a job: one of its keys has a value that no job can have.

    Attributes:
        key: the key, with the way to it: ``status.stage``, ``volumes[0].source``.
    """

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        super().__init__(f"{key}: {problem}")

    def __str__(self) -> str:
        # Without this, a missing key would be shown in quotes: KeyError shows the repr of its argument.
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[JobInfoError], tuple[str, str]]:
        return type(self), (self.key, str(self).removeprefix(f"{self.key}: "))


class MissingJobKeyError(JobInfoError, KeyError):
    """A key that every job has is absent or null. Also a `KeyError`, which is what huggingface_hub raises."""


Reader = Callable[[object, str], object]
"""Turns the value of a key (None when absent) into that of the attribute; the text is the key, for errors."""


class Key(NamedTuple):
    """One key of the wire and its attribute. The tables of them are in the Hub's order."""

    wire: str
    name: str
    read: Reader
    null: bool = False  # an unset value is written as null; all other keys are then absent


_P = TypeVar("_P", bound="Part")


@dataclass(frozen=True)
class Part:
    """Something that is an object on the wire, with the body that it was read from."""

    _KEYS: ClassVar[tuple[Key, ...]] = ()

    # An InitVar is no field (asdict, repr and == do not see it), yet dataclasses.replace hands it on.
    # It is an `object` so that type checkers let any mapping be unpacked into a part: ``JobOwner(**owner)``.
    _wire: InitVar[object] = field(default=None, kw_only=True)

    def __post_init__(self, _wire: object) -> None:
        vars(self)["_wire"] = _wire

    @classmethod
    def from_wire(cls: type[_P], body: Mapping[str, object]) -> _P:
        """Read it from an object of the API. Keys may be spelled as the Hub does or as the attributes are.

        Raises:
            MissingJobKeyError: a required key is absent or null.
            JobInfoError: a key has a value of the wrong kind.
        """
        return cls._read(body, "")

    @classmethod
    def _read(cls: type[_P], body: Mapping[str, object], where: str) -> _P:
        part = cls.__new__(cls)
        vars(part).update(attributes(cls._KEYS, body, where), _wire=memory_of(cls._KEYS, body))
        return part

    def to_wire(self) -> dict[str, object]:
        """The object as the API has it; one that was read and not changed comes back exactly as it was."""
        memory: Mapping[str, object] | None = vars(self)["_wire"]
        known = {key.wire for key in self._KEYS}
        unknown = {name: value for name, value in (memory or {}).items() if name not in known}
        return written(self, self._KEYS, memory, unknown)


def attributes(keys: Sequence[Key], body: Mapping[str, object], where: str) -> dict[str, object]:
    """The attributes that the body gives. The Hub's spelling wins, if it says anything."""
    values: dict[str, object] = {}
    for key in keys:
        spelled, value = key.wire, body.get(key.wire)
        if (value is None or value == "") and key.name != key.wire and key.name in body:
            spelled, value = key.name, body[key.name]
        values[key.name] = key.read(value, where + spelled)
    return values


def memory_of(keys: Sequence[Key], body: Mapping[str, object]) -> dict[str, object] | None:
    """The body to remember: a copy of it, or None when it is not in the Hub's own words."""
    own_words = {key.name for key in keys} - {key.wire for key in keys}
    if own_words & body.keys() or not all(_is_json(value) for value in body.values()):
        return None
    return {name: plain(value) for name, value in body.items()}


def _is_json(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_json(item) for item in value)
    return not isinstance(value, (Part, datetime))


def written(
    part: object, keys: Sequence[Key], memory: Mapping[str, object] | None, unknown: Mapping[str, object]
) -> dict[str, object]:
    """The wire form of the attributes; what did not change since the memory is taken from there."""
    body: dict[str, object] = {}
    for key in keys:
        value = getattr(part, key.name)
        if memory is not None and not _has_parts(value) and _still_says(memory, key, value):
            if key.wire in memory:
                body[key.wire] = plain(memory[key.wire])
        elif value is not None or key.null:
            body[key.wire] = plain(value)
    for name, value in unknown.items():
        body.setdefault(name, plain(value))
    return body if memory is None else _in_order_of(memory, body)


def _still_says(memory: Mapping[str, object], key: Key, value: object) -> bool:
    try:
        return bool(key.read(memory.get(key.wire), key.wire) == value)
    except JobInfoError:  # a required key that was not there when the memory was made
        return False


def _has_parts(value: object) -> bool:
    """Whether parts are in it: they write themselves, from their own memory."""
    return isinstance(value, Part) or (isinstance(value, list) and any(isinstance(v, Part) for v in value))


def _in_order_of(memory: Mapping[str, object], body: dict[str, object]) -> dict[str, object]:
    """The body in the remembered order; a key that is new comes after its neighbour in the Hub's order."""
    order = [name for name in memory if name in body]
    place = 0
    for name in body:
        if name in memory:
            place = order.index(name) + 1
        else:
            order.insert(place, name)
            place += 1
    return {name: body[name] for name in order}


def plain(value: object) -> object:
    """A copy in JSON's own types, that shares nothing with the original."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, Part):
        return value.to_wire()
    if isinstance(value, datetime):
        return times.to_iso(times.from_datetime(value))
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


# Readers. Each names the key and what is allowed; none shows the value, which may be a secret in the wrong place.


def wrong(key: str, value: object, allowed: str) -> JobInfoError:
    """The error for a key that has a value of the wrong kind."""
    return JobInfoError(key, f"must be {allowed}, not {_kind(value)}")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    for kind, name in (
        (bool, "a boolean"),
        (str, "a string"),
        ((int, float), "a number"),
        (Mapping, "an object"),
    ):
        if isinstance(value, kind):
            return name
    return "an array" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}"


def read_text(value: object, key: str) -> object:
    """A text that must be there."""
    if value is None:
        raise MissingJobKeyError(key, "is missing; it must be a string")
    return read_text_or_none(value, key)


def read_text_or_none(value: object, key: str) -> object:
    """A text, or None."""
    if value is None or isinstance(value, str):
        return plain(value)
    raise wrong(key, value, "a string")


def read_nonempty_or_none(value: object, key: str) -> object:
    """A text, or None; the empty text is None, as in the client."""
    return read_text_or_none(value, key) or None


def read_stage(value: object, key: str) -> object:
    """A stage; one that is not known stays a plain text."""
    stages = ", ".join(JobStage)
    if value is None:
        raise MissingJobKeyError(key, f"is missing; it must be a string, one of {stages}")
    if not isinstance(value, str):
        raise wrong(key, value, f"a string, one of {stages}")
    return as_stage(value)


def as_stage(stage: str) -> JobStage | str:
    """The member of `JobStage`, or the text if there is none."""
    try:
        return JobStage(stage)
    except ValueError:  # a stage that the Hub invented since: huggingface_hub passes it on, too
        return stage


def read_number_or_none(value: object, key: str) -> object:
    """A number, or None."""
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise wrong(key, value, "a number")


def read_flag_or_none(value: object, key: str) -> object:
    """True, false, or None."""
    if value is None or isinstance(value, bool):
        return value
    raise wrong(key, value, "true or false")


def read_list_or_none(value: object, key: str) -> object:
    """A list, or None."""
    if value is None or isinstance(value, (list, tuple)):
        return plain(value)
    raise wrong(key, value, "an array")


def read_list(value: object, key: str) -> object:
    """A list; none is an empty one."""
    return read_list_or_none(value or None, key) or []


def read_map_or_none(value: object, key: str) -> object:
    """A mapping, or None."""
    if value is None or isinstance(value, Mapping):
        return plain(value)
    raise wrong(key, value, "an object")


def read_secrets(value: object, key: str) -> object:
    """The names of secrets: a list today, a mapping from older servers."""
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return plain(value)
    raise wrong(key, value, "an array of names")


def read_time(value: object, key: str) -> object:
    """An instant, or None."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, datetime):
            times.from_datetime(value)  # refuses a naive one
            return value.astimezone(timezone.utc)
        if isinstance(value, str):
            return times.parse_datetime(value)
    except ValueError as problem:
        raise JobInfoError(key, str(problem)) from None
    raise wrong(key, value, "a timestamp such as 2025-12-10T15:42:26.835Z")


def required_part(kind: type[Part]) -> Reader:
    """Reads an object that must be there."""

    def read(value: object, key: str) -> object:
        if value is None:
            raise MissingJobKeyError(key, "is missing; it must be an object")
        if isinstance(value, kind):
            return value
        if isinstance(value, Mapping):
            return kind._read(value, f"{key}.")
        raise wrong(key, value, "an object")

    return read


def optional_part(kind: type[Part]) -> Reader:
    """Reads an object, or None."""
    read_required = required_part(kind)

    def read(value: object, key: str) -> object:
        return None if value is None or value == {} else read_required(value, key)

    return read


def several_parts(kind: type[Part]) -> Reader:
    """Reads a list of objects, or None."""
    read_one = required_part(kind)

    def read(value: object, key: str) -> object:
        if value is None or value == []:
            return None
        if isinstance(value, (list, tuple)):
            return [read_one(item, f"{key}[{index}]") for index, item in enumerate(value)]
        raise wrong(key, value, "an array of objects")

    return read
