"""Callers of the service, and counsellors who write reports all at once."""

import concurrent.futures
import datetime
import http.client
import json
import random
import time

TODAY = datetime.date.today()
RANDOM = random.Random(1)


class Client:
    def __init__(self, host, token):
        self.connection, self.token = http.client.HTTPConnection(host, timeout=600), token

    def call(self, method, path, body=None, media="application/json", **headers):
        sent = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **headers}
        if body is not None:
            sent["Content-Type"] = media
        begun = time.perf_counter()
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:500]}")
        return (time.perf_counter() - begun) * 1000, text


def report():
    on = TODAY - datetime.timedelta(RANDOM.randrange(0, 60))
    return json.dumps({"held_on": str(on), "activity": "ponctuel", "channel": "distance", "duration_minutes": 30,
                       "ages": {"plus_60": 1}, "statuses": {"retraite": 1}, "themes": ["internet"]})


def written(host, tokens, seconds):
    """Reports a second that the holders of eight tokens write at once."""

    def write(token):
        client, count, end = Client(host, token), 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            client.call("POST", "/api/v1/activity-reports", report())
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return sum(pool.map(write, tokens[:8])) / seconds
