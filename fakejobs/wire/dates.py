"""The days on which the API changed, as far as something else than one key of the schema depends on them, each with what is known of it.

Where no public document gives the day, it is the release day of the first client that knows of the change, which is the latest that it can be.
"""

from __future__ import annotations

TIMEOUT_SECONDS_SINCE = "2025-05-15"
"""The day of hfjobs 0.5.3, the first client that sends ``timeoutSeconds``; until then it was ``timeout``."""

FLAT_SINCE = "2025-05-20"
"""The day of hfjobs 0.6.0, the first client that reads a job whose keys are all on one level. Before, as hfjobs 0.5 reads it, it was in
three parts."""

NAMED_LOGS_SINCE = "2025-06-02"
"""The day of hfjobs 0.6.1, the first client that asks for ``/logs``. Before, it was ``/logs-stream``, and for metrics ``/metrics-stream``
(drbh/hfjobs-menubar, commit 590cfac)."""

AUTHOR_SINCE = "2025-08-02"
"""The day on which the owner of a job was first seen as the Hub shows authors elsewhere (huggingface_hub#3283), with ``_id`` for users, and
no id at all for organisations. Before, it had ``id`` and ``name``."""

OWNER_SINCE = "2025-08-07"
"""The day on which the owner became what it is (huggingface_hub#3291)."""

SCHEDULED_SINCE = "2025-09-16"
"""The day of huggingface_hub 0.35.0, the first client with scheduled jobs."""

WEBHOOK_JOBS_SINCE = "2025-10-23"
"""The day of huggingface_hub 0.36.0, the first client whose webhooks can start jobs."""

HARDWARE_SINCE = "2026-01-22"
"""The day of huggingface_hub 1.3.3, the first client that lists the hardware."""

LABELS_SINCE = "2026-02-04"
"""The day of huggingface_hub 1.4.0, the first client that sends ``labels`` and reads them."""

VOLUMES_SINCE = "2026-03-25"
"""The day of huggingface_hub 1.8.0, the first client that sends ``volumes`` and reads them."""

SCHEDULING_SINCE = "2026-03-31"
"""Since then a job that waits says so; before, it said RUNNING (the history of the Hub's document)."""

PAGES_SINCE = "2026-06-22"
"""Since then lists of jobs come in pages, and can be filtered by stage (the history of the Hub's document; huggingface_hub#4395)."""

NETWORK_SINCE = "2026-09-17"
"""The day of huggingface_hub 1.32.0, the first client that sends ``network`` (``run_job(network_group=…)``) and reads it
back from the job. The Hub's document of August 2026 does not have it yet, so it came in between."""

WEBHOOK_SECRETS_SINCE = "2026-10-01"
"""The day of huggingface_hub 2.1.1, the first client that sends ``secrets`` with a webhook, as the Hub's documentation asks for. The
Hub's document of August 2026 does not have it yet."""

NOT_ACCEPTABLE_SINCE = "2026-10-08"
"""The day of huggingface_hub 2.2.0, the first client that knows 406 as the answer to a request for the metrics of a job that is over; it calls
the 500 of before "previously"."""
