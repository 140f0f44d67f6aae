"""A copy of eighteen lists of which events tell, kept by the feed while others write; half-way the operator says that the
database was restored, and the copy is made anew. Then equal to the source, row by row."""

import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter, defaultdict
from datetime import date, timedelta
from urllib.parse import parse_qs, urlparse

from conum_client import AuthenticatedClient
from conum_client.api.applications import list_applications
from conum_client.api.candidates import list_candidates
from conum_client.api.committees import list_committees
from conum_client.api.counsellors import list_counsellors
from conum_client.api.events import list_events
from conum_client.api.matching import list_matches
from conum_client.api.places import list_places
from conum_client.api.posts import list_post_returns, list_posts
from conum_client.api.recruitments import list_extensions, list_recruitments
from conum_client.api.reservations import list_reservations
from conum_client.api.structures import list_structures
from conum_client.api.subsidies import list_agreements, list_credit_notes, list_instalments, reconcile
from conum_client.api.trainings import list_certifications, list_enrolments, list_training_sessions
from conum_client.models import NewReconciliation, Problem

program, folder, url, seconds, database = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5]
LISTS = {
    "posts": list_posts,
    "recruitments": list_recruitments,
    "agreements": list_agreements,
    "instalments": list_instalments,
    "enrolments": list_enrolments,
    "credit-notes": list_credit_notes,
    "structures": list_structures,
    "applications": list_applications,
    "committees": list_committees,
    "reservations": list_reservations,
    "candidates": list_candidates,
    "matches": list_matches,
    "post-returns": list_post_returns,
    "extensions": list_extensions,
    "counsellors": list_counsellors,
    "certifications": list_certifications,
    "training-sessions": list_training_sessions,
    "places": list_places,
}
# The Banque des Territoires copies what it pays; the ANCT, everything.
FIRST_OF_ANCT = list(LISTS).index("structures")


def token(*words):
    command = [program, "token", "--role", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


ANCT, BDT = token("anct"), token("bdt")
EMPLOYERS = {}
bdt = AuthenticatedClient(base_url=url, token=BDT, timeout=60)
anct = AuthenticatedClient(base_url=url, token=ANCT, timeout=60)


def reader(name):
    return bdt if list(LISTS).index(name) < FIRST_OF_ANCT else anct


def employer(structure):
    if structure not in EMPLOYERS:
        EMPLOYERS[structure] = token("employer", "--structure", structure)
    return EMPLOYERS[structure]


done, made = threading.Event(), Counter()


def call(method, path, bearer, body=None, etag=None, key=None):
    """An answer, or nothing where somebody else was quicker."""
    media = "application/merge-patch+json" if method == "PATCH" else "application/json"
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": media}
    if etag:
        headers["If-Match"] = etag
    if key:
        headers["Idempotency-Key"] = key
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{url}/api/v1{path}", data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (404, 409, 412, 422, 503):
            return None
        raise


def some(path, bearer):
    page = call("GET", path, bearer)
    return random.choice(page["data"]) if page and page["data"] else None


def hire():
    post = some("/posts?available=true&departement_code=24&limit=100", ANCT)
    person = some("/candidates?status=active&limit=200", ANCT)
    if not post or not person:
        return
    new = {"post_id": post["id"], "candidate_id": person["id"], "contract_type": "cdd", "starts_on": str(date.today()),
           "ends_on": str(date.today() + timedelta(days=700)), "gross_monthly_salary_cents": 210000,
           "documents": ["contrat_signe", "fiche_de_poste", "piece_identite"]}
    submitted = call("POST", "/recruitments", employer(post["structure_id"]), new)
    terms = {f"expected_{name}": new[name] for name in ("starts_on", "ends_on", "gross_monthly_salary_cents")}
    if submitted and call("POST", f"/recruitments/{submitted['id']}/validate", BDT, terms, etag="*"):
        made["hired"] += 1


def dismiss():
    contract = some("/recruitments?status=validated&departement_code=24&limit=200", ANCT)
    if not contract or contract["starts_on"] > str(date.today()):
        return
    ask = {"terminates_on": str(date.today()), "reason": "demission"}
    asked = call("POST", f"/recruitments/{contract['id']}/request-termination", employer(contract["structure_id"]), ask, etag="*")
    if asked and call("POST", f"/recruitments/{contract['id']}/terminate", ANCT, etag="*"):
        made["dismissed"] += 1


def bank_day():
    """Today, or the next day on which banks work."""
    day = date.today()
    while day.weekday() > 4 or (day.month, day.day) in ((1, 1), (5, 1), (12, 25), (12, 26)):
        day += timedelta(1)
    return str(day)


def pay():
    order = {"execution_on": bank_day(), "lines_max": 2}
    seen = call("POST", "/payment-batches?dry_run=true", BDT, order, key=str(uuid.uuid4()))
    if not seen:
        return
    order |= {"expected_cents": seen["amount_cents"], "expected_count": seen["lines_count"]}
    batch = call("POST", "/payment-batches", BDT, order, key=str(uuid.uuid4()))
    if not batch:
        return
    lines = call("GET", f"/payment-batches/{batch['id']}/lines?limit=10", BDT)["data"]
    results = [
        {"instalment_id": line["instalment_id"], "outcome": "paid", "paid_on": str(date.today()), "bank_reference": "VIR"}
        if random.random() < 0.5
        else {"instalment_id": line["instalment_id"], "outcome": "rejected", "rejection": "ms03"}
        for line in lines
    ]
    if call("POST", f"/payment-batches/{batch['id']}/results", BDT, {"results": results}, key=str(uuid.uuid4())):
        made["paid"] += 1


def amend():
    agreement = some("/agreements?amendment_needed=true&limit=50", BDT)
    if not agreement:
        return
    read = {"expected_cents": call("GET", f"/agreements/{agreement['id']}", BDT)["estimate_cents"]}
    if call("POST", f"/agreements/{agreement['id']}/amend", BDT, read, etag="*"):
        made["amended"] += 1


def train():
    person = some("/counsellors?status=in_post&departement_code=24&limit=200", ANCT)
    session = some("/training-sessions?has_seats=true&starts_from=" + str(date.today() + timedelta(days=1)), BDT)
    if not person or not session:
        return
    enrolled = call("POST", "/enrolments", BDT, {"counsellor_id": person["id"], "session_id": session["id"]})
    if enrolled:
        made["enrolled"] += 1
        if random.random() < 0.6:
            call("POST", f"/enrolments/{enrolled['id']}/cancel", BDT, etag="*")


def move():
    post = some("/posts?departement_code=24&status=vacant&available=true&limit=100", ANCT)
    house = some("/structures?departement_code=24&status=retained&limit=50", ANCT)
    if post and house and call("POST", f"/posts/{post['id']}/transfer", ANCT, {"structure_id": house["id"]}, etag="*"):
        made["moved"] += 1


def settle_in():
    house = some("/structures?departement_code=24&status=retained&limit=50", ANCT)
    if not house:
        return
    bearer = employer(house["id"])
    new = {"name": f"Lieu {random.randrange(10**9)}", "address": "1 rue de la Mairie", "postal_code": house["postal_code"],
           "commune_code": house["commune_code"], "services": ["demarches"]}
    place = call("POST", "/places", bearer, new)
    if place and call("PATCH", f"/places/{place['id']}", bearer, {"phone": "+33553000000"}, etag="*"):
        made["settled"] += 1


def give_back():
    post = some("/posts?departement_code=24&status=vacant&limit=100", ANCT)
    if not post:
        return
    asked = call("POST", "/post-returns", employer(post["structure_id"]), {"post_id": post["id"], "reason": "manque_visibilite"})
    if not asked:
        return
    word, body = random.choice([("accept", None), ("refuse", {"reason": "Un candidat proche vient de s'inscrire."})])
    if call("POST", f"/post-returns/{asked['id']}/{word}", ANCT, body, etag="*"):
        made["given back"] += 1


def writer(seed):
    random.seed(seed)
    while not done.is_set():
        random.choices([hire, dismiss, pay, amend, train, move, settle_in, give_back], [5, 3, 4, 3, 3, 1, 2, 1])[0]()


copy, seen = {}, set()


def listing(name):
    cursor, first = None, None
    while True:
        page = LISTS[name].sync(client=reader(name), limit=500, **({"cursor": cursor} if cursor else {}))
        first = first or page.meta.events_cursor
        for row in page.data:
            copy[name, str(row.id)] = row.to_dict()
        if not page.links.next_:
            return first
        cursor = parse_qs(urlparse(page.links.next_).query)["cursor"][0]


def list_all():
    """Replaces the copy by what the lists say; the place from which to follow."""
    copy.clear()
    cursors = [listing(name) for name in LISTS]
    return cursors[0]


restarts = []


def follow(cursor):
    """Applies what has happened since a place; the place reached. Where the feed began anew, all is listed anew."""
    while True:
        page = list_events.sync(client=anct, cursor=cursor, limit=500)
        if isinstance(page, Problem):
            if page.code != "feed_restarted":
                sys.exit(f"the feed answers {page.code}")
            restarts.append(len(copy))
            return list_all()
        touched = defaultdict(set)
        for event in page.data:
            assert event.id not in seen, f"twice: {event}"
            seen.add(event.id)
            if event.resource in LISTS:
                touched[event.resource].add(event.resource_id)
        for name, ids in touched.items():
            ids = list(ids)
            for at in range(0, len(ids), 100):
                for row in LISTS[name].sync(client=reader(name), id=ids[at : at + 100], limit=500).data:
                    copy[name, str(row.id)] = row.to_dict()
        cursor = parse_qs(urlparse(page.links.next_).query)["cursor"][0]
        if not page.meta.has_more:
            return cursor


threads = [threading.Thread(target=writer, args=(seed,), daemon=True) for seed in range(8)]
for thread in threads:
    thread.start()
time.sleep(1)
place = list_all()
begun = time.monotonic()
told = False
while time.monotonic() < begun + seconds:
    if not told and time.monotonic() > begun + seconds / 2:
        subprocess.run([program, "restored"], cwd=folder, capture_output=True, check=True, env=os.environ | {"DATABASE_URL": database})
        told = True
    place = follow(place)
    time.sleep(0.2)
done.set()
for thread in threads:
    thread.join()
time.sleep(1)
follow(place)

kept, copy = copy, {}
for name in LISTS:
    listing(name)
source, copy = copy, kept
wrong = [key for key in source.keys() | copy.keys() if source.get(key) != copy.get(key)]
print(f"{sum(made.values())} pieces of work ({dict(made)}), {len(seen)} events, {len(source)} rows, different: {len(wrong)}")
for key in wrong[:5]:
    print(key, source.get(key), copy.get(key), sep="\n  ")
if wrong or len(seen) < 100:
    sys.exit("the copy is not the source")
print(f"listed anew {len(restarts)} times after 410 feed_restarted, last with {restarts[-1:]} rows")
if len(restarts) != 1:
    sys.exit("the feed did not begin anew once")

rows = [row for (name, _), row in sorted(copy.items()) if name == "instalments"]


def compare(with_rows):
    buckets = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        bucket = buckets[row["id"][-2:], row["status"]]
        bucket[0] += 1
        bucket[1] += row["amount_cents"]
        bucket[2] += row["version"]
    body = {"resource": "instalments", "suffix_length": 2, "buckets": [
        {"suffix": suffix, "status": status, "rows_count": n, "amount_cents": cents, "versions_sum": versions}
        for (suffix, status), (n, cents, versions) in buckets.items()]}
    if with_rows:
        body["rows"] = [{name: row[name] for name in ("id", "status", "amount_cents", "version")} for row in rows]
    return reconcile.sync(client=bdt, body=NewReconciliation.from_dict(body))


assert compare(False).agrees
corrupted = {rows[1]["id"], rows[7]["id"], rows[11]["id"]}
rows[1] = rows[1] | {"amount_cents": rows[1]["amount_cents"] + 1}
rows[7] = rows[7] | {"status": "cancelled" if rows[7]["status"] != "cancelled" else "paid"}
del rows[11]
first = compare(False)
assert not first.agrees and corrupted <= {str(identifier) for identifier in first.ids}
found = {str(difference.id) for difference in compare(True).differences}
print(f"three rows corrupted, found: {len(found)}")
sys.exit(0 if found == corrupted else f"found {found} instead of {corrupted}")
