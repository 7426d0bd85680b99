#!/bin/sh
# Keeps verdict, JUnit, journal and HAR of every sandbox of the server at INTACCT_MOCK_URL in a folder.
#
#   collect.sh FOLDER
set -eu
folder=$1

# --- from here on the same as in gitlab/intacct-mock.yml ---
fetch() { # TYPE PATH: with curl or wget, whichever is there
    set -- "$1" "$INTACCT_MOCK_URL/__mock/$2" "Authorization: Bearer ${INTACCT_MOCK_CONTROL_TOKEN:-}"
    if command -v curl >/dev/null; then curl -fsS -H "Accept: $1" -H "$3" "$2"; else wget -qO- --header "Accept: $1" --header "$3" "$2"; fi
}
mkdir -p "$folder"
for name in $(fetch application/json sandboxes | grep -oE '\{"name":"[^"]+"' | cut -d'"' -f4); do
    fetch text/plain "sandboxes/$name/verdict" >"$folder/$name.verdict.txt"
    fetch application/xml "sandboxes/$name/verdict" >"$folder/$name.junit.xml"
    fetch application/json "sandboxes/$name/requests" >"$folder/$name.journal.json"
    fetch application/json "sandboxes/$name/requests.har" >"$folder/$name.har"
    head -n 1 "$folder/$name.verdict.txt"
done
