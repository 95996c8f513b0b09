"""`JobInfo` and its parts: a job as users of huggingface_hub see it.

They read what the Hub answers (`JobInfo.from_wire`, or ``JobInfo(**body)`` as huggingface_hub does it), have the
attributes of huggingface_hub 2.4.0 under the same names, add the keys of today's response that it skips, and write the
same body back (`JobInfo.to_wire`), exactly (see `fakejobs.wire.parts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import ClassVar

from fakejobs.model.stages import JobStage
from fakejobs.wire.parts import (
    Key,
    Part,
    as_stage,
    attributes,
    memory_of,
    optional_part,
    plain,
    read_flag_or_none,
    read_list,
    read_list_or_none,
    read_map_or_none,
    read_nonempty_or_none,
    read_number_or_none,
    read_secrets,
    read_stage,
    read_text,
    read_text_or_none,
    read_time,
    required_part,
    several_parts,
    written,
    wrong,
)

DEFAULT_ENDPOINT = "https://huggingface.co"
"""Where a job's page is, when nothing else is said."""


@dataclass(frozen=True)
class JobStatus(Part):
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

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("stage", "stage", read_stage),
        Key("message", "message", read_text_or_none, null=True),
        Key("cancelReason", "cancel_reason", read_text_or_none),
        Key("failureCount", "failure_count", read_number_or_none),
        Key("exposeUrls", "expose_urls", read_list_or_none),
        Key("sshUrl", "ssh_url", read_text_or_none),
    )

    def __post_init__(self, _wire: object) -> None:
        super().__post_init__(_wire)
        vars(self)["stage"] = as_stage(self.stage)


@dataclass(frozen=True)
class JobOwner(Part):
    """Whose job it is.

    Attributes:
        id: 24 hex digits.
        name: the namespace.
        type: ``user`` or ``org``; None in answers from before August 2025.
        avatar_url: a picture; not read by huggingface_hub.
    """

    id: str
    name: str
    type: str | None = None
    avatar_url: str | None = None

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("id", "id", read_text),
        Key("name", "name", read_text),
        Key("type", "type", read_text_or_none),
        Key("avatarUrl", "avatar_url", read_text_or_none),
    )


@dataclass(frozen=True)
class JobCreatedBy(Part):
    """Who submitted a job; not read by huggingface_hub.

    Attributes:
        id: 24 hex digits.
        name: the user's name.
    """

    id: str
    name: str

    _KEYS: ClassVar[tuple[Key, ...]] = (Key("id", "id", read_text), Key("name", "name", read_text))


@dataclass(frozen=True)
class JobDurations(Part):
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

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("schedulingSecs", "scheduling_secs", read_number_or_none),
        Key("runningSecs", "running_secs", read_number_or_none),
        Key("totalSecs", "total_secs", read_number_or_none),
    )


@dataclass(frozen=True)
class JobInitiator(Part):
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
    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("id", "id", read_text),
        Key("name", "name", read_text_or_none),
        Key("type", "type", read_text),
        Key("avatarUrl", "avatar_url", read_text_or_none),
    )

    def to_wire(self) -> dict[str, object]:
        """The initiator as the API has it: ``id, name, type, avatarUrl``, or ``type, id`` when it has no name."""
        body = super().to_wire()
        if vars(self)["_wire"] is None and self.name is None:
            body = {"type": body.pop("type"), **body}
        return body


@dataclass(frozen=True)
class JobNetwork(Part):
    """The network group that a job joined (huggingface_hub 1.32 and newer; not in the Hub's OpenAPI).

    Attributes:
        group: its name.
        aliases: the names of the job in it; empty when none.
    """

    group: str
    aliases: list[str] = field(default_factory=list)

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("group", "group", read_text),
        Key("aliases", "aliases", read_list),
    )


def _volume_type(value: object, key: str) -> object:
    return "model" if value is None else read_text_or_none(value, key)


@dataclass(frozen=True)
class JobVolume(Part):
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

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("type", "type", _volume_type),
        Key("source", "source", read_text),
        Key("mountPath", "mount_path", read_text),
        Key("revision", "revision", read_text_or_none),
        Key("readOnly", "read_only", read_flag_or_none),
        Key("path", "path", read_text_or_none),
    )


@dataclass(frozen=True)
class ResourceGroup(Part):
    """The resource group of an organization that pays for a job; not read by huggingface_hub.

    Attributes:
        id: 24 hex digits.
        name: its name.
        num_users: how many members it has.
    """

    id: str
    name: str
    num_users: int | None = None

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("id", "id", read_text),
        Key("name", "name", read_text),
        Key("numUsers", "num_users", read_number_or_none),
    )


@dataclass(frozen=True)
class HfToken(Part):
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

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("ownerName", "owner_name", read_text),
        Key("orgName", "org_name", read_text_or_none),
        Key("tokenRole", "token_role", read_text_or_none),
        Key("tokenId", "token_id", read_text_or_none),
        Key("settingsUrl", "settings_url", read_text_or_none),
    )


@dataclass(frozen=True)
class _Expose(Part):
    """``expose`` as the wire has it. Users see two lists of ports instead, as in huggingface_hub."""

    expose: list[int] | None = None
    expose_public: list[int] | None = None

    _KEYS: ClassVar[tuple[Key, ...]] = (
        Key("ports", "expose", read_list_or_none),
        Key("portsPublic", "expose_public", read_list_or_none),
    )


_EXPOSE = optional_part(_Expose)

# The Hub's order (OpenAPI, August 2026). `network` is not in it; its neighbour is a guess.
_JOB_KEYS: tuple[Key, ...] = (
    Key("id", "id", read_text),
    Key("createdAt", "created_at", read_time),
    Key("spaceId", "space_id", read_nonempty_or_none),
    Key("dockerImage", "docker_image", read_nonempty_or_none),
    Key("timeout", "timeout", read_number_or_none),
    Key("environment", "environment", read_map_or_none),
    Key("command", "command", read_list_or_none),
    Key("arguments", "arguments", read_list_or_none),
    Key("arch", "arch", read_text_or_none),
    Key("flavor", "flavor", read_text_or_none),
    Key("createdBy", "created_by", optional_part(JobCreatedBy)),
    Key("resourceGroupId", "resource_group_id", read_text_or_none),
    Key("retry", "retry", read_number_or_none),
    Key("startedAt", "started_at", read_time),
    Key("finishedAt", "finished_at", read_time),
    Key("durations", "durations", optional_part(JobDurations)),
    Key("volumes", "volumes", several_parts(JobVolume)),
    Key("expose", "_exposed", _EXPOSE),
    Key("network", "network", optional_part(JobNetwork)),
    Key("type", "type", read_text_or_none),
    Key("owner", "owner", required_part(JobOwner)),
    Key("resourceGroup", "resource_group", optional_part(ResourceGroup)),
    Key("initiator", "initiator", optional_part(JobInitiator)),
    Key("status", "status", required_part(JobStatus)),
    Key("secrets", "secrets", read_secrets),
    Key("labels", "labels", read_map_or_none),
    Key("hfToken", "hf_token", optional_part(HfToken)),
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
            raise wrong("extra", extra, "a mapping of keys that are not in the API")
        remembered = given.pop("_wire", None)
        endpoint = given.pop("endpoint", DEFAULT_ENDPOINT)
        if not isinstance(endpoint, str):
            raise wrong("endpoint", endpoint, "a URL such as https://huggingface.co")
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
            memory = None if more else memory_of(_JOB_KEYS, given)
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
            raise wrong("body", body, "an object")
        known = _JOB_NAMES - _OTHER_NAMES
        info = cls.__new__(cls)
        unknown = {name: value for name, value in body.items() if name not in known}
        info._fill(body, unknown, endpoint, memory_of(_JOB_KEYS, body))
        return info

    def _fill(
        self,
        body: Mapping[str, object],
        extra: Mapping[str, object],
        endpoint: str,
        memory: Mapping[str, object] | None,
    ) -> None:
        values = attributes(_JOB_KEYS, body, "")
        exposed = values.pop("_exposed")
        ports, public = (
            (exposed.expose, exposed.expose_public) if isinstance(exposed, _Expose) else (None, None)
        )
        vars(self).update(values, expose=ports, expose_public=public, endpoint=endpoint)
        vars(self).update(
            extra=plain(extra), url=f"{endpoint}/jobs/{self.owner.name}/{self.id}", _wire=memory
        )

    def to_wire(self) -> dict[str, object]:
        """The job as the Hub answers it.

        A job that came from `from_wire` gives the same body: the same keys in the same order, the same nulls and the
        same text in its times, except where it was changed. A job that was made with attribute names has the Hub's
        order, times with three digits of milliseconds, and no key for what is None (but ``status.message``: null).
        """
        return written(self, _JOB_KEYS, vars(self)["_wire"], self.extra)

    @property
    def _exposed(self) -> _Expose | None:
        memory = (vars(self)["_wire"] or {}).get("expose")
        if self.expose is None and self.expose_public is None:
            before = _EXPOSE(memory, "expose")
            return before if before == _Expose() and isinstance(before, _Expose) else None
        return _Expose(self.expose, self.expose_public, _wire=memory)
