"""What schemathesis must know to send data that the service can accept."""

import datetime
import itertools
import json
import os
import unicodedata
import zlib

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.generation.meta import TestPhase

# Controls, private use, surrogates and invisible characters are refused in texts that are stored.
VISIBLE = st.characters(
    exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn"],
    exclude_characters="\u115f\u1160\u3164\uffa0",
)


def line(min_size=1):
    text = st.text(VISIBLE, min_size=min_size, max_size=60)
    return text.map(lambda t: unicodedata.normalize("NFC", t)).filter(lambda t: t.strip() != "")


def with_key(siren_and_nic):
    """Appends the digit that makes the Luhn sum a multiple of 10."""
    total = 0
    for rank, digit in enumerate(map(int, reversed(siren_and_nic))):
        double = digit * 2 if rank % 2 == 0 else digit
        total += double - 9 if double > 9 else double
    return siren_and_nic + str(-total % 10)


@schemathesis.serializer("application/x-ndjson")
def lines_of_json(ctx, value):
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode(errors="replace")


schemathesis.openapi.format("line", line())
schemathesis.openapi.format("text", line(min_size=10))
schemathesis.openapi.format("siret", st.integers(10**12, 10**13 - 1).map(lambda n: with_key(str(n))))
schemathesis.openapi.format("iban", st.sampled_from(["FR7630006000011234567890189", "DE89370400440532013000"]))
schemathesis.openapi.format("bic", st.sampled_from(["AGRIFRPP", "COBADEFF"]))
schemathesis.openapi.format("phone", st.from_regex(r"\A\+33[1-5][2-5][0-9]{7}\Z"))
schemathesis.openapi.format(
    "email", st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12).map(lambda name: f"{name}@example.org")
)
# The service knows the civil dates of its time only.
dates = st.dates(min_value=datetime.date(1900, 1, 1), max_value=datetime.date(2100, 12, 31))
schemathesis.openapi.format("date", dates.map(str))
instants = st.datetimes(min_value=datetime.datetime(1900, 1, 2), max_value=datetime.datetime(2100, 12, 30))
schemathesis.openapi.format("date-time", instants.map(lambda i: i.replace(microsecond=0).isoformat() + "Z"))

# What the members of a body, or of a path, that name something else refer to.
REFERENCES = {
    "agreement_id": "agreements",
    "application_id": "applications",
    "batch_id": "payment-batches",
    "body_id": "training-bodies",
    "counsellor_id": "counsellors",
    "instalment_id": "instalments",
    "path_id": "training-paths",
    "place_id": "places",
    "session_id": "training-sessions",
    "candidate_id": "candidates",
    "commune_code": "communes",
    "departement_code": "departements",
    "donor_structure_id": "structures",
    "epci_siren": "epcis",
    "into_id": "structures",
    "lead_departement_code": "departements",
    "lead_structure_id": "structures",
    "post_id": "posts",
    "region_code": "regions",
    "reservation_id": "reservations",
    "structure_id": "structures",
}


KNOWN = {}
REFUSED = set()


def known(resource):
    """Identifiers of the first page of the caller's own list of a resource.

    Kept for the run, because a thing that was removed is a case of its own; asked again while there are none.
    """
    if not KNOWN.get(resource) and resource not in REFUSED:
        headers = {"Authorization": f"Bearer {os.environ['FUZZ_TOKEN']}"} if os.environ.get("FUZZ_TOKEN") else {}
        answer = requests.get(
            f"{os.environ['FUZZ_URL']}/api/v1/{resource}", params={"limit": 200}, headers=headers, timeout=30
        )
        if answer.status_code == 200:
            KNOWN[resource] = [row.get("id") or row.get("code") or row.get("siren") for row in answer.json()["data"]]
        else:
            REFUSED.add(resource)
    return KNOWN.get(resource, [])


def existing(resource, made_up):
    """One that exists, always the same for the same value; the value itself where there is none."""
    values = known(resource)
    return values[zlib.crc32(str(made_up).encode()) % len(values)] if values else made_up


POSTAL_CODES = {}


def postal_code(commune, made_up):
    """One of the commune's own."""
    if commune not in POSTAL_CODES:
        answer = requests.get(f"{os.environ['FUZZ_URL']}/api/v1/communes/{commune}", timeout=30)
        POSTAL_CODES[commune] = answer.json()["postal_codes"] if answer.status_code == 200 else []
    codes = POSTAL_CODES[commune]
    return codes[0] if codes else made_up


def refer(members):
    for name, value in members.items():
        if value is not None and name in REFERENCES:
            members[name] = existing(REFERENCES[name], value)
    if isinstance(members.get("commune_code"), str) and "postal_code" in members:
        members["postal_code"] = postal_code(members["commune_code"], members["postal_code"])


def shown(method, path, body=None):
    """What the caller is shown, or nothing."""
    headers = {"Authorization": f"Bearer {os.environ['FUZZ_TOKEN']}"} if os.environ.get("FUZZ_TOKEN") else {}
    headers["Idempotency-Key"] = f"reading-{next(calls)}"
    answer = requests.request(
        method, f"{os.environ['FUZZ_URL']}/api/v1{path}", json=body, headers=headers, timeout=30
    )
    return answer.json() if answer.ok else {}


def name_what_was_read(case):
    """Whoever promises or moves money names what was read; no generator knows it."""
    body, path = case.body, case.operation.path
    if not isinstance(body, dict):
        return
    if path.endswith(("/agreements/{id}/sign", "/agreements/{id}/amend")):
        read = shown("GET", f"/agreements/{case.path_parameters['id']}").get("estimate_cents")
        body["expected_cents"] = read or 0
        body.pop("signed_on", None)
    elif path.endswith("/recruitments/{id}/validate"):
        read = shown("GET", f"/recruitments/{case.path_parameters['id']}")
        for name in ("starts_on", "ends_on", "gross_monthly_salary_cents"):
            if name in read:
                body[f"expected_{name}"] = read[name]
    elif path.endswith("/payment-batches"):
        choice = {name: value for name, value in body.items() if not name.startswith("expected_")}
        read = shown("POST", "/payment-batches?dry_run=true", choice)
        body["expected_cents"], body["expected_count"] = read.get("amount_cents", 0), read.get("lines_count", 0)


calls = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Gives requests meant to be valid what no generator can make up, and takes out what it cannot know.

    Identifiers become those of things that exist, so that requests get as far as the rules; only the
    stateful phase has its own. The version becomes any version, and no two calls share a key. A
    cursor is signed by the service for one list: any other is refused, as it must be. `within_km`
    says nothing without the point that it surrounds.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.meta.phase.name != TestPhase.STATEFUL:
        for name in ("id", "code"):
            if name in case.path_parameters:
                resource = case.operation.path.split("/{" + name + "}")[0].rpartition("/")[2]
                if resource != "problems":
                    case.path_parameters[name] = existing(resource, case.path_parameters[name])
        refer(case.path_parameters)
        if isinstance(case.body, dict):
            refer(case.body)
    name_what_was_read(case)
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{case.headers['Idempotency-Key'][:150]}-{next(calls)}"
    case.query.pop("cursor", None)
    if "near" not in case.query:
        case.query.pop("within_km", None)
