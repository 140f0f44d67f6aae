"""capture.py WORD: writes the statements that PostgreSQL logged for one request as a script of pgbench.

The request is the session with WORD in a statement; others belong to the service's background work.
"""

import re
import sys

ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+ \[(\d+)\] (\w+):  (.*)$")


def entries(text):
    found = []
    for row in text.splitlines():
        match = ENTRY.match(row)
        if match:
            found.append([match[1], match[2], match[3]])
        elif found:
            found[-1][2] += " " + row.strip()
    return found


def literals(detail):
    """`parameters: $1 = 'a', $2 = NULL` as a table."""
    pairs = re.findall(r"(\$\d+) = (NULL|'(?:[^']|'')*')", detail)
    return dict(pairs)


sessions = {}
for session, kind, text in entries(sys.stdin.read()):
    statements = sessions.setdefault(session, [])
    if kind == "LOG":
        match = re.match(r"(?:execute [^:]+|statement): (.*)$", text, re.DOTALL)
        if match:
            statements.append(match[1])
    elif kind == "DETAIL" and statements and "parameters:" in text:
        values = literals(text)
        statements[-1] = re.sub(r"\$\d+", lambda m: values.get(m[0], m[0]), statements[-1])

requests = [s for s in sessions.values() if any(sys.argv[1] in statement for statement in s)]
if len(requests) != 1:
    sys.exit(f"capture: {len(requests)} sessions spoke of {sys.argv[1]}, not one")
for statement in requests[0]:
    # The session is borrowed by background work as well.
    if re.search(r"\b(from|update|into) (job_runs|emails)\b", statement):
        continue
    print(" ".join(statement.split()).rstrip(";") + ";")
