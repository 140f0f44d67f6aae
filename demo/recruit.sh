#!/usr/bin/env bash
# From a form to a counsellor in post: one recruitment, told with curl as each of its actors.
#
# Run it beside a service started with `make run` (demonstration data and keys, e-mails written to .data/mail):
#
#   demo/recruit.sh [http://localhost:8080]
#
# Each run brings a new candidate to a structure of the demonstration that still has a vacant post.
set -euo pipefail
cd "$(dirname "$0")/.."
BASE=${1:-http://localhost:8080}
. demo/lib.sh

say "A structure of the Dordogne with a vacant post"
ANCT=$(token --role anct)
POST=
while read -r post structure commune; do
  OPEN=$(call GET "/matches?structure_id=$structure&status=proposed,mutual,met" "$ANCT" | get meta.total)
  UNANSWERED=$(call GET "/matches?structure_id=$structure&status=proposed&limit=1" "$ANCT" |
    python3 -c 'import json,sys; print("".join(m["id"] for m in json.load(sys.stdin)["data"]))')
  [ "$OPEN" -ge 3 ] && [ -z "$UNANSWERED" ] && continue
  POST=$post STRUCTURE=$structure COMMUNE=$commune
  break
done <<<"$(call GET '/posts?departement_code=24&available=true&limit=500' "$ANCT" | python3 -c 'import json,sys
for post in json.load(sys.stdin)["data"]: print(post["id"], post["structure_id"], post["commune_code"])')"
[ -n "$POST" ] || { echo "no structure is left that could: start anew with an empty .data"; exit 1; }
call GET "/posts/$POST" "$ANCT" | show reference structure_name status available
EMPLOYER=$(token --role employer --structure "$STRUCTURE")
POSTAL_CODE=$(call GET "/communes/$COMMUNE" '' | get postal_codes.0)
if [ "$OPEN" -ge 3 ]; then
  echo "  it has all the open matches it may have, and declines one that it has not answered yet"
  call POST "/matches/$UNANSWERED/decline" "$EMPLOYER" '{"reason":"deja_pourvu"}' "If-Match: $(etag "/matches/$UNANSWERED" "$EMPLOYER")" |
    show status declined_by
fi

say "Somebody who lives there fills in the public form: the answer tells nothing of who is known"
TODAY=$(python3 -c 'import datetime; print(datetime.date.today())')
NAME=$(python3 -c 'import secrets; print(secrets.token_hex(4))')
EMAIL=candidat-$NAME@example.org
FORM="{\"first_name\":\"Camille\",\"last_name\":\"Exemple $NAME\",\"email\":\"$EMAIL\",\"phone\":\"06 12 34 56 78\",\"commune_code\":\"$COMMUNE\",
  \"postal_code\":\"$POSTAL_CODE\",\"max_distance_km\":20,\"available_from\":\"$TODAY\",\"job_seeker\":true,\"motivation\":\"Aider chacun à faire ses démarches.\"}"
call POST /candidates '' "$FORM" | show status valid_days
CANDIDATE=
for _ in $(seq 50); do
  CANDIDATE=$(call GET "/candidates?q=$NAME" "$ANCT" | python3 -c 'import json,sys; print("".join(c["id"] for c in json.load(sys.stdin)["data"]))')
  [ -n "$CANDIDATE" ] && break
  sleep 0.1
done

say "The mailed link confirms the address and signs the candidate in"
LINK=$(mailed candidate_confirm_address "$CANDIDATE")
PERSON=$(call POST /candidates/confirm '' "{\"token\":\"$LINK\"}" | get access_token)
call GET "/candidates/$CANDIDATE" "$PERSON" | show reference status email max_distance_km

say "What the others see of them now"
echo "  the employer: $(status_of "/candidates/$CANDIDATE" "$EMPLOYER")"
echo "  the Banque des Territoires: $(status_of "/candidates/$CANDIDATE" "$(token --role bdt)")"
call GET "/candidates?q=$NAME" "$(token --role prefecture --departement 24)" | show data.0.last_name data.0.email

say "Why would the matching bring both together?"
call GET "/matches/explain?candidate_id=$CANDIDATE&structure_id=$STRUCTURE" "$ANCT" | python3 -c 'import json,sys
e=json.load(sys.stdin)
print("  eligible:", e["eligible"], "|", e["distance_km"], "km of", e["max_distance_km"], "| available", e["available_from"], "for", e["needed_by_on"])
for c in e["conditions"]: print("   ", "yes" if c["holds"] else "NO ", c["condition"])'

say "The candidate gives the structure their identifier; it adds them by hand, its own yes included"
MATCH=$(call POST /matches "$EMPLOYER" "{\"candidate_id\":\"$CANDIDATE\"}" | get id)
call GET "/matches/$MATCH" "$EMPLOYER" | show status candidate.first_name candidate.motivation candidate.email
call GET "/matches/$MATCH" "$PERSON" | show status structure.name structure.contact_email

say "The candidate accepts: contact data opens to both"
step "/matches/$MATCH" accept "$PERSON" | show status structure.contact_email
call GET "/matches/$MATCH" "$EMPLOYER" | show status candidate.email candidate.phone

say "They meet, and the structure chooses"
step "/matches/$MATCH" meeting "$EMPLOYER" '{}' | show status met_on
step "/matches/$MATCH" select "$EMPLOYER" | show status

say "The employer submits the contract; below the minimum wage it is told so"
END=$(python3 -c 'import datetime; print(datetime.date.today()+datetime.timedelta(days=730))')
contract() { echo "{\"post_id\":\"$POST\",\"candidate_id\":\"$CANDIDATE\",\"contract_type\":\"cdd\",\"starts_on\":\"$TODAY\",\"ends_on\":\"$END\",
  \"gross_monthly_salary_cents\":$1,\"documents\":[\"contrat_signe\",\"fiche_de_poste\",\"piece_identite\"]}"; }
curl -sS -X POST "$API/recruitments" -H "Authorization: Bearer $EMPLOYER" -H 'Content-Type: application/json' --data "$(contract 150000)" |
  show status errors.0.pointer errors.0.detail
RECRUITMENT=$(call POST /recruitments "$EMPLOYER" "$(contract 205000)" | get id)
call GET "/recruitments/$RECRUITMENT" "$EMPLOYER" | show reference status candidate_last_name gross_monthly_salary_cents documents_missing
call GET "/posts/$POST" "$ANCT" | show status available

say "The Banque des Territoires validates the terms that it read; a dry run first tells what that does"
BDT=$(token --role bdt)
READ=$(call GET "/recruitments/$RECRUITMENT" "$BDT" | python3 -c 'import json,sys
seen=json.load(sys.stdin)
print(json.dumps({"expected_"+name: seen[name] for name in ("starts_on","ends_on","gross_monthly_salary_cents")}))')
call POST "/recruitments/$RECRUITMENT/validate?dry_run=true" "$BDT" "$READ" "If-Match: $(etag "/recruitments/$RECRUITMENT" "$BDT")" |
  python3 -c 'import json,sys; print("  "+", ".join(e["name"] for e in json.load(sys.stdin)["effects"]))'
step "/recruitments/$RECRUITMENT" validate "$BDT" "$READ" | show status counsellor_id
call GET "/posts/$POST" "$ANCT" | show status available
call GET "/candidates/$CANDIDATE" "$PERSON" | show status

say "The counsellor, as each sees them"
COUNSELLOR=$(call GET "/recruitments/$RECRUITMENT" "$BDT" | get counsellor_id)
call GET "/counsellors/$COUNSELLOR" "$(token --role counsellor --subject "$COUNSELLOR")" | show reference status since_on contract_ends_on
call GET "/counsellors/$COUNSELLOR" "$(token --role prefecture --departement 24)" | show first_name last_name structure_name
echo "  another prefecture: $(status_of "/counsellors/$COUNSELLOR" "$(token --role prefecture --departement 31)")"
call GET "/recruitments?post_id=$POST&status=validated" "$(token --role observer)" | show data.0.reference data.0.candidate_last_name data.0.gross_monthly_salary_cents
call GET "/posts/$POST/history" "$ANCT" | python3 -c 'import json,sys
for h in json.load(sys.stdin)["data"]: print("  post:", h["change"], "by", h["role"])'
