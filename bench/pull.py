"""The nightly pull: every list to its end, the same as files, and the feed when nothing happened."""

import json
import os
import time
import urllib.request

URL, TOKEN = os.environ["URL"], os.environ["BDT"]
LISTS = ["posts", "recruitments", "agreements", "instalments", "enrolments"]


def get(path):
    request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read()


def pages(name):
    path, rows, count, size, cursor = f"/api/v1/{name}?limit=500&sort=reference", 0, 0, 0, None
    while path:
        body = get(path)
        page = json.loads(body)
        cursor = cursor or page["meta"]["events_cursor"]
        rows, count, size, path = rows + len(page["data"]), count + 1, size + len(body), page["links"]["next"]
    return rows, count, size, cursor


print("\n## The nightly pull\n")
print("4,000 posts with their contracts, agreements and instalments, 500 rows a page; target: 30 s in all.\n")
print("| list | rows | pages | seconds | MB | as NDJSON, s | as CSV, s | as XLSX, s |")
print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
total, first = 0.0, None
for name in LISTS:
    begun = time.perf_counter()
    rows, count, size, cursor = pages(name)
    seconds = time.perf_counter() - begun
    total += seconds
    first = first or cursor
    files = []
    for form in ["ndjson", "csv", "xlsx"]:
        begun = time.perf_counter()
        get(f"/api/v1/{name}?format={form}")
        files.append(time.perf_counter() - begun)
    print(f"| {name} | {rows} | {count} | {seconds:.2f} | {size / 1e6:.1f} | " + " | ".join(f"{s:.2f}" for s in files) + " |")
print(f"\nWhole pull, page by page: {total:.1f} s.")
cursor = json.loads(get("/api/v1/posts?limit=1"))["meta"]["events_cursor"]
begun = time.perf_counter()
body = get(f"/api/v1/events?cursor={cursor}&limit=500")
print(f"Nothing changed: {len(body)} bytes in {(time.perf_counter() - begun) * 1000:.1f} ms.")
