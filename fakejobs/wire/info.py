"""`JobInfo` and its parts: a job as users of huggingface_hub see it.

They read what the Hub answers (`JobInfo.from_wire`, or ``JobInfo(**body)`` as huggingface_hub does it), have the
attributes of huggingface_hub 2.4.0 under the same names, add the keys of today's response that it skips, and write the
same body back (`JobInfo.to_wire`).

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

from fakejobs.model.stages import JobStage
from fakejobs.wire import times

DEFAULT_ENDPOINT = "https://huggingface.co"
"""Where a job's page is, when nothing else is said."""


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


class _Key(NamedTuple):
    """One key of the wire and its attribute. The tables of them are in the Hub's order."""

    wire: str
    name: str
    read: Reader
    null: bool = False  # an unset value is written as null; all other keys are then absent


_P = TypeVar("_P", bound="_Part")


@dataclass(frozen=True)
class _Part:
    """Something that is an object on the wire, with the body that it was read from."""

    _KEYS: ClassVar[tuple[_Key, ...]] = ()

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
        vars(part).update(_attributes(cls._KEYS, body, where), _wire=_memory(cls._KEYS, body))
        return part

    def to_wire(self) -> dict[str, object]:
        """The object as the API has it; one that was read and not changed comes back exactly as it was."""
        memory: Mapping[str, object] | None = vars(self)["_wire"]
        known = {key.wire for key in self._KEYS}
        unknown = {name: value for name, value in (memory or {}).items() if name not in known}
        return _written(self, self._KEYS, memory, unknown)


def _attributes(keys: Sequence[_Key], body: Mapping[str, object], where: str) -> dict[str, object]:
    """The attributes that the body gives. The Hub's spelling wins, if it says anything."""
    values: dict[str, object] = {}
    for key in keys:
        spelled, value = key.wire, body.get(key.wire)
        if (value is None or value == "") and key.name != key.wire and key.name in body:
            spelled, value = key.name, body[key.name]
        values[key.name] = key.read(value, where + spelled)
    return values


def _memory(keys: Sequence[_Key], body: Mapping[str, object]) -> dict[str, object] | None:
    """The body to remember: a copy of it, or None when it is not in the Hub's own words."""
    own_words = {key.name for key in keys} - {key.wire for key in keys}
    if own_words & body.keys() or not all(_is_json(value) for value in body.values()):
        return None
    return {name: _plain(value) for name, value in body.items()}


def _is_json(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_json(item) for item in value)
    return not isinstance(value, (_Part, datetime))


def _written(
    part: object, keys: Sequence[_Key], memory: Mapping[str, object] | None, unknown: Mapping[str, object]
) -> dict[str, object]:
    """The wire form of the attributes; what did not change since the memory is taken from there."""
    body: dict[str, object] = {}
    for key in keys:
        value = getattr(part, key.name)
        if memory is not None and not _has_parts(value) and _still_says(memory, key, value):
            if key.wire in memory:
                body[key.wire] = _plain(memory[key.wire])
        elif value is not None or key.null:
            body[key.wire] = _plain(value)
    for name, value in unknown.items():
        body.setdefault(name, _plain(value))
    return body if memory is None else _in_order_of(memory, body)


def _still_says(memory: Mapping[str, object], key: _Key, value: object) -> bool:
    try:
        return bool(key.read(memory.get(key.wire), key.wire) == value)
    except JobInfoError:  # a required key that was not there when the memory was made
        return False


def _has_parts(value: object) -> bool:
    """Whether parts are in it: they write themselves, from their own memory."""
    return isinstance(value, _Part) or (isinstance(value, list) and any(isinstance(v, _Part) for v in value))


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


def _plain(value: object) -> object:
    """A copy in JSON's own types, that shares nothing with the original."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, _Part):
        return value.to_wire()
    if isinstance(value, datetime):
        return times.to_iso(times.from_datetime(value))
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


# Readers. Each names the key and what is allowed; none shows the value, which may be a secret in the wrong place.


def _wrong(key: str, value: object, allowed: str) -> JobInfoError:
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


def _text(value: object, key: str) -> object:
    if value is None:
        raise MissingJobKeyError(key, "is missing; it must be a string")
    return _text_or_none(value, key)


def _text_or_none(value: object, key: str) -> object:
    if value is None or isinstance(value, str):
        return _plain(value)
    raise _wrong(key, value, "a string")


def _nonempty_or_none(value: object, key: str) -> object:
    return _text_or_none(value, key) or None


def _stage(value: object, key: str) -> object:
    stages = ", ".join(JobStage)
    if value is None:
        raise MissingJobKeyError(key, f"is missing; it must be a string, one of {stages}")
    if not isinstance(value, str):
        raise _wrong(key, value, f"a string, one of {stages}")
    return _as_stage(value)


def _as_stage(stage: str) -> JobStage | str:
    try:
        return JobStage(stage)
    except ValueError:  # a stage that the Hub invented since: huggingface_hub passes it on, too
        return stage


def _number_or_none(value: object, key: str) -> object:
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise _wrong(key, value, "a number")


def _flag_or_none(value: object, key: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(key, value, "true or false")


def _list_or_none(value: object, key: str) -> object:
    if value is None or isinstance(value, (list, tuple)):
        return _plain(value)
    raise _wrong(key, value, "an array")


def _list(value: object, key: str) -> object:
    return _list_or_none(value or None, key) or []


def _map_or_none(value: object, key: str) -> object:
    if value is None or isinstance(value, Mapping):
        return _plain(value)
    raise _wrong(key, value, "an object")


def _secrets(value: object, key: str) -> object:
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return _plain(value)
    raise _wrong(key, value, "an array of names")


def _time(value: object, key: str) -> object:
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
    raise _wrong(key, value, "a timestamp such as 2025-12-10T15:42:26.835Z")


def _required(kind: type[_Part]) -> Reader:
    def read(value: object, key: str) -> object:
        if value is None:
            raise MissingJobKeyError(key, "is missing; it must be an object")
        if isinstance(value, kind):
            return value
        if isinstance(value, Mapping):
            return kind._read(value, f"{key}.")
        raise _wrong(key, value, "an object")

    return read


def _optional(kind: type[_Part]) -> Reader:
    read_required = _required(kind)

    def read(value: object, key: str) -> object:
        return None if value is None or value == {} else read_required(value, key)

    return read


def _several(kind: type[_Part]) -> Reader:
    read_one = _required(kind)

    def read(value: object, key: str) -> object:
        if value is None or value == []:
            return None
        if isinstance(value, (list, tuple)):
            return [read_one(item, f"{key}[{index}]") for index, item in enumerate(value)]
        raise _wrong(key, value, "an array of objects")

    return read


@dataclass(frozen=True)
class JobStatus(_Part):
    """Where a job stands.

    Attributes:
        stage: a `JobStage`, comparable to a plain string; a stage that is not known stays a plain string.
        message: why it failed, such as ``Job timeout``; None while all is well (the Hub says null, never nothing).
        expose_urls: where the exposed ports can be reached, one per port.
        ssh_url: where to reach it with SSH, if it was asked for.
        failure_count: how many attempts have failed.
        cancel_reason: why the Hub canceled it, such as ``NO_CREDITS``; any string.
    """

    stage: JobStage | str
    message: str | None = None
    expose_urls: list[str] | None = None
    ssh_url: str | None = None
    failure_count: int | None = None
    cancel_reason: str | None = None

    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("stage", "stage", _stage),
        _Key("message", "message", _text_or_none, null=True),
        _Key("cancelReason", "cancel_reason", _text_or_none),
        _Key("failureCount", "failure_count", _number_or_none),
        _Key("exposeUrls", "expose_urls", _list_or_none),
        _Key("sshUrl", "ssh_url", _text_or_none),
    )

    def __post_init__(self, _wire: object) -> None:
        super().__post_init__(_wire)
        vars(self)["stage"] = _as_stage(self.stage)


@dataclass(frozen=True)
class JobOwner(_Part):
    """Whose job it is.

    Attributes:
        id: 24 hex digits.
        name: the namespace.
        type: ``user`` or ``org``.
        avatar_url: a picture; not read by huggingface_hub.
    """

    id: str
    name: str
    type: str
    avatar_url: str | None = None

    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("id", "id", _text),
        _Key("name", "name", _text),
        _Key("type", "type", _text),
        _Key("avatarUrl", "avatar_url", _text_or_none),
    )


@dataclass(frozen=True)
class JobCreatedBy(_Part):
    """Who submitted a job; not read by huggingface_hub.

    Attributes:
        id: 24 hex digits.
        name: the user's name.
    """

    id: str
    name: str

    _KEYS: ClassVar[tuple[_Key, ...]] = (_Key("id", "id", _text), _Key("name", "name", _text))


@dataclass(frozen=True)
class JobDurations(_Part):
    """How long a job took, or takes so far.

    The Hub has sent whole seconds only, though its schema allows any number.

    Attributes:
        scheduling_secs: seconds from creation to start; None if it has not run.
        running_secs: seconds from start to end, or until now; None if it has not run.
        total_secs: seconds since creation.
    """

    scheduling_secs: int | None = None
    running_secs: int | None = None
    total_secs: int | None = None

    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("schedulingSecs", "scheduling_secs", _number_or_none),
        _Key("runningSecs", "running_secs", _number_or_none),
        _Key("totalSecs", "total_secs", _number_or_none),
    )


@dataclass(frozen=True)
class JobInitiator(_Part):
    """What started a job.

    Attributes:
        type: ``user``, ``org``, ``scheduled-job``, ``duplicated-job`` or ``webhook``.
        id: of that user, organization, scheduled job, job or webhook.
        name: of a user or an organization; None for the others.
        avatar_url: of a user or an organization; not read by huggingface_hub.
    """

    type: str
    id: str
    name: str | None = None
    avatar_url: str | None = None

    # The order of a user or an organization; the other kinds have two keys, the type first.
    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("id", "id", _text),
        _Key("name", "name", _text_or_none),
        _Key("type", "type", _text),
        _Key("avatarUrl", "avatar_url", _text_or_none),
    )

    def to_wire(self) -> dict[str, object]:
        """The initiator as the API has it: ``id, name, type, avatarUrl``, or ``type, id`` when it has no name."""
        body = super().to_wire()
        if vars(self)["_wire"] is None and self.name is None:
            body = {"type": body.pop("type"), **body}
        return body


@dataclass(frozen=True)
class JobNetwork(_Part):
    """The network group that a job joined (huggingface_hub 1.32 and newer; not in the Hub's OpenAPI).

    Attributes:
        group: its name.
        aliases: the names of the job in it; empty when none.
    """

    group: str
    aliases: list[str] = field(default_factory=list)

    _KEYS: ClassVar[tuple[_Key, ...]] = (_Key("group", "group", _text), _Key("aliases", "aliases", _list))


def _volume_type(value: object, key: str) -> object:
    return "model" if value is None else _text_or_none(value, key)


@dataclass(frozen=True)
class JobVolume(_Part):
    """A repository or a bucket that a job sees as a directory.

    Attributes:
        type: ``bucket``, ``model``, ``dataset`` or ``space``; ``model`` when a body does not say.
        source: ``namespace/name``.
        mount_path: the directory in the job; begins with ``/``.
        revision: of a repository; None means ``main``.
        read_only: always so for repositories; None means writable for buckets.
        path: the part of the source that is mounted; None means all.
    """

    type: str
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None

    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("type", "type", _volume_type),
        _Key("source", "source", _text),
        _Key("mountPath", "mount_path", _text),
        _Key("revision", "revision", _text_or_none),
        _Key("readOnly", "read_only", _flag_or_none),
        _Key("path", "path", _text_or_none),
    )


@dataclass(frozen=True)
class ResourceGroup(_Part):
    """The resource group of an organization that pays for a job; not read by huggingface_hub.

    Attributes:
        id: 24 hex digits.
        name: its name.
        num_users: how many members it has.
    """

    id: str
    name: str
    num_users: int | None = None

    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("id", "id", _text),
        _Key("name", "name", _text),
        _Key("numUsers", "num_users", _number_or_none),
    )


@dataclass(frozen=True)
class HfToken(_Part):
    """What the Hub knows about the token that a job was given (never the token); not read by huggingface_hub.

    Attributes:
        owner_name: whose token it is.
        org_name: the organization that it belongs to.
        token_role: ``read``, ``write`` or ``fineGrained``.
        token_id: its id.
        settings_url: where it can be changed.
    """

    owner_name: str
    org_name: str | None = None
    token_role: str | None = None
    token_id: str | None = None
    settings_url: str | None = None

    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("ownerName", "owner_name", _text),
        _Key("orgName", "org_name", _text_or_none),
        _Key("tokenRole", "token_role", _text_or_none),
        _Key("tokenId", "token_id", _text_or_none),
        _Key("settingsUrl", "settings_url", _text_or_none),
    )


@dataclass(frozen=True)
class _Expose(_Part):
    """``expose`` as the wire has it. Users see two lists of ports instead, as in huggingface_hub."""

    expose: list[int] | None = None
    expose_public: list[int] | None = None

    _KEYS: ClassVar[tuple[_Key, ...]] = (
        _Key("ports", "expose", _list_or_none),
        _Key("portsPublic", "expose_public", _list_or_none),
    )


_EXPOSE = _optional(_Expose)

# The Hub's order (OpenAPI, August 2026). `network` is not in it; its neighbour is a guess.
_JOB_KEYS: tuple[_Key, ...] = (
    _Key("id", "id", _text),
    _Key("createdAt", "created_at", _time),
    _Key("spaceId", "space_id", _nonempty_or_none),
    _Key("dockerImage", "docker_image", _nonempty_or_none),
    _Key("timeout", "timeout", _number_or_none),
    _Key("environment", "environment", _map_or_none),
    _Key("command", "command", _list_or_none),
    _Key("arguments", "arguments", _list_or_none),
    _Key("arch", "arch", _text_or_none),
    _Key("flavor", "flavor", _text_or_none),
    _Key("createdBy", "created_by", _optional(JobCreatedBy)),
    _Key("resourceGroupId", "resource_group_id", _text_or_none),
    _Key("retry", "retry", _number_or_none),
    _Key("startedAt", "started_at", _time),
    _Key("finishedAt", "finished_at", _time),
    _Key("durations", "durations", _optional(JobDurations)),
    _Key("volumes", "volumes", _several(JobVolume)),
    _Key("expose", "_exposed", _EXPOSE),
    _Key("network", "network", _optional(JobNetwork)),
    _Key("type", "type", _text_or_none),
    _Key("owner", "owner", _required(JobOwner)),
    _Key("resourceGroup", "resource_group", _optional(ResourceGroup)),
    _Key("initiator", "initiator", _optional(JobInitiator)),
    _Key("status", "status", _required(JobStatus)),
    _Key("secrets", "secrets", _secrets),
    _Key("labels", "labels", _map_or_none),
    _Key("hfToken", "hf_token", _optional(HfToken)),
)

_OTHER_NAMES = frozenset({"expose_public", "endpoint", "url", "extra", "_wire"})
_JOB_NAMES = frozenset(name for key in _JOB_KEYS for name in (key.wire, key.name)) | _OTHER_NAMES


@dataclass(frozen=True, init=False)
class JobInfo:
    """A job, with the attributes of huggingface_hub's class of the same name (2.4.0) and today's other keys.

    Made with keywords only: ``JobInfo(**body)`` or ``JobInfo(**body, endpoint=…)``, each key spelled as the Hub does
    (``createdAt``) or as the attribute is (``created_at``). ``status``, ``owner`` and the other parts are given as
    mappings or as objects of this module, times as text or as aware datetimes, ``expose`` as the Hub's object or as a
    list of ports. An ``url`` is ignored: it is inferred. Any other keyword goes to ``extra``.

    Attributes:
        id: 24 hex digits.
        created_at: when it was submitted; as all times here an aware UTC datetime.
        started_at: when it began to run; None if it has not.
        finished_at: when it ended; None if it has not, or was canceled.
        docker_image: the image it runs; None if it runs a Space's.
        space_id: the Space whose image it runs; None if it runs an image of its own.
        command: the command, as a list.
        arguments: the arguments after it.
        environment: the variables that are not secret.
        secrets: the *names* of its secrets (very old servers: a mapping from names to null).
        flavor: the hardware, such as ``cpu-basic``.
        labels: names and values.
        volumes: what is mounted; None when nothing is.
        status: where it stands.
        durations: how long it took; None when the Hub does not say.
        owner: whose it is.
        initiator: what started it.
        network: the network group it joined.
        retry: how often it is run again after a failure (``attempts`` of the request).
        expose: the ports that can be reached from outside, public ones included.
        expose_public: those of them that need no token.
        endpoint: the Hub; ``https://huggingface.co`` when nothing is said.
        url: the job's page, inferred: ``{endpoint}/jobs/{owner.name}/{id}``.
        timeout: seconds that it may run (``timeoutSeconds`` of the request).
        arch: ``amd64`` or ``arm64``.
        type: ``job``.
        created_by: who submitted it.
        resource_group_id: the resource group that was asked for.
        resource_group: the same with its name.
        hf_token: what is known about the token that it was given.
        extra: keys that are none of these, as they came.

    Raises:
        MissingJobKeyError: ``id``, ``owner``, ``status`` or a required key in a part is absent or null; this is
            a `ValueError` and, as in huggingface_hub, a `KeyError`.
        JobInfoError: a key has a value that it cannot have, a timestamp that does not end in ``Z`` for example; this
            is a `ValueError`.
    """

    id: str
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    docker_image: str | None
    space_id: str | None
    command: list[str] | None
    arguments: list[str] | None
    environment: dict[str, str] | None
    secrets: list[str] | dict[str, None] | None
    flavor: str | None
    labels: dict[str, str] | None
    volumes: list[JobVolume] | None
    status: JobStatus
    durations: JobDurations | None
    owner: JobOwner
    initiator: JobInitiator | None
    network: JobNetwork | None
    retry: int | None
    expose: list[int] | None
    expose_public: list[int] | None
    endpoint: str
    url: str = field(init=False)
    timeout: int | None
    arch: str | None
    type: str | None
    created_by: JobCreatedBy | None
    resource_group_id: str | None
    resource_group: ResourceGroup | None
    hf_token: HfToken | None
    extra: dict[str, object]

    # As in the parts: not a field, but dataclasses.replace hands it on.
    _wire: InitVar[object] = None

    def __init__(self, **keys: object) -> None:
        given = dict(keys)
        extra = given.pop("extra", None)
        if extra is not None and not isinstance(extra, Mapping):
            raise _wrong("extra", extra, "a mapping of keys that are not in the API")
        remembered = given.pop("_wire", None)
        endpoint = given.pop("endpoint", DEFAULT_ENDPOINT)
        if not isinstance(endpoint, str):
            raise _wrong("endpoint", endpoint, "a URL such as https://huggingface.co")
        given.pop("url", None)
        public = given.pop("expose_public", None)
        exposed = given.get("expose")
        if public is not None or isinstance(exposed, (list, tuple)):
            ports = exposed.get("ports") if isinstance(exposed, Mapping) else exposed
            given["expose"] = _Expose.from_wire({"expose": ports, "expose_public": public})
        more = {} if extra is None else extra
        unknown = {name: value for name, value in given.items() if name not in _JOB_NAMES}
        if isinstance(remembered, Mapping):
            memory: Mapping[str, object] | None = remembered
        else:
            memory = None if more else _memory(_JOB_KEYS, given)
        self._fill(given, {**unknown, **more}, endpoint, memory)

    @classmethod
    def from_wire(cls, body: Mapping[str, object], *, endpoint: str = DEFAULT_ENDPOINT) -> JobInfo:
        """Read a job that the Hub answered; `to_wire` gives the same body back.

        Unlike ``JobInfo(**body)`` it keeps *every* unknown key in ``extra``, even one that is called ``endpoint``.

        Raises:
            MissingJobKeyError: ``id``, ``owner``, ``status`` or a required key in a part is absent or null.
            JobInfoError: a key has a value that it cannot have, or the body is not an object.
        """
        if not isinstance(body, Mapping):
            raise _wrong("body", body, "an object")
        known = _JOB_NAMES - _OTHER_NAMES
        info = cls.__new__(cls)
        unknown = {name: value for name, value in body.items() if name not in known}
        info._fill(body, unknown, endpoint, _memory(_JOB_KEYS, body))
        return info

    def _fill(
        self,
        body: Mapping[str, object],
        extra: Mapping[str, object],
        endpoint: str,
        memory: Mapping[str, object] | None,
    ) -> None:
        values = _attributes(_JOB_KEYS, body, "")
        exposed = values.pop("_exposed")
        ports, public = (
            (exposed.expose, exposed.expose_public) if isinstance(exposed, _Expose) else (None, None)
        )
        vars(self).update(values, expose=ports, expose_public=public, endpoint=endpoint)
        vars(self).update(
            extra=_plain(extra), url=f"{endpoint}/jobs/{self.owner.name}/{self.id}", _wire=memory
        )

    def to_wire(self) -> dict[str, object]:
        """The job as the Hub answers it.

        A job that came from `from_wire` gives the same body: the same keys in the same order, the same nulls and the
        same text in its times, except where it was changed. A job that was made with attribute names has the Hub's
        order, times with three digits of milliseconds, and no key for what is None (but ``status.message``: null).
        """
        return _written(self, _JOB_KEYS, vars(self)["_wire"], self.extra)

    @property
    def _exposed(self) -> _Expose | None:
        memory = (vars(self)["_wire"] or {}).get("expose")
        if self.expose is None and self.expose_public is None:
            before = _EXPOSE(memory, "expose")
            return before if before == _Expose() and isinstance(before, _Expose) else None
        return _Expose(self.expose, self.expose_public, _wire=memory)
