"""Orders and books payments against a service that is killed again and again; every ambiguous call is settled by its key."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import date, timedelta

program, folder, url, kills, pid = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
random.seed(7)
token = None


def bank_day():
    """Today, or the next day on which banks work."""
    day = date.today()
    while day.weekday() > 4 or (day.month, day.day) in ((1, 1), (5, 1), (12, 25), (12, 26)):
        day += timedelta(1)
    return str(day)


def start():
    log = open(os.path.join(folder, "service.log"), "ab")
    process = subprocess.Popen([program, "dev"], cwd=folder, stdout=subprocess.DEVNULL, stderr=log)
    with open(os.path.join(folder, "pid"), "w") as file:
        file.write(str(process.pid))
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/health/ready", timeout=2)
            return process.pid
        except OSError:
            time.sleep(0.1)
    sys.exit("the service did not come back")


def sign_in():
    global token
    token = subprocess.run([program, "token", "--role", "bdt"], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def call(method, path, body=None, key=None):
    """Status and answer; None where nobody knows what became of the call."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{url}/api/v1{path}", data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return None
        return error.code, json.load(error)
    except (OSError, ValueError):
        return None


def certain(method, path, body=None, key=None):
    """The same call with the same key until its answer is known."""
    global settled
    for attempt in range(400):
        answer = call(method, path, body, key)
        if answer is not None and not (answer[0] == 409 and answer[1].get("code") == "idempotency_in_flight"):
            if attempt:
                settled += 1
            return answer
        time.sleep(0.05)
    sys.exit(f"{method} {path} never got an answer")


settled = 0
paid = set()
done = threading.Event()
with open(os.path.join(folder, "pid"), "w") as file:
    file.write(str(pid))


def killer():
    global pid
    for _ in range(kills):
        time.sleep(random.uniform(0.01, 0.4))
        os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            time.sleep(0.2)
        pid = start()
    done.set()


sign_in()
threading.Thread(target=killer).start()
rounds = 0
while not done.is_set() or rounds < 3:
    rounds += 1
    new = {"execution_on": bank_day(), "lines_max": random.choice([1, 2, 3])}
    # What is ordered is named as a dry run shows it. Nobody else pays meanwhile.
    order = certain("POST", "/payment-batches?dry_run=true", new, str(uuid.uuid4()))
    if order[0] == 200:
        new |= {"expected_cents": order[1]["amount_cents"], "expected_count": order[1]["lines_count"]}
        order = certain("POST", "/payment-batches", new, str(uuid.uuid4()))
    if order[0] == 409:
        # Nothing is due any more: what was paid is, and what is rejected comes back. Let some come back.
        break
    assert order[0] == 201, order
    batch = order[1]["id"]
    lines = certain("GET", f"/payment-batches/{batch}/lines?limit=500")[1]["data"]
    assert len(lines) == order[1]["lines_count"], (lines, order)
    results = []
    for line in lines:
        assert line["instalment_id"] not in paid, f"ordered after it was paid: {line}"
        # Most come back, so that there is always something due.
        if random.random() < 0.15:
            paid.add(line["instalment_id"])
            results.append({"instalment_id": line["instalment_id"], "outcome": "paid", "paid_on": str(date.today()), "bank_reference": f"VIR-{line['number']}"})
        else:
            results.append({"instalment_id": line["instalment_id"], "outcome": "rejected", "rejection": "ms03"})
    answered = certain("POST", f"/payment-batches/{batch}/results", {"results": results}, str(uuid.uuid4()))
    assert answered[0] == 200 and answered[1]["status"] == "answered", answered
done.wait()
total = certain("GET", "/instalments?status=paid&limit=500&sort=reference")[1]
mine = {row["id"] for row in total["data"]}
missing = paid - mine
print(f"{kills} kills, {rounds} batches, {settled} calls settled by their key, {len(paid)} instalments paid, lost: {len(missing)}")
sys.exit(1 if missing else 0)
