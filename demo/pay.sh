#!/usr/bin/env bash
# From a draft to a paid first instalment: one agreement, told with curl as employer and Banque des Territoires.
#
# Run it beside a service started with `make run` (demonstration data and keys):
#
#   demo/pay.sh [http://localhost:8080]
#
# Each run takes another structure of the demonstration whose agreement is still a draft or under instruction.
set -euo pipefail
cd "$(dirname "$0")/.."
BASE=${1:-http://localhost:8080}
. demo/lib.sh

say "An agreement that nobody has signed yet, of a structure with a counsellor in post"
BDT=$(token --role bdt)
ANCT=$(token --role anct)
AGREEMENT=
while read -r agreement structure; do
  [ -n "$agreement" ] || continue
  [ "$(call GET "/posts?structure_id=$structure&status=occupied&limit=1" "$BDT" | get meta.total)" = 0 ] && continue
  AGREEMENT=$agreement STRUCTURE=$structure
  break
done <<<"$(call GET '/agreements?status=draft,under_instruction&departement_code=24&sort=reference&limit=100' "$BDT" | python3 -c 'import json,sys
for a in json.load(sys.stdin)["data"]: print(a["id"], a["structure_id"])')"
[ -n "$AGREEMENT" ] || { echo "none is left: start anew with an empty .data"; exit 1; }
EMPLOYER=$(token --role employer --structure "$STRUCTURE")
call GET "/agreements/$AGREEMENT" "$EMPLOYER" | show reference status structure_name posts_count estimate_cents documents_missing has_bank_details

say "The employer completes the file: papers, and where it is paid"
PAPERS=$(call GET "/agreements/$AGREEMENT" "$EMPLOYER" | python3 -c 'import json,sys
a=json.load(sys.stdin); print(json.dumps({"documents": a["documents"]+a["documents_missing"]}))')
curl -sS --fail-with-body -o /dev/null -X PATCH "$API/agreements/$AGREEMENT" -H "Authorization: Bearer $EMPLOYER" \
  -H "If-Match: $(etag "/agreements/$AGREEMENT" "$EMPLOYER")" -H 'Content-Type: application/merge-patch+json' --data "$PAPERS"
call PUT "/structures/$STRUCTURE/bank-details" "$EMPLOYER" '{"holder":"Compte de démonstration","iban":"FR76 3000 6000 0112 3456 7890 189"}' |
  show holder iban_masked iban
echo "  a wrong account number is told so:"
curl -sS -X PUT "$API/structures/$STRUCTURE/bank-details" -H "Authorization: Bearer $EMPLOYER" -H 'Content-Type: application/json' \
  --data '{"holder":"Compte","iban":"FR7630006000011234567890188"}' | show status errors.0.pointer errors.0.detail

say "The Banque des Territoires instructs it and reads the account number, which is recorded"
if [ "$(call GET "/agreements/$AGREEMENT" "$BDT" | get status)" = draft ]; then
  step "/agreements/$AGREEMENT" instruct "$BDT" | show status
fi
call GET "/structures/$STRUCTURE/bank-details" "$BDT" | show iban
call GET "/accesses?resource=bank-details&resource_id=$STRUCTURE&limit=1" "$ANCT" | show data.0.role data.0.operation

say "Why it is worth what it is worth"
call GET "/agreements/$AGREEMENT/calculation" "$EMPLOYER" | python3 -c 'import json,sys
c=json.load(sys.stdin)
for p in c["posts"][:2]:
  print(" ", p["post_reference"], "in post" if p["occupied"] else "vacant")
  for l in p["lines"]: print("    %12.2f €  %s" % (l["amount_cents"]/100, l["text"]))
print("  total %.2f €" % (c["amount_cents"]/100))'

say "It is signed for the amount that was read: instalments are planned, and those whose conditions hold are due"
KEY=$(python3 -c 'import uuid; print(uuid.uuid4())')
READ="{\"expected_cents\":$(call GET "/agreements/$AGREEMENT" "$BDT" | get estimate_cents)}"
call POST "/agreements/$AGREEMENT/sign" "$BDT" "$READ" "If-Match: $(etag "/agreements/$AGREEMENT" "$BDT")" "Idempotency-Key: $KEY" |
  show status signed_on amount_cents remaining_cents
call GET "/instalments?agreement_id=$AGREEMENT&limit=100&sort=reference" "$EMPLOYER" | python3 -c 'import json,sys
for i in json.load(sys.stdin)["data"]: print(" ", i["reference"], "rank", i["rank"], "%.2f €" % (i["amount_cents"]/100), i["status"], "waits for "+", ".join(i["unmet"]) if i["unmet"] else "")'

say "A dry run tells what would be ordered; the order names it. Sent again with its key, the same batch answers"
KEY=$(python3 -c 'import uuid; print(uuid.uuid4())')
BANK_DAY=$(python3 -c 'import datetime as d
day = d.date.today()
while day.weekday() > 4 or (day.month, day.day) in ((1, 1), (5, 1), (12, 25), (12, 26)): day += d.timedelta(1)
print(day)')
ORDER="{\"execution_on\":\"$BANK_DAY\",\"structure_id\":\"$STRUCTURE\"}"
ORDER=$(call POST '/payment-batches?dry_run=true' "$BDT" "$ORDER" "Idempotency-Key: $KEY" | python3 -c 'import json,sys
seen=json.load(sys.stdin)
print(json.dumps({**json.loads(sys.argv[1]),"expected_cents":seen["amount_cents"],"expected_count":seen["lines_count"]}))' "$ORDER")
BATCH=$(call POST /payment-batches "$BDT" "$ORDER" "Idempotency-Key: $KEY" | get id)
[ "$(call POST /payment-batches "$BDT" "$ORDER" "Idempotency-Key: $KEY" | get id)" = "$BATCH" ] && echo "  the same batch"
call GET "/payment-batches/$BATCH" "$BDT" | show reference status lines_count amount_cents
curl -sS -H "Authorization: Bearer $BDT" "$API/payment-batches/$BATCH/pain.001.xml" | head -c 300; echo " …"
echo "  as CSV for a spreadsheet:"
curl -sS -H "Authorization: Bearer $BDT" "$API/payment-batches/$BATCH/lines?format=csv&profile=excel-fr" | head -n 3 | cut -c 1-150 | sed 's/^/  /'

say "The bank answers: paid"
RESULTS=$(call GET "/payment-batches/$BATCH/lines?limit=100" "$BDT" | python3 -c 'import datetime,json,sys
print(json.dumps({"results":[{"instalment_id":l["instalment_id"],"outcome":"paid","paid_on":str(datetime.date.today()),"bank_reference":"VIR-"+str(l["number"])} for l in json.load(sys.stdin)["data"]]}))')
call POST "/payment-batches/$BATCH/results" "$BDT" "$RESULTS" "Idempotency-Key: $(python3 -c 'import uuid; print(uuid.uuid4())')" | show status paid_count paid_cents
call GET "/instalments?agreement_id=$AGREEMENT&status=paid&limit=1" "$EMPLOYER" | show meta.total data.0.paid_on data.0.bank_reference
call GET "/agreements/$AGREEMENT" "$EMPLOYER" | show amount_cents paid_cents remaining_cents
call GET '/ledger-entries?limit=1&sort=-sequence' "$BDT" | show data.0.kind data.0.amount_cents data.0.operation
call GET /envelopes "$ANCT" | python3 -c 'import json,sys
for e in json.load(sys.stdin)["data"]: print("  %-10s allotted %14.2f € committed %12.2f € paid %12.2f €" % (e["code"], e["allotted_cents"]/100, e["committed_cents"]/100, e["paid_cents"]/100))'
