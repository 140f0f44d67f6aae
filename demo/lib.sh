# Sourced by the stories of this folder: how they call the service that runs at $BASE, sign in and read mail.
#   CONUM_MAIL_FOLDER  where the service writes its e-mails (.data/mail)
#   CONUM_BIN          the program that signs demonstration tokens (cargo run)
API=$BASE/api/v1
MAIL=${CONUM_MAIL_FOLDER:-.data/mail}
CONUM=${CONUM_BIN:-cargo run --locked --quiet --}
command -v python3 >/dev/null || { echo "python3 is needed to read JSON"; exit 1; }

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# get FIELD: the member of the JSON on standard input (a dot between levels).
get() { python3 -c 'import json,sys
v=json.load(sys.stdin)
for k in sys.argv[1].split("."): v=v[int(k)] if isinstance(v,list) else v[k]
print(v)' "$1"; }
# call METHOD PATH TOKEN [BODY [HEADER…]]: the answer's body; stops on an error and shows the problem.
call() {
  local method=$1 path=$2 token=$3 body=${4:-} args=(); shift 3; [ $# -gt 0 ] && shift
  [ -n "$token" ] && args+=(-H "Authorization: Bearer $token")
  [ -n "$body" ] && args+=(-H 'Content-Type: application/json' --data "$body")
  for header in "$@"; do args+=(-H "$header"); done
  curl -sS --fail-with-body -X "$method" "$API$path" "${args[@]}" || { echo >&2; echo "$method $path failed" >&2; exit 1; }
}
# etag PATH TOKEN: the version to name in If-Match.
etag() { curl -sS -o /dev/null -D - -H "Authorization: Bearer $2" "$API$1" | tr -d '\r' | sed -n 's/^etag: //Ip'; }
status_of() { curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $2" "$API$1"; }
token() { CONUM_PUBLIC_URL=$BASE $CONUM token "$@"; }
# mailed NAME ID: the one-use token behind the link of an e-mail, which a worker writes within a second.
mailed() {
  local mail=$MAIL/$1-$2.txt
  for _ in $(seq 100); do [ -s "$mail" ] && break; sleep 0.1; done
  sed -n 's/.*#jeton=//p' "$mail" | head -n 1
}
# A SIRET with right keys that nobody has: its SIREN starts with 98.
siret() { python3 -c 'import sys
def key(d):
    s=sum(sum(divmod(int(c)*(2-i%2),10)) for i,c in enumerate(reversed(d)))
    return d+str(-s%10)
print(key(key("98%06d"%int(sys.argv[1]))+"0001"))' "$1"; }
# step RESOURCE NAME TOKEN [BODY]: a transition on the version that the caller sees.
step() { call POST "$1/$2" "$3" "${4:-}" "If-Match: $(etag "$1" "$3")"; }
# show FIELD…: these members of the JSON on standard input, in one line.
show() { python3 -c 'import json,sys
v=json.load(sys.stdin)
def at(path):
    x=v
    for k in path.split("."): x=x[int(k)] if isinstance(x,list) else x[k]
    return x
print("  "+", ".join(f"{p} = {json.dumps(at(p),ensure_ascii=False)}" for p in sys.argv[1:]))' "$@"; }
