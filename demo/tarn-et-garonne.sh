#!/usr/bin/env bash
# From a town's application to granted posts: Tarn-et-Garonne, spring 2021, told with curl.
#
# Run it beside a service started with `make run` (demonstration keys, e-mails written to .data/mail):
#
#   demo/tarn-et-garonne.sh [http://localhost:8080]
#
# The structures are those that were retained; their SIRETs, contacts and dates are made up.
set -euo pipefail
cd "$(dirname "$0")/.."
BASE=${1:-http://localhost:8080}
. demo/lib.sh

say "Tokens of the ANCT, of the prefecture of Tarn-et-Garonne and of its neighbour, Haute-Garonne"
ANCT=$(token --role anct)
PREFECTURE=$(token --role prefecture --departement 82)
NEIGHBOUR=$(token --role prefecture --departement 31)
echo "  signed in as: $(call GET /me "$PREFECTURE" | get role) of $(call GET /me "$PREFECTURE" | get perimeter.departement_code)"

if [ "$(call GET '/retained-structures?departement_code=82' '' | get meta.total)" != 0 ]; then
  say "This service has played the case already: see $API/retained-structures?departement_code=82"
  exit 0
fi

say "The public window opens, then the private one (if the demonstration data has not opened them)"
for audience in public private; do
  if [ "$(call GET "/call-windows?audience=$audience&open=true" '' | get meta.total)" = 0 ]; then
    call POST /call-windows "$ANCT" "{\"audience\":\"$audience\",\"opens_on\":\"2020-11-17\"}" >/dev/null
  fi
  echo "$audience: open since $(call GET "/call-windows?audience=$audience&open=true" '' | get data.0.opens_on)"
done

START=$(python3 -c 'import datetime; print(datetime.date.today()+datetime.timedelta(days=60))')
COUNT=0
APPLICATIONS=()
# apply NAME KIND COMMUNE POSTAL_CODE POSTS: register, confirm by the mailed link, apply, get the prefecture's opinion.
apply() {
  COUNT=$((COUNT + 1))
  local id link access draft
  id=$(call POST /structures '' "{\"kind\":\"$2\",\"name\":\"$1\",\"siret\":\"$(siret $COUNT)\",\"commune_code\":\"$3\",\"postal_code\":\"$4\",
    \"contact\":{\"first_name\":\"Camille\",\"last_name\":\"Exemple\",\"job\":\"Responsable\",\"email\":\"contact-82-$COUNT@example.org\",\"phone\":\"05 63 00 00 00\"}}" | get id)
  link=$(mailed structure_confirm_address "$id")
  access=$(call POST /structures/confirm '' "{\"token\":\"$link\"}" | get access_token)
  draft=$(call POST /applications "$access" "{\"kind\":\"initial\",\"posts_requested\":$5,\"wanted_start_on\":\"$START\",\"has_candidate\":false,
    \"motivation\":\"Accompagner les habitants éloignés du numérique.\",\"pledge\":true}" | get id)
  call POST "/applications/$draft/submit" "$access" '' "If-Match: $(etag "/applications/$draft" "$access")" >/dev/null
  call PUT "/applications/$draft/opinion" "$PREFECTURE" '{"opinion":"favourable","comment":"Utile au maillage du département."}' >/dev/null
  APPLICATIONS+=("$draft:$5")
  echo "  $1: $5 asked"
}
# committee NUMBER WAVE DATE: everything that waits goes on the agenda and is retained; the closing grants the posts.
committee() {
  local id item
  id=$(call POST /committees "$ANCT" "{\"number\":$1,\"wave\":$2,\"held_on\":\"$3\"}" | get id)
  for item in "${APPLICATIONS[@]}"; do call PUT "/committees/$id/agenda/${item%:*}" "$ANCT" >/dev/null; done
  call POST "/committees/$id/open" "$ANCT" '' "If-Match: $(etag "/committees/$id" "$ANCT")" >/dev/null
  for item in "${APPLICATIONS[@]}"; do
    call PUT "/committees/$id/decisions/${item%:*}" "$ANCT" "{\"outcome\":\"retained\",\"posts_granted\":${item#*:}}" >/dev/null
  done
  echo "  before closing, a dry run tells what would happen:"
  call POST "/committees/$id/close?dry_run=true" "$ANCT" '' "If-Match: $(etag "/committees/$id" "$ANCT")" |
    python3 -c 'import json,sys,collections; print("   ", dict(collections.Counter(e["name"] for e in json.load(sys.stdin)["effects"])))'
  call POST "/committees/$id/close" "$ANCT" '' "If-Match: $(etag "/committees/$id" "$ANCT")" | get posts_granted_count | sed 's/^/  posts granted: /'
  APPLICATIONS=()
}

say "First wave: ten structures apply and are retained"
apply "Département de Tarn-et-Garonne" departement 82121 82000 2
apply "CC du Quercy Rouergue et des Gorges de l'Aveyron" epci 82155 82140 1
apply "CC Terres des Confluences" epci 82033 82100 1
apply "CCAS de Castelsarrasin" etablissement_public 82033 82100 1
apply "Commune de Parisot" commune 82137 82160 1
apply "Commune de Moissac" commune 82112 82200 1
apply "Géronto 82" prive 82121 82000 1
apply "Montauban Services" prive 82121 82000 1
apply "Ligue de l'enseignement 82" prive 82121 82000 1
apply "UDAF 82" prive 82121 82000 1
committee 101 1 2021-03-24

say "Second wave, committee of 16 June 2021: six more"
apply "Commune de Montauban" commune 82121 82000 2
apply "CC du Quercy Caussadais" epci 82037 82300 1
apply "Commune de Saint-Nicolas-de-la-Grave" commune 82169 82210 1
apply "Accompagnement développement éducation Nord-Sud" prive 82121 82000 1
apply "Mission locale de Tarn-et-Garonne" prive 82121 82000 1
apply "Sous-préfecture de Castelsarrasin" etablissement_public 82033 82100 1
committee 112 2 2021-06-16
# The sous-préfecture is retained by way of experiment: the ANCT marks it.
SOUS_PREFECTURE=$(call GET '/structures?departement_code=82&q=sous+prefecture' "$ANCT" | get data.0.id)
curl -sS --fail-with-body -o /dev/null -X PATCH "$API/structures/$SOUS_PREFECTURE" -H "Authorization: Bearer $ANCT" \
  -H "If-Match: $(etag "/structures/$SOUS_PREFECTURE" "$ANCT")" \
  -H 'Content-Type: application/merge-patch+json' --data '{"experimental":true}'

say "The public list, by wave, without a token"
call GET '/retained-structures?departement_code=82&limit=100' '' | python3 -c 'import json,sys
page=json.load(sys.stdin)
for s in page["data"]: print("  wave", s["wave"], "|", s["name"], "|", s["posts_count"], "| by way of experiment" if s["experimental"] else "")
print(" ", page["meta"]["total"], "structures")'

say "Posts of the département, as its prefecture sees them"
echo "  $(call GET '/posts?departement_code=82' "$PREFECTURE" | get meta.total) posts"

say "The prefecture of Haute-Garonne sees nothing of it"
echo "  posts: $(call GET '/posts?departement_code=82' "$NEIGHBOUR" | get meta.total), structures: $(call GET '/structures?departement_code=82' "$NEIGHBOUR" | get meta.total), one structure by its id: $(status_of "/structures/$SOUS_PREFECTURE" "$NEIGHBOUR")"

say "Reservations: the Sicoval's four posts (demonstration data), partly consumed"
call GET '/reservations?departement_code=31' "$NEIGHBOUR" | python3 -c 'import json,sys
for r in json.load(sys.stdin)["data"]: print("  "+r["name"]+":", r["posts_reserved"], "reserved,", r["posts_consumed"], "granted from it, until", r["until_on"])'
