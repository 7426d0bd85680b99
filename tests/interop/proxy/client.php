<?php
// An integration that has Sage's host built in: client.php [OTHER].
const API = 'https://api.intacct.com/ia/api/v1/';
const FORM = ['grant_type' => 'client_credentials', 'client_id' => 'demo', 'client_secret' => 'demo-secret',
    'username' => 'ws_user@acme'];

function ask(string $url, ?array $form = null, ?string $bearer = null): array
{
    $curl = curl_init($url);
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    if ($form) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query($form));
    }
    if ($bearer) {
        curl_setopt($curl, CURLOPT_HTTPHEADER, ["Authorization: Bearer $bearer"]);
    }
    $body = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE) ?: curl_error($curl), $body, curl_error($curl)];
}

[$status, $body, $error] = ask(API . 'oauth2/token', FORM);
echo rtrim("token $status $error"), "\n";
if ($status === 200) {
    echo 'call ', ask(API . 'objects/accounts-payable/vendor', null, json_decode($body)->access_token)[0], "\n";
}
foreach (array_slice($argv, 1) as $other) {
    [$status, , $error] = ask($other);
    echo rtrim("other $status $error"), "\n";
}
