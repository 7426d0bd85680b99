"""An API that is given an access token of the article's dialect and checks it by itself. (The REST dialect's
tokens are HS256, signed with a key that only the server has: nobody else can check them.)"""
import ssl

import jwt
import pytest
import requests

CLIENT = "PyJWT"
FORM = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret",
        "username": "ws_user@acme"}


@pytest.fixture
def keys(place):
    # By default an unknown key is not looked up within 30 s after the last time; a test does not wait.
    return jwt.PyJWKClient(f"{place.base_url}/.well-known/jwks.json", cooldown_duration=0,
                           ssl_context=ssl.create_default_context(cafile=place.ca))


def access_token(place):
    url = f"{place.base_url}/identity/v2/oauth2/token"
    return requests.post(url, FORM, verify=place.ca, timeout=10).json()["access_token"]


def claims(token, keys):
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS512"], audience="api", issuer="openam.api")


def test_the_signature_is_checked_with_the_published_key(place, keys):
    token = access_token(place)
    assert jwt.get_unverified_header(token)["alg"] == "RS512"
    assert claims(token, keys)["contract"] == "full_account"


def test_a_token_whose_claims_were_changed_is_not_taken(place, keys):
    header, payload, signature = access_token(place).split(".")
    other = access_token(place).split(".")[1]
    with pytest.raises(jwt.InvalidSignatureError):
        claims(f"{header}.{other}.{signature}", keys)
    assert payload != other


def test_a_token_is_too_old_after_five_minutes(place, keys):
    place.advance("-6m")
    with pytest.raises(jwt.ExpiredSignatureError):
        claims(access_token(place), keys)


def test_a_new_key_is_fetched_when_it_is_first_seen(place, keys):
    claims(access_token(place), keys)
    place.control("keys/rotate", {})
    assert claims(access_token(place), keys)["iss"] == "openam.api"
