from urllib.parse import urlencode

import pytest
import requests
from interop import REDIRECT_URI
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidGrantError, MissingTokenError
from requests_oauthlib import OAuth2Session

CLIENT = "requests-oauthlib"
DEMO = {"client_id": "demo", "client_secret": "demo-secret"}
# fetch_token(username=…) would mean HTTP Basic; Intacct's extra field goes into `body`.
USERNAME = urlencode({"username": "ws_user@acme"})


@pytest.fixture(autouse=True)
def set_up(monkeypatch, place):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # http: is allowed
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", place.ca)      # beats session.verify, where both are set


@pytest.fixture
def session(place):
    session = OAuth2Session(client=BackendApplicationClient("demo"))
    session.fetch_token(place.token_url, client_secret="demo-secret", include_client_id=True, body=USERNAME)
    return session


def test_first_token_and_a_call(session, place):
    assert session.token["expires_in"] == 43200
    assert session.get(place.vendors_url).status_code == 200


def test_an_expired_token_is_refreshed_and_the_call_repeated(session, place):
    place.advance("13h")
    assert session.get(place.vendors_url).status_code == 401
    session.refresh_token(place.token_url, **DEMO)
    assert session.get(place.vendors_url).status_code == 200
    assert place.causes() == ["access-token-expired"]


def test_a_token_too_old_by_its_own_clock_is_refreshed_before_the_call(session, place):
    session.auto_refresh_url = place.token_url
    session.auto_refresh_kwargs = DEMO
    saved = []
    session.token_updater = saved.append
    session.token = {**session.token, "expires_at": 1}
    assert session.get(place.vendors_url).status_code == 200
    assert saved[0]["refresh_token"] and place.causes() == []


def test_a_revoked_refresh_token_is_an_invalid_grant(session, place):
    place.revoke("refresh")
    with pytest.raises(InvalidGrantError):
        session.refresh_token(place.token_url, **DEMO)
    assert place.causes() == ["refresh-token-revoked"]


def test_a_wrong_secret_is_an_invalid_client(place):
    session = OAuth2Session(client=BackendApplicationClient("demo"))
    with pytest.raises(InvalidClientError):
        session.fetch_token(place.token_url, client_secret="wrong", include_client_id=True, body=USERNAME)
    assert place.causes() == ["client-secret-wrong"]


def test_without_the_extra_field_username_it_misses_a_token_and_the_hint_names_the_field(place):
    session = OAuth2Session(client=BackendApplicationClient("demo"))
    with pytest.raises(MissingTokenError):
        session.fetch_token(place.token_url, client_secret="demo-secret", include_client_id=True)
    assert place.causes() == ["username-missing"]
    assert "username=USER@COMPANY" in place.fix("username-missing")


def test_an_authorization_code_with_pkce(place):
    session = OAuth2Session("demo-public", redirect_uri=REDIRECT_URI, scope="offline_access", pkce="S256")
    url, _ = session.authorization_url(place.authorize_url, mock_user="jdoe@acme")
    callback = requests.get(url, allow_redirects=False).headers["Location"]
    session.fetch_token(place.token_url, authorization_response=callback, include_client_id=True)
    assert session.get(place.vendors_url).status_code == 200

    place.advance("13h")
    session.refresh_token(place.token_url, client_id="demo-public")
    assert session.get(place.vendors_url).status_code == 200
