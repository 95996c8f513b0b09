"""Presets: what users of Jobs have met, each by a name, as the faults, rules and quirks that make it happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fakejobs.model.faults import WORDS as FAULT_WORDS
from fakejobs.model.faults import fault_from
from fakejobs.model.outcomes import WORDS as THEN_WORDS
from fakejobs.model.rules import WHEN_WORDS, rule_from
from fakejobs.model.units import did_you_mean, short

Words = Mapping[str, object]


@dataclass(frozen=True)
class Preset:
    """Something that goes wrong on the real Hub.

    Attributes:
        name: what it is called.
        sentence: what happens.
        source: where it was met.
        faults: the words of its faults.
        rules: ``when`` and ``then`` of its rules. A rule that is made later is asked first.
        quirks: what it changes of `fakejobs.model.quirks.Quirks`.
    """

    name: str
    sentence: str
    source: str
    faults: tuple[Words, ...] = ()
    rules: tuple[tuple[Words, Words], ...] = ()
    quirks: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """The words that may be given with it."""
        faults = FAULT_WORDS if self.faults else ()
        return (*faults, *((*WHEN_WORDS, *THEN_WORDS) if self.rules else ()))

    @property
    def label(self) -> str:
        """The ``source`` of its faults and rules in a hub."""
        return f"preset {self.name}"


_SUBMIT: Words = {"method": "POST", "path": "/api/jobs/*"}
_LOGS: Words = {"path": "/api/jobs/*/*/logs"}
_ONE: Words = {"method": "GET", "path": "/api/jobs/*/*"}

_ALL = (
    Preset(
        "flaky_submit",
        "One submission in ten is answered with a 500, and no job is made.",
        "huggingface_hub#3972",
        ({**_SUBMIT, "status": 500, "probability": 0.1},),
    ),
    Preset(
        "lost_answer",
        "The first submission makes its job, and the connection ends before the answer: who tries again pays twice.",
        "huggingface/hf-mcp-server#229, where a job had been made and paid for, and the client lost its id",
        ({**_SUBMIT, "hang_up": True, "when": "after", "times": 1},),
    ),
    Preset(
        "stuck_scheduling",
        "Jobs wait for hardware for twelve hours.",
        "huggingface_hub#4376",
        rules=(({}, {"scheduling": "12h"}),),
    ),
    Preset(
        "never_scheduled",
        "Jobs wait for hardware for ever.",
        "huggingface_hub#4376, as it looks to whoever cannot wait for twelve hours",
        rules=(({}, {"scheduling": "forever"}),),
    ),
    Preset(
        "stream_drop",
        "The connection of the first log stream breaks after three events.",
        "huggingface/ml-intern#16",
        ({**_LOGS, "cut_after": 3, "times": 1},),
    ),
    Preset(
        "stream_stall",
        "The first log stream falls silent after three events, without keep-alives, until the client gives up.",
        "huggingface_hub#3793: a pause in a log is a ReadTimeout",
        ({**_LOGS, "stall_after": 3, "times": 1},),
    ),
    Preset(
        "stream_ends_early",
        "The first log stream ends, as if all had been said, while the job still runs.",
        "a comment in huggingface_hub's fetch_job_logs: of a job that has just started, a log may end while it runs",
        ({**_LOGS, "end_after": 2, "times": 1},),
    ),
    Preset(
        "logs_before_start",
        "The log of a job that waits for hardware ends at once, with nothing in it.",
        "huggingface_hub#4345",
        quirks={"logs_while_scheduling": "close"},
    ),
    Preset(
        "lost_lines",
        "The log of a job lacks its last two lines.",
        "no report of its own: what is left of a log whose connection broke (huggingface/ml-intern#16) once the job is over",
        ({**_LOGS, "replay_loses": 2},),
    ),
    Preset(
        "status_lag",
        "A job still reads RUNNING for 15 seconds after its log has ended.",
        "huggingface/ml-intern, whose agent/tools/jobs_tool.py asks up to six times, 2.5 seconds apart",
        rules=(({}, {"status_lag": "15s"}),),
    ),
    Preset(
        "no_credits",
        "Whatever would make a job is refused with 402, as on an account without credits; reading goes on.",
        "huggingface/ml-intern#125",
        (
            {**_SUBMIT, "status": 402},
            {"method": "POST", "path": "/api/jobs/*/*/duplicate", "status": 402},
            {"method": "POST", "path": "/api/scheduled-jobs/*/*/run", "status": 402},
        ),
    ),
    Preset(
        "runs_dry",
        "After half an hour of running, a job is cancelled for want of credits.",
        "Hub OpenAPI, April 2026: cancelReason NO_CREDITS",
        rules=(({}, {"running": "30m", "stage": "CANCELED", "cancel_reason": "NO_CREDITS"}),),
    ),
    Preset(
        "no_permission",
        "The token may not start jobs: 403.",
        "what `hf jobs run` says for a token without `job.write`",
        ({**_SUBMIT, "status": 403},),
    ),
    Preset(
        "logged_out",
        "No token is accepted: 401.",
        "huggingface/hf-mount#123, with the Hub's texts",
        ({"path": "/api/**", "status": 401},),
    ),
    Preset(
        "rate_limited",
        "The first two requests are too many: 429, with half a minute to wait.",
        "https://huggingface.co/docs/hub/rate-limits",
        ({"path": "/api/**", "status": 429, "retry_after": "30s", "times": 2},),
    ),
    Preset(
        "hub_down",
        "For five minutes, every request is answered with a 503 in HTML.",
        "huggingface_hub#1516, of the Hub as a whole; Jobs is not on its status page (huggingface_hub#3972)",
        ({"path": "/api/**", "status": 503, "body": "html", "lasts": "5m"},),
    ),
    Preset(
        "unreachable",
        "For a minute, nobody listens: connections are refused.",
        "no report about Jobs: networks and proxies, as in huggingface_hub#2319",
        ({"down": "1m"},),
    ),
    Preset(
        "flaky_reads",
        "One read of a job in five is answered by a proxy: a 502 in HTML.",
        "huggingface_hub#1737, of other routes of the Hub",
        ({**_ONE, "status": 502, "body": "html", "probability": 0.2},),
    ),
    Preset(
        "slow_hub",
        "Answers take two seconds, and some much longer.",
        "no report about Jobs; whoever sets a timeout wants to know",
        ({"path": "/api/**", "latency": {"median": "2s", "sigma": 0.7}},),
    ),
    Preset(
        "torn_answer",
        "The first answer about a job ends in the middle of its JSON.",
        "huggingface/ml-intern#16, which catches IncompleteRead",
        ({**_ONE, "truncate_after": 100, "times": 1},),
    ),
    Preset(
        "metrics_broken",
        "Metrics are answered with a 500.",
        "huggingface_hub#3744",
        ({"path": "/api/jobs/*/*/metrics", "status": 500},),
    ),
    Preset(
        "out_of_memory",
        "Jobs run for five minutes and are killed for want of memory.",
        "kabartay/jobwatch, from a live check: exit code 137, OOMKilled",
        rules=(({}, {"running": "5m", "oom": True}),),
    ),
    Preset(
        "never_ends",
        "Jobs run until their timeout ends them.",
        "huggingface_hub#3386: a timeout that was given did not hold, and the default of half an hour did",
        rules=(({}, {"running": "forever"}),),
    ),
    Preset(
        "bad_image",
        "The image cannot be pulled: jobs fail before they run.",
        "a comment in huggingface_hub's fetch_job_logs, on builds that fail",
        rules=(({}, {"image_pull_error": True}),),
    ),
)

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}
"""All presets, by name."""


def preset_from(name: str, words: Words | None = None) -> Preset:
    """A preset, with other words than its own.

    Args:
        name: which one.
        words: of a preset that has faults, words of a fault: they hold for each of its faults, instead of what it says itself. Of one that
            has rules, words of ``when`` and ``then``.

    Raises:
        ValueError: there is no such preset, a word is not one of its own, or a value is impossible; the message names it.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ValueError(
            f"preset {short(name)}: there is none (`fakejobs presets` lists all){did_you_mean(str(name), PRESETS)}"
        )
    preset = PRESETS[name]
    words = dict(words or {})
    for word in words:
        if not preset.words:
            raise ValueError(f"preset {name}: it takes no words, and {word!r} was given")
        if word not in preset.words:
            raise ValueError(f"preset {name}: {word}: unknown word{did_you_mean(str(word), preset.words)}")
    when = {word: each for word, each in words.items() if word in WHEN_WORDS}
    then = {word: each for word, each in words.items() if word not in WHEN_WORDS}
    made = replace(
        preset,
        faults=tuple({**fault, **words} for fault in preset.faults),
        rules=tuple(({**its_when, **when}, {**its_then, **then}) for its_when, its_then in preset.rules),
    )
    try:
        for fault in made.faults:
            fault_from(0, fault)
        for its_when, its_then in made.rules:
            rule_from(0, its_when, its_then)
    except ValueError as error:
        raise ValueError(f"preset {name}: {error}") from None
    return made


OF_THE_PRESET = 'here this is the name of the preset; for that of jobs, give labels = { name = "train" }'
"""What is said where `name` cannot be the word of a rule."""


def named(value: object, where: str = "presets") -> list[tuple[str, Words]]:
    """Read a list of presets, as options and scenario files have it: names, or tables with ``name`` and other words.

    Raises:
        ValueError: it is something else, or one of them cannot be; the message names it.
    """
    if isinstance(value, (str, Mapping)) or not isinstance(value, (list, tuple)):
        raise ValueError(f'{where}: give a list of names, such as ["stream_drop"]')
    return [preset_words(each, f"{where}[{index}]") for index, each in enumerate(value)]


def preset_words(value: object, where: str) -> tuple[str, Words]:
    """Read one preset: a name, or a table with ``name`` and other words.

    Raises:
        ValueError: it is something else, or it cannot be; the message begins with ``where``.
    """
    words = {"name": value} if isinstance(value, str) else value
    if not isinstance(words, Mapping) or not isinstance(words.get("name"), str):
        raise ValueError(
            f'{where}: give a name, or a table such as {{ name = "stream_drop", cut_after = 9 }}'
        )
    words, name = {str(word): each for word, each in words.items() if word != "name"}, str(words["name"])
    try:
        preset_from(name, words)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return name, words


def page() -> str:
    """The page of the documentation that lists the presets, in Markdown."""
    lines = [
        "# Presets",
        "",
        "What users of Jobs have met, each by a name. A preset is nothing but faults ([faults.md](faults.md)), rules and quirks; so it takes the",
        "words of these, and presets combine:",
        "",
        "```python",
        "def test_training_survives(fakejobs):",
        '    fakejobs.preset("stream_drop", cut_after=10, times=3)',
        '    fakejobs.preset("flaky_submit")',
        "```",
        "",
        "On a server, and for one command:",
        "",
        "```console",
        "$ fakejobs serve --preset hub_down --preset 'stream_drop: cut_after = 10, times = 3'",
        "$ fakejobs exec --preset flaky_submit -- npm test",
        "```",
        "",
        "`RemoteHub.preset` and `POST /_fakejobs/presets` add one to a server that runs. In a scenario file (the marker and `activate` take the same list):",
        "",
        "```toml",
        'presets = ["flaky_submit", { name = "stream_drop", cut_after = 10, times = 3 }]',
        "```",
        "",
        "For a whole test run: `pytest --fakejobs-presets flaky_submit,stream_drop`, or `fakejobs_presets` in the ini file.",
        "",
        'The rules of presets hold for every job (or for some: `fakejobs.preset("out_of_memory", flavor="t4-*")`), and say only what the job\'s own rule',
        "leaves unsaid: with `status_lag`, a job that is scripted to fail fails, and its status lags too; with `out_of_memory`, it fails as it is",
        "scripted to. Of two presets that say the same, the newer one counts. With `strict`, nobody expects that all of a preset happens.",
        "",
        "Some happen once, some as long as the test goes on: `times` and `lasts` say so, and can be given. `.delete_faults()`, `.delete_rules()` and",
        "`reset` of a hub take away what presets have put there. A mix of them, drawn from a seed, is [chaos](faults.md#chaos).",
    ]
    for preset in _ALL:
        made = [f"- fault: {_shown(fault)}" for fault in preset.faults]
        made += [f"- rule: {_shown(then)}" for _when, then in preset.rules]
        made += [f'- quirk: `{quirk} = "{value}"`' for quirk, value in preset.quirks.items()]
        lines += ["", f"## {preset.name}", "", preset.sentence, "", *made, "", f"Met in: {preset.source}."]
    return "\n".join(lines) + "\n"


def _shown(words: Words) -> str:
    return ", ".join(f"`{word}={value!r}`" for word, value in words.items())
