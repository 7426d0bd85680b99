#!/usr/bin/env bash
# Starts the server on free ports and tells the job's next steps where it is: INTACCT_MOCK_URL, which the packages of all
# languages look at, and INTACCT_*, which an integration can read. It runs until the job ends.
set -euo pipefail

into=$RUNNER_TEMP/intacct-mock
program=$into/intacct-mock
rm -f "$into/ready.json"
# shellcheck disable=SC2086 # options are words
setsid nohup "$program" --port 0 --https-port 0 --port-file "$into/ready.json" --ca-file "$into/ca.pem" --log-level warn \
    ${MOCK_OPTIONS:-} >"$into/log" 2>&1 </dev/null &
server=$!

for _ in $(seq 100); do
    [ ! -e "$into/ready.json" ] || break
    if ! kill -0 "$server" 2>/dev/null; then
        echo "::error::intacct-mock: $program did not start: $(tail -n 1 "$into/log")"
        exit 1
    fi
    sleep 0.1
done

field() { sed -nE "s/.*\"$1\":\"([^\"]*)\".*/\1/p" "$into/ready.json"; }
url=$(field http)
"$program" ready --wait 10s --url "$url"
{
    echo "INTACCT_MOCK_URL=$url"
    echo "INTACCT_BASE_URL=$url"
    echo "INTACCT_CLIENT_ID=$(field client_id)"
    echo "INTACCT_CLIENT_SECRET=$(field client_secret)"
    echo "INTACCT_USERNAME=$(field username)"
    echo "INTACCT_CA_FILE=$into/ca.pem"
} >>"$GITHUB_ENV"
echo "$into" >>"$GITHUB_PATH"
echo "url=$url" >>"$GITHUB_OUTPUT"
echo "intacct-mock runs at $url"
