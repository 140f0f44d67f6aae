#!/usr/bin/env bash
# Kills the service fifty times while it orders and books payments, and settles every doubt by its idempotency key: no
# instalment is paid twice, none is lost.
#   KILLS  how often (50)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/service.sh
cargo build --locked --quiet
SERVICE_ARGS=
start_service "$PWD/target/debug/conum"
python3 scripts/kill_payments.py "$CONUM" "$FOLDER" "$URL" "${KILLS:-50}" "$SERVICE_PID" || { SERVICE_PID=$(cat "$FOLDER/pid" 2>/dev/null || true); fail "money went astray"; }
SERVICE_PID=$(cat "$FOLDER/pid")
twice=$(query -c "select count(*) from (select instalment_id from payment_lines where status <> 'rejected' group by 1 having count(*) > 1) t")
booked=$(query -c "select count(*) from (select instalment_id from ledger_entries where kind = 'payment' group by 1 having count(*) > 1) t")
astray=$(query -c "select count(*) from instalments i where (i.status = 'paid') <> exists (select from ledger_entries e where e.instalment_id = i.id and e.kind = 'payment')
    or (i.status = 'ordered') <> exists (select from payment_lines l where l.instalment_id = i.id and l.status = 'ordered')")
sums=$(query -c "select count(*) from agreements a where a.paid_cents <> (select coalesce(sum(e.amount_cents), 0) from ledger_entries e where e.agreement_id = a.id and e.kind = 'payment')")
echo "instalments in two lines: $twice, booked twice: $booked, astray: $astray, agreements whose sums differ: $sums"
[ "$twice$booked$astray$sums" = 0000 ] || fail "money went astray"
