"""Facts about what needs no job: the hardware list, who is calling, what a token may do."""

from __future__ import annotations

from fakejobs.contract.verify.asking import GONE
from fakejobs.contract.verify.facts import ASSUMED, OPENAPI, Ask, fact
from fakejobs.contract.verify.probe import Probe
from fakejobs.wire.json_types import Json
from fakejobs.wire.pieces import PIECES

PRICES_OF = "the Hub's hardware list on 2026-08-31 (huggingface/chat-ui)"

# fmt: off
HARDWARE: tuple[tuple[str, str, int, int, int, str, int, int, int], ...] = (
    # name             pretty name                vCPU   RAM   disk  card       number  VRAM  micro-dollars a minute
    ("cpu-basic",       "CPU Basic",                2,    16,    50, "",             0,    0,    167),
    ("cpu-upgrade",     "CPU Upgrade",              8,    32,    50, "",             0,    0,    500),
    ("cpu-performance", "CPU Performance",         32,   256,  1024, "",             0,    0,  31667),
    ("cpu-xl",          "CPU XL",                  16,   124,  1000, "",             0,    0,  16667),
    ("t4-small",        "Nvidia T4 - small",        4,    15,    50, "T4",           1,   16,   6667),
    ("t4-medium",       "Nvidia T4 - medium",       8,    30,   100, "T4",           1,   16,  10000),
    ("a10g-small",      "Nvidia A10G - small",      4,    15,   110, "A10G",         1,   24,  16667),
    ("a10g-large",      "Nvidia A10G - large",     12,    46,   200, "A10G",         1,   24,  25000),
    ("a10g-largex2",    "2x Nvidia A10G - large",  24,    92,  1000, "A10G",         2,   48,  50000),
    ("a10g-largex4",    "4x Nvidia A10G - large",  48,   184,  2000, "A10G",         4,   96,  83334),
    ("a100-large",      "Nvidia A100 - large",     12,   142,  1000, "A100",         1,   80,  41667),
    ("a100x4",          "4x Nvidia A100",          48,   568,  4000, "A100",         4,  320, 166667),
    ("a100x8",          "8x Nvidia A100",          96,  1136,  8000, "A100",         8,  640, 333333),
    ("h200",            "Nvidia H200",             23,   256,  3000, "H200",         1,  141,  83333),
    ("h200x2",          "Nvidia H200",             46,   512,  6000, "H200",         2,  282, 166667),
    ("h200x4",          "Nvidia H200",             92,  1024, 12000, "H200",         4,  564, 333333),
    ("h200x8",          "Nvidia H200",            184,  2048, 24000, "H200",         8, 1128, 666667),
    ("rtx-pro-6000",    "Nvidia RTX PRO 6000",     23,   256,   475, "RTX PRO 6000", 1,   96,  45833),
    ("rtx-pro-6000x2",  "Nvidia RTX PRO 6000",     46,   512,   950, "RTX PRO 6000", 2,  192,  91667),
    ("rtx-pro-6000x4",  "Nvidia RTX PRO 6000",     92,  1024,  1900, "RTX PRO 6000", 4,  384, 183333),
    ("rtx-pro-6000x8",  "Nvidia RTX PRO 6000",    184,  2048,  3800, "RTX PRO 6000", 8,  768, 366667),
    ("l4x1",            "1x Nvidia L4",             8,    30,   400, "L4",           1,   24,  13333),
    ("l4x4",            "4x Nvidia L4",            48,   186,  3200, "L4",           4,   96,  63333),
    ("l40sx1",          "1x Nvidia L40S",           8,    62,   380, "L40S",         1,   48,  30000),
    ("l40sx4",          "4x Nvidia L40S",          48,   382,  3200, "L40S",         4,  192, 138333),
    ("l40sx8",          "8x Nvidia L40S",         192,  1534,  6500, "L40S",         8,  384, 391666),
)
# fmt: on
"""The hardware list, written down a second time: the fake's own table is what is tried here."""


def _hardware(probe: Probe) -> list[dict[str, Json]]:
    return probe.send("GET", "/api/jobs/hardware", token=None).items


@fact(source=f"{OPENAPI}: public")
def hardware_needs_no_token(probe: Probe) -> None:
    """The hardware list needs no token."""
    probe.same("status", 200, probe.send("GET", "/api/jobs/hardware", token=None).status)


@fact(source=PRICES_OF)
def flavors(probe: Probe) -> None:
    """There are these 26 flavors, in this order."""
    probe.same("names", [row[0] for row in HARDWARE], [item.get("name") for item in _hardware(probe)])


@fact(source=OPENAPI)
def keys_of_hardware(probe: Probe) -> None:
    """An item of the hardware list has these keys in this order; accelerator is null or has five."""
    keys = [
        "name", "prettyName", "cpu", "ram", "ephemeralStorage", "accelerator", "unitCostMicroUSD", "unitCostUSD",
        "unitLabel",
    ]  # fmt: skip
    cards = ["type", "model", "quantity", "vram", "manufacturer"]
    for item in _hardware(probe):
        probe.same(str(item.get("name")), keys, list(item))
        accelerator = item.get("accelerator")
        if accelerator is not None:
            found = list(accelerator) if isinstance(accelerator, dict) else accelerator
            probe.same(f"accelerator of {item.get('name')}", cards, found)


@fact(source=f"{PRICES_OF}; the Hub documentation, “Configuration”")
def machines(probe: Probe) -> None:
    """What each flavor has."""
    items = {str(item.get("name")): item for item in _hardware(probe)}
    for name, pretty, cpu, ram, disk, card, number, vram, _price in HARDWARE:
        item = items.get(name, {})
        machine: dict[str, Json] = {
            "prettyName": pretty,
            "cpu": f"{cpu} vCPU",
            "ram": f"{ram} GB",
            "ephemeralStorage": f"{disk} GB",
            "accelerator": {
                "type": "gpu",
                "model": card,
                "quantity": str(number),
                "vram": f"{vram} GB",
                "manufacturer": "Nvidia",
            }
            if card
            else None,
        }
        seen: dict[str, Json] = {key: item.get(key) for key in machine}
        probe.same(name, machine, seen)


@fact(source=PRICES_OF)
def prices(probe: Probe) -> None:
    """What a minute of each flavor costs: micro-dollars, and the same in dollars."""
    items = {str(item.get("name")): item for item in _hardware(probe)}
    for row in HARDWARE:
        item = items.get(row[0], {})
        expected: Json = [row[8], row[8] / 1_000_000, "minute"]
        seen: Json = [item.get(key) for key in ("unitCostMicroUSD", "unitCostUSD", "unitLabel")]
        probe.same(row[0], expected, seen)


@fact(source=OPENAPI)
def whoami(probe: Probe) -> None:
    """whoami-v2 says who is calling, in which organisations, with what token."""
    answer = probe.send("GET", "/api/whoami-v2")
    me, shape = answer.object, PIECES["whoami"]
    probe.same("type", "user", me.get("type"))
    probe.same("required keys that are not there", [], [key for key in shape["required"] if key not in me])
    probe.same("keys unknown to the OpenAPI", [], [key for key in me if key not in shape["properties"]])
    probe.same("name", probe.me.get("name"), me.get("name"))
    probe.same("kind of orgs", "list", type(me.get("orgs")).__name__)
    auth = me.get("auth")
    known = auth if isinstance(auth, dict) else {}
    probe.same("kind of auth.type", "str", type(known.get("type")).__name__)


@fact(source=OPENAPI, asks=[Ask("sleeps")])
def auth_check(probe: Probe) -> None:
    """The auth-check routes answer with the namespace and the caller, by id and name."""
    job = probe.submit("sleeps").object
    owner = job["owner"]
    assert isinstance(owner, dict)
    expected: Json = {
        "namespace": {"id": owner["id"], "name": owner["name"]},
        "user": {"id": probe.me["id"], "name": probe.me["name"]},
    }
    for permission in ("read", "write"):
        for path in (f"/auth-check/{permission}", f"/{job['id']}/auth-check/{permission}"):
            answer = probe.post(path)
            what = path.replace(str(job["id"]), "{id}")
            probe.same(f"status of {what}", 200, answer.status)
            probe.same(what, expected, answer.object)


@fact(source=f"{OPENAPI}: an enum")
def auth_check_of_nothing(probe: Probe) -> None:
    """Other permissions than read and write are refused with 400."""
    probe.same("admin", 400, probe.post("/auth-check/admin").status)


@fact(source=ASSUMED)
def auth_check_of_no_job(probe: Probe) -> None:
    """The auth-check of a job that is not there is a 404."""
    probe.same("status", 404, probe.post(f"/{GONE}/auth-check/read").status)


FACTS = (
    hardware_needs_no_token,
    flavors,
    keys_of_hardware,
    machines,
    prices,
    whoami,
    auth_check,
    auth_check_of_nothing,
    auth_check_of_no_job,
)
