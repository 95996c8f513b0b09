"""What the Hub does and nobody has documented: settings, not guesses hidden in the code.

Each quirk has a default, the alternatives, and the evidence for the default. The page of the documentation that
lists them is made from this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from fakejobs.model.units import did_you_mean, short


def _quirk(default: str, *others: str, evidence: str) -> str:
    chosen: str = field(default=default, metadata={"choices": (default, *others), "evidence": evidence})
    return chosen


def _text(default: str, *, evidence: str) -> str:
    chosen: str = field(default=default, metadata={"choices": (), "evidence": evidence})
    return chosen


@dataclass(frozen=True)
class Quirks:
    """Behaviours of the Hub that public material does not settle, each as one setting.

    Every value is a string: one of the choices of its field, or, for the fields that hold a text, any text. The
    docstring of a field is its ``metadata["evidence"]``.

    Raises:
        ValueError: a value that is none of the choices.
    """

    cancel_finished: str = _quirk(
        "409",
        "200",
        "400",
        "404",
        evidence="Cancelling a job that is over. huggingface/jobs-actions swallows an error here with the remark that the job may "
        "be done already, so an error it is, at least sometimes; its status is not known. 200 answers the job as it is.",
    )
    expose_not_running: str = _quirk(
        "400",
        "200",
        "409",
        evidence="PUT of ports on a job that is not running. The Hub's OpenAPI (August 2026) speaks of 'a running job, applied live'; "
        "what another job gets is not said.",
    )
    public_ports_beyond_ports: str = _quirk(
        "refuse",
        "accept",
        evidence="`portsPublic` with a port that `ports` does not list. The Hub's OpenAPI (August 2026) calls it a subset of `ports`; "
        "its schema cannot check that.",
    )
    image: str = _quirk(
        "one",
        "any",
        evidence="Whether exactly one of `dockerImage` and `spaceId` must be given. Both are optional in the Hub's OpenAPI (August 2026); "
        "every client sends exactly one.",
    )
    unlisted_flavors: str = _quirk(
        "refuse",
        "accept",
        evidence="Flavors that the schema of a job accepts and the hardware list does not offer (sprx8, zero-a10g, inf2x6). "
        "What POST answers for them is not known.",
    )
    label_dots: str = _quirk(
        "accept",
        "refuse",
        evidence="Dots in labels. The Hub's OpenAPI (August 2026) allows them; huggingface/hub-docs#2735 and huggingface/jobs-actions#8 "
        "report that they were refused in practice, since labels are copied to tags.",
    )
    job_not_found: str = _text(
        "Job not found",
        evidence="Text of the 404 for a job. The status is certain (huggingface_hub#3728, huggingface_hub#4367), the text is not public.",
    )
    namespace_not_found: str = _text(
        "Sorry, we can't find the page you are looking for.",
        evidence="Text of the 404 for a namespace that does not exist: the Hub's general one; the status is certain (huggingface_hub#3728).",
    )
    job_write_reads: str = _quirk(
        "yes",
        "no",
        evidence="Whether a fine-grained token with `job.write` and without `job.read` may read jobs. The settings of a token offer one box, "
        "'Start and manage Jobs', which gives `job.write` (a whoami-v2 answer of July 2026); one without it is told that `job.read` is missing.",
    )
    expired_token: str = _text(
        'User Access Token "{name}" is expired',
        evidence="Text of the 401 for a token that has expired; {name} is the token's name. Quoted by one project for whoami-v2; "
        "sillsdev/silnlp#791 met the text for invalid tokens on another route.",
    )
    unknown_resource_group: str = _quirk(
        "404",
        "400",
        "403",
        evidence="A `resourceGroupId` that the organisation does not have. The Hub's OpenAPI (August 2026) has the key, not the answer.",
    )
    webhook_target: str = _quirk(
        "one",
        "any",
        evidence="Whether a new webhook must have exactly one of `url`, `job` and `jobSourceId`, and an update at most one. All are optional in "
        "the Hub's OpenAPI (August 2026); huggingface_hub sends exactly one. With any, a job is started if there is one.",
    )
    webhook_update: str = _quirk(
        "whole",
        "partial",
        evidence="Whether an update of a webhook must say what it watches and in which domains. The Hub's OpenAPI (August 2026) demands both; "
        "huggingface_hub leaves out what is not given, and sends an empty `watched` for it. With partial, those stay as they are.",
    )
    scheduled_job_not_found: str = _text(
        "Scheduled job not found",
        evidence="Text of the 404 for a scheduled job. The status follows from what clients make of it (huggingface_hub#4367), the text is not public.",
    )
    cron_sixth: str = _quirk(
        "second",
        "year",
        evidence="What the sixth field of a schedule is, if it has six: the second, in front, or the year, at the end. Its pattern takes "
        "five to seven (Hub OpenAPI, August 2026) and does not say; of seven the first is the second and the last the year.",
    )
    scheduled_body: str = _text(
        "OK",
        evidence="Body of the answers to suspend, resume and delete. No body is documented; huggingface/hf-mcp-server (commit 02a1af7) met "
        "`OK`, which is no JSON.",
    )
    malformed_job_id: str = _quirk(
        "404",
        "400",
        "500",
        evidence="An id in the path that is not 24 hex digits. In January 2026 the metrics route answered 500 (huggingface_hub#3744); "
        "the OpenAPI takes any string. 404 is what clients turn into JobNotFoundError.",
    )
    metrics_of_finished: str = _quirk(
        "406",
        "500",
        "empty",
        evidence="Metrics of a job that is over. huggingface_hub 2.2.0 tolerates '406 (previously a 500)', so of the API of before, and of clients of before "
        "with api = auto, 406 means 500; empty is a stream that ends at "
        "once, which every client release can read.",
    )
    logs_while_scheduling: str = _quirk(
        "hold",
        "close",
        evidence="Logs of a job that has not started. huggingface_hub#4345 saw the stream end early; held open, no client takes the job for over.",
    )
    timeout_counts_from: str = _quirk(
        "running",
        "creation",
        evidence="What the timeout is counted from. Not documented; the documentation speaks of how long a job may run.",
    )
    timeout_per: str = _quirk(
        "attempt",
        "job",
        evidence="Whether each attempt of a job may take as long as its timeout says, or all of them together. Not documented.",
    )
    timeout_retried: str = _quirk(
        "no",
        "yes",
        evidence="Whether an attempt that ran into its timeout is followed by another. A job is 'retried up to n-1 times' (Hub OpenAPI, "
        "August 2026); of what failures is not documented.",
    )
    last_failure_counted: str = _quirk(
        "no",
        "yes",
        evidence="Whether `status.failureCount` counts the failure that ends a job, or only those that were followed by another attempt. "
        "The one payload that has it is of a job that runs (0).",
    )
    queued_message: str = _quirk(
        "why",
        "null",
        evidence="`status.message` of a job that waits for a slot of limited hardware: why it waits, and how many are before it, or null. "
        "The Hub says null of every job that waits, as far as is known; it has no such limits of its own.",
    )
    default_timeout_shown: str = _quirk(
        "no",
        "yes",
        evidence="Whether `timeout` is filled with the default (1800) when none was sent. The one real payload that has the key had it set.",
    )
    retry_says: str = _quirk(
        "retries",
        "attempts",
        evidence="What `retry` counts in a response. huggingface_hub 2.1.1 documents it as the number of retries, attempts - 1.",
    )
    cleared_labels: str = _quirk(
        "absent",
        "empty",
        evidence="`labels` of a job without labels: no key, or {}. Other missing values are absent keys in every payload seen.",
    )
    cancel_message: str = _text(
        "",
        evidence="`status.message` of a job that its user cancelled. Not public; the empty text stands for null.",
    )
    billed_from: str = _quirk(
        "start",
        "creation",
        evidence="From when on a job is billed. The Hub's documentation ('Pricing and Billing') says: while it is Starting or Running, never during the "
        "build; the API has no such stage as Starting. `creation` bills all the time from the submission to the end.",
    )
    partial_minutes: str = _quirk(
        "billed",
        "free",
        evidence="Minutes of an attempt that have begun and are not over. The price is per minute (`unitLabel` of the hardware list); how parts of "
        "one count is not documented. `free` bills a minute when it is over.",
    )
    no_credits_cancels: str = _quirk(
        "all",
        "running",
        evidence="Which jobs are cancelled when the credits of a namespace, or what a resource group may spend, are used up: all that are not over, or those "
        "that run, and the others when they would start. Not documented.",
    )
    no_credits_message: str = _text(
        "",
        evidence="`status.message` of a job that is cancelled with NO_CREDITS. Not public; the empty text stands for null.",
    )
    resource_group_limit_message: str = _text(
        "Resource group spend limit reached",
        evidence="`status.message` of a job that is cancelled with RESOURCE_GROUP_LIMIT. The wording is that of the Hub's documentation ('Resource groups'), "
        "of what its page of jobs shows; that it is `status.message` is likely. The empty text stands for null.",
    )
    resource_group_limit_refused: str = _text(
        "Resource group spend limit reached",
        evidence="Text of the 403 for a job of a resource group that has spent what it may. That it is an authorization error is documented ('Resource "
        "groups'); its text is not public.",
    )
    image_pull_message: str = _text(
        "Failed to pull image",
        evidence="`status.message` of a job whose image cannot be pulled. Not public.",
    )
    deleted_jobs: str = _quirk(
        "listed",
        "hidden",
        evidence="Whether lists and reads show jobs in the stage DELETED. The stage is a filter of the list (Hub OpenAPI, August 2026), "
        "so by default they are.",
    )
    validation_layout: str = _quirk(
        "zod",
        "plain",
        evidence="Layout of the texts of a 400. The Hub uses zod 4, whose pretty form puts each problem on two lines; plain puts "
        "all on one line, as the X-Error-Message header always does.",
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            value, choices = getattr(self, each.name), each.metadata["choices"]
            if not isinstance(value, str) or (choices and value not in choices):
                allowed = ", ".join(map(repr, choices)) or "a text"
                raise ValueError(f"quirks.{each.name}: {short(value)} is not allowed; give {allowed}")


def quirks_from(values: Mapping[str, object]) -> Quirks:
    """Quirks by name, the rest by default.

    Raises:
        ValueError: an unknown name, or a value that is none of the choices; the message names it.
    """
    known = [each.name for each in fields(Quirks)]
    for name in values:
        if name not in known:
            raise ValueError(f"quirks.{name}: unknown quirk{did_you_mean(name, known)}")
    return Quirks(**{name: str(value) if isinstance(value, int) else value for name, value in values.items()})  # type: ignore[arg-type]  # checked as they are set


def quirks_to(quirks: Quirks) -> dict[str, object]:
    """The quirks that differ from the defaults, by name."""
    defaults = Quirks()
    if quirks == defaults:
        return {}
    return {name: value for name, value in asdict(quirks).items() if value != getattr(defaults, name)}


def page() -> str:
    """The page of the documentation that lists the quirks, in Markdown."""
    lines = [
        "# Quirks",
        "",
        "What the Hub does and nobody has documented is a setting here, not a guess hidden in the code. Each has a default, the",
        "alternatives and the evidence. Set them in a scenario file, in Python, or while a server runs:",
        "",
        "```toml",
        "[quirks]",
        'cancel_finished = "200"',
        "```",
        "",
        "```python",
        'FakeHub(settings=Settings(quirks=Quirks(cancel_finished="200")))',
        'RemoteHub("http://127.0.0.1:8484").reset(quirks={"cancel_finished": "200"})',
        "```",
    ]
    for each in fields(Quirks):
        choices = each.metadata["choices"]
        others = ", ".join(f"`{choice}`" for choice in choices[1:]) if choices else "any text"
        default = f"`{each.default}`" if each.default else "empty"
        lines += [
            "",
            f"## {each.name}",
            "",
            f"Default: {default}. Instead: {others}.",
            "",
            str(each.metadata["evidence"]),
        ]
    return "\n".join(lines) + "\n"
