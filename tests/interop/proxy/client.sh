#!/bin/sh
# An integration that has Sage's host built in: client.sh [OTHER].
api=https://api.intacct.com/ia/api/v1
form='grant_type=client_credentials&client_id=demo&client_secret=demo-secret&username=ws_user@acme'
answer=$(curl -sS -w '\n%{http_code}' -d "$form" $api/oauth2/token) || exit 1
echo "token ${answer##*
}"
token=$(echo "$answer" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
if [ "$token" ]; then
    echo "call $(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" $api/objects/accounts-payable/vendor)"
fi
for other; do
    echo "other $(curl -sS -o /dev/null "$other" 2>&1)"
done
