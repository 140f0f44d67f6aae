"""Dashboards at full size: latency of figures, of the same by the raw rows, and of writing."""

import datetime
import json
import os
import subprocess
import urllib.parse

from writers import RANDOM, TODAY, Client, report, written

HOST = urllib.parse.urlsplit(os.environ["URL"]).netloc
ANCT, COUNSELLOR, TOKENS = os.environ["ANCT"], os.environ["COUNSELLOR"], os.environ["TOKENS"].split()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def period():
    days = sorted(RANDOM.randrange(0, 1200) for _ in range(2))
    return TODAY - datetime.timedelta(days[1]), TODAY - datetime.timedelta(days[0])


THEMES = ["equipement_informatique", "vocabulaire", "internet", "securite", "courriel", "echanger", "traitement_texte",
          "contenus_numeriques", "trouver_emploi", "tpe_pme", "accompagner_enfant", "demarche_en_ligne",
          "fraude_et_harcelement", "sante", "smartphone", "budget", "scolaire", "diagnostic", "autre"]
SUMS = """count(*), sum((activity = 'individuel')::int), sum((activity = 'collectif')::int), sum((activity = 'ponctuel')::int),
    sum(participants), sum(participants) filter (where activity = 'collectif'), sum(returning_participants),
    sum(duration_minutes) filter (where activity = 'individuel'), sum(duration_minutes) filter (where activity = 'collectif'),
    sum(duration_minutes) filter (where activity = 'ponctuel'), sum(follow_up_individual), sum(follow_up_workshop),
    sum(follow_up_redirected)"""


def raw(condition, group, first, last):
    """The same answer from the raw rows, in milliseconds."""
    sums = SUMS + "".join(f", sum(('{theme}' = any(themes))::int)" for theme in THEMES if group == "theme")
    by = {"month": "date_trunc('month', held_on)", "departement": "place_departement_code"}.get(group)
    sql = f"""explain (analyze, timing off, summary on, format json) select {sums} from activity_reports
        where deleted_at is null and held_on between '{first}' and '{last}' {condition} {f"group by {by}" if by else ""}"""
    found = subprocess.run(["psql", "-XqAt", os.environ["DATABASE_URL"], "-c", sql], capture_output=True, text=True, check=True)
    return json.loads(found.stdout)[0]["Execution Time"]


reports = int(os.environ["REPORTS"])
print(f"\n### {reports:,} reports (made up and counted in {os.environ['MADE']} s)\n")
print("| figures | p50 ms | p99 ms | raw rows, ms | times faster |")
print("| --- | ---: | ---: | ---: | ---: |")
def whole(first, last):
    """Whole months, as the public may ask."""
    return first.replace(day=1), (last.replace(day=1) + datetime.timedelta(32)).replace(day=1) - datetime.timedelta(1)


OF = "&departement_code={d}"
IN = "and place_departement_code = '{d}'"
for name, token, query, condition, group in [
    ("country, any period", ANCT, "", "", ""),
    ("country, by theme", ANCT, "&group_by=theme", "", "theme"),
    ("country, by month", ANCT, "&group_by=month", "", "month"),
    ("country, by département", ANCT, "&group_by=departement", "", "departement"),
    ("a département, any period", ANCT, OF, IN, ""),
    ("a département, by theme", ANCT, OF + "&group_by=theme", IN, "theme"),
    ("a département, by month", ANCT, OF + "&group_by=month", IN, "month"),
    ("a region, any period", ANCT, "&region_code=76",
     "and place_departement_code in (select code from departements where region_code = '76')", ""),
    ("public: country, any months", None, "", "", ""),
    ("public: country, by theme", None, "&group_by=theme", "", "theme"),
    ("public: country, by month", None, "&group_by=month", "", "month"),
    ("public: a département, by theme", None, OF + "&group_by=theme", IN, "theme"),
]:
    client, times, scans = Client(HOST, token), [], []
    for turn in range(320):
        departement = RANDOM.choice(["82", "2A", "59", "75", "13", "69", "974", "48"])
        first, last = period() if token else whole(*period())
        path = f"/api/v1/statistics/activity?from_on={first}&to_on={last}{query.format(d=departement)}"
        took, _ = client.call("GET", path)
        if turn >= 20:
            times.append(took)
        if turn in (21, 22, 23):
            scans.append(raw(condition.format(d=departement), group, first, last))
    p50, p99, scan = percentile(times, 0.5), percentile(times, 0.99), percentile(scans, 0.5)
    print(f"| {name} | {p50:.1f} | {p99:.1f} | {scan:.0f} | {scan / p50:.0f} |")
for name, path in [("public: programme, country", "statistics/programme"),
                   ("public: programme, a département", "statistics/programme?departement_code=82"),
                   ("public: map of départements", "maps/departements")]:
    times = [Client(HOST, None).call("GET", "/api/v1/" + path)[0] for _ in range(120)][20:]
    print(f"| {name} | {percentile(times, .5):.1f} | {percentile(times, .99):.1f} | | |")

own = Client(HOST, COUNSELLOR)
times = [own.call("GET", "/api/v1/statistics/activity?group_by=theme")[0] for _ in range(220)][20:]
print(f"\nA counsellor's own figures: p50 {percentile(times, .5):.1f} ms, p99 {percentile(times, .99):.1f} ms.")


written(HOST, TOKENS, 5)
rates = sorted(written(HOST, TOKENS, 10) for _ in range(5))
print(f"Writing, eight counsellors at once: {rates[2]:.0f} reports a second (five times ten seconds: {rates[0]:.0f} to {rates[4]:.0f}).")

lines = "\n".join(json.dumps({**json.loads(report()), "external_id": f"bench-{n}"}) for n in range(20000))
took, text = own.call("POST", "/api/v1/activity-reports/import", lines, "application/x-ndjson", **{"Idempotency-Key": "bench-1"})
created = json.loads(text)["created_count"]
again, text = own.call("POST", "/api/v1/activity-reports/import", lines, "application/x-ndjson", **{"Idempotency-Key": "bench-2"})
print(f"Import of {created:,} lines: {created / took * 1000:.0f} lines a second; the same file again ({json.loads(text)['unchanged_count']:,} unchanged): {created / again * 1000:.0f}.")
