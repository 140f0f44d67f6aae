"""What schemathesis must know to send data that the service can accept."""

import datetime
import unicodedata

import schemathesis
from hypothesis import strategies as st

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


schemathesis.openapi.format("line", line())
schemathesis.openapi.format("text", line(min_size=10))
schemathesis.openapi.format("siret", st.from_regex(r"\A[1-9][0-9]{12}\Z").map(with_key))
schemathesis.openapi.format("phone", st.from_regex(r"\A\+33[1-5][2-5][0-9]{7}\Z"))
schemathesis.openapi.format("email", st.from_regex(r"\A[a-z]{1,12}@example\.(org|com)\Z"))
# The service knows the civil dates of its time only.
dates = st.dates(min_value=datetime.date(1900, 1, 1), max_value=datetime.date(2100, 12, 31))
schemathesis.openapi.format("date", dates.map(str))
instants = st.datetimes(min_value=datetime.datetime(1900, 1, 2), max_value=datetime.datetime(2100, 12, 30))
schemathesis.openapi.format("date-time", instants.map(lambda i: i.replace(microsecond=0).isoformat() + "Z"))


@schemathesis.hook
def map_case(context, case):
    """Takes out of requests meant to be valid what no generator can make up.

    A cursor is signed by the service for one list: any other is refused, as it must be. `within_km`
    says nothing without the point that it surrounds.
    """
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if positive and case.query:
        case.query.pop("cursor", None)
        if "near" not in case.query:
            case.query.pop("within_km", None)
    return case
