import ssl
from contextlib import contextmanager

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from interop import REDIRECT_URI

CLIENT = "Authlib with httpx"
# Authlib's default is HTTP Basic, which Intacct is reported to refuse on a refresh.
IN_BODY = {"token_endpoint_auth_method": "client_secret_post"}


@contextmanager
def oauth(place, client_id="demo", client_secret="demo-secret", **options):
    trust = ssl.create_default_context(cafile=place.ca)
    options = {"token_endpoint": place.token_url, **options}
    with OAuth2Client(client_id, client_secret, verify=trust, **options) as client:
        yield client


@pytest.fixture
def client(place):
    with oauth(place, **IN_BODY) as client:
        log_in(client)
        yield client


def log_in(client):
    return client.fetch_token(grant_type="client_credentials", username="ws_user@acme")


def test_first_token_and_a_call(client, place):
    assert client.token["expires_in"] == 43200
    assert client.get(place.vendors_url).status_code == 200


def test_an_expired_token_is_refreshed_and_the_call_repeated(client, place):
    place.advance("13h")
    assert client.get(place.vendors_url).status_code == 401
    client.refresh_token()
    assert client.get(place.vendors_url).status_code == 200
    assert place.causes() == ["access-token-expired"]


def test_a_token_too_old_by_its_own_clock_is_refreshed_before_the_call(client, place):
    saved = []
    client.update_token = lambda token, **_: saved.append(token)
    client.token = {**client.token, "expires_at": 1}
    assert client.get(place.vendors_url).status_code == 200
    assert saved[0]["refresh_token"] and place.causes() == []


def test_a_revoked_refresh_token_is_an_invalid_grant(client, place):
    place.revoke("refresh")
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.refresh_token()
    assert place.causes() == ["refresh-token-revoked"]


def test_a_wrong_secret_is_an_invalid_client(place):
    with oauth(place, client_secret="wrong", **IN_BODY) as client:
        with pytest.raises(OAuthError, match="invalid_client"):
            log_in(client)
    assert place.causes() == ["client-secret-wrong"]


def test_its_default_of_http_basic_fails_on_refresh_and_the_hint_names_the_setting(place):
    with oauth(place) as client:
        log_in(client)
        with pytest.raises(OAuthError, match="invalid_client"):
            client.refresh_token()
    assert place.causes() == ["client-auth-in-header-on-refresh"]
    assert "client_secret_post" in place.fix("client-auth-in-header-on-refresh")


def test_without_the_extra_field_username_it_takes_the_refusal_for_a_token_and_the_hint_names_the_field(place):
    with oauth(place, **IN_BODY) as client:
        assert "access_token" not in client.fetch_token(grant_type="client_credentials")
    assert place.causes() == ["username-missing"]
    assert "username=USER@COMPANY" in place.fix("username-missing")


def test_discovery_and_an_authorization_code_with_pkce(place):
    trust = ssl.create_default_context(cafile=place.ca)
    metadata = httpx.get(f"{place.base_url}/.well-known/openid-configuration", verify=trust).json()
    with oauth(place, "demo-public", None, scope="offline_access", redirect_uri=REDIRECT_URI,
               code_challenge_method="S256", **metadata) as client:
        verifier = generate_token(48)
        url, state = client.create_authorization_url(metadata["authorization_endpoint"],
                                                     code_verifier=verifier, mock_user="jdoe@acme")
        callback = httpx.get(url, verify=trust).headers["Location"]
        client.fetch_token(authorization_response=callback, code_verifier=verifier, state=state)
        assert client.get(place.vendors_url).status_code == 200

        place.advance("13h")
        client.refresh_token()
        assert client.get(place.vendors_url).status_code == 200


def test_the_dialect_of_the_article(place):
    with oauth(place, token_endpoint=f"{place.base_url}/identity/v2/oauth2/token", **IN_BODY) as client:
        log_in(client)
        assert client.get(f"{place.base_url}/api/v1/Vendor").status_code == 200

        place.advance("6m")
        assert client.get(f"{place.base_url}/api/v1/Vendor").status_code == 401
        client.refresh_token()
        assert client.get(f"{place.base_url}/api/v1/Vendor").status_code == 200

        place.revoke("refresh")
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token()
    assert place.causes() == ["access-token-expired", "refresh-token-revoked"]
