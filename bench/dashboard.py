"""Dashboards at full size: latency of figures, of the same by the raw rows, and of writing."""

import concurrent.futures
import datetime
import http.client
import json
import os
import random
import subprocess
import time
import urllib.parse

HOST = urllib.parse.urlsplit(os.environ["URL"]).netloc
ANCT, COUNSELLOR, TOKENS = os.environ["ANCT"], os.environ["COUNSELLOR"], os.environ["TOKENS"].split()
TODAY = datetime.date.today()
RANDOM = random.Random(1)


class Client:
    def __init__(self, token):
        self.connection, self.token = http.client.HTTPConnection(HOST, timeout=600), token

    def call(self, method, path, body=None, media="application/json", **headers):
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        if body is not None:
            sent["Content-Type"] = media
        begun = time.perf_counter()
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:500]}")
        return (time.perf_counter() - begun) * 1000, text


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def period():
    days = sorted(RANDOM.randrange(0, 1200) for _ in range(2))
    return TODAY - datetime.timedelta(days[1]), TODAY - datetime.timedelta(days[0])


def raw(condition, first, last):
    """The same sums over the raw rows, in milliseconds."""
    sql = f"""explain (analyze, timing off, summary on, format json) select count(*), sum(participants), sum(returning_participants), sum(duration_minutes),
        sum(age_moins_12), sum(age_12_18), sum(age_18_35), sum(age_35_60), sum(age_plus_60), sum((channel = 'distance')::int),
        sum(('internet' = any(themes))::int), sum((activity = 'collectif')::int), sum(follow_up_individual)
        from activity_reports where deleted_at is null and held_on between '{first}' and '{last}' {condition}"""
    found = subprocess.run(["psql", "-XqAt", os.environ["DATABASE_URL"], "-c", sql], capture_output=True, text=True, check=True)
    return json.loads(found.stdout)[0]["Execution Time"]


def report():
    on = TODAY - datetime.timedelta(RANDOM.randrange(0, 60))
    return json.dumps({"held_on": str(on), "activity": "ponctuel", "channel": "distance", "duration_minutes": 30,
                       "ages": {"plus_60": 1}, "statuses": {"retraite": 1}, "themes": ["internet"]})


reports = int(os.environ["REPORTS"])
print(f"\n### {reports:,} reports (made up and counted in {os.environ['MADE']} s)\n")
print("| figures | p50 ms | p99 ms | raw rows, ms | times faster |")
print("| --- | ---: | ---: | ---: | ---: |")
client = Client(ANCT)
for name, query, condition in [
    ("country, any period", "", ""),
    ("country, by theme", "&group_by=theme", ""),
    ("country, by month", "&group_by=month", ""),
    ("country, by département", "&group_by=departement", ""),
    ("a département, any period", "&departement_code={d}", "and place_departement_code = '{d}'"),
    ("a département, by theme", "&departement_code={d}&group_by=theme", "and place_departement_code = '{d}'"),
    ("a département, by month", "&departement_code={d}&group_by=month", "and place_departement_code = '{d}'"),
    ("a region, any period", "&region_code=76", "and place_departement_code in (select code from departements where region_code = '76')"),
]:
    times, scans = [], []
    for turn in range(320):
        departement = RANDOM.choice(["82", "2A", "59", "75", "13", "69", "974", "48"])
        first, last = period()
        path = f"/api/v1/statistics/activity?from_on={first}&to_on={last}{query.format(d=departement)}"
        took, _ = client.call("GET", path)
        if turn >= 20:
            times.append(took)
        if turn in (21, 22, 23):
            scans.append(raw(condition.format(d=departement), first, last))
    p50, p99, scan = percentile(times, 0.5), percentile(times, 0.99), percentile(scans, 0.5)
    print(f"| {name} | {p50:.1f} | {p99:.1f} | {scan:.0f} | {scan / p50:.0f} |")

own = Client(COUNSELLOR)
times = [own.call("GET", "/api/v1/statistics/activity?group_by=theme")[0] for _ in range(200)]
print(f"\nA counsellor's own figures: p50 {percentile(times, .5):.1f} ms, p99 {percentile(times, .99):.1f} ms.")


def write(token):
    client, count, end = Client(token), 0, time.perf_counter() + 10
    while time.perf_counter() < end:
        client.call("POST", "/api/v1/activity-reports", report())
        count += 1
    return count


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    written = sum(pool.map(write, TOKENS[:8]))
print(f"Writing, eight counsellors at once: {written / 10:.0f} reports a second.")

lines = "\n".join(json.dumps({**json.loads(report()), "external_id": f"bench-{n}"}) for n in range(20000))
took, text = own.call("POST", "/api/v1/activity-reports/import", lines, "application/x-ndjson", **{"Idempotency-Key": "bench-1"})
created = json.loads(text)["created_count"]
again, text = own.call("POST", "/api/v1/activity-reports/import", lines, "application/x-ndjson", **{"Idempotency-Key": "bench-2"})
print(f"Import of {created:,} lines: {created / took * 1000:.0f} lines a second; the same file again ({json.loads(text)['unchanged_count']:,} unchanged): {created / again * 1000:.0f}.")
