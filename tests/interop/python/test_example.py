"""How a test suite uses conftest.py: an integration under test, and scenarios that it must survive.

Not one assertion says how often it may ask for a token or repeat a call: the scenario's verdict does."""
import pytest
import requests


class Vendors:
    """The integration under test. Yours goes here."""

    def __init__(self, base_url, client_id, client_secret, username):
        self.api = f"{base_url}/ia/api/v1"
        self.who = {"client_id": client_id, "client_secret": client_secret}
        self.token = self.ask(grant_type="client_credentials", username=username)

    def ask(self, **form):
        answer = requests.post(f"{self.api}/oauth2/token", {**self.who, **form}, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def all(self):
        answer = self.get()
        if answer.status_code == 401:
            self.token = self.ask(grant_type="refresh_token", refresh_token=self.token["refresh_token"])
            answer = self.get()
        answer.raise_for_status()
        return answer.json()["ia::result"]

    def get(self):
        return requests.get(f"{self.api}/objects/accounts-payable/vendor", timeout=10,
                            headers={"Authorization": f"Bearer {self.token['access_token']}"})


@pytest.fixture
def vendors(sandbox):
    return Vendors(sandbox["base_url"], sandbox["client_id"], sandbox["client_secret"], sandbox["username"])


def test_the_vendors_are_read(vendors):
    assert len(vendors.all()) > 0


@pytest.mark.scenario("access-token-expired")
def test_an_expired_token_is_renewed(vendors):
    vendors.all()
    assert len(vendors.all()) > 0


@pytest.mark.scenario("access-token-revoked")
def test_a_revoked_token_is_renewed(vendors):
    vendors.all()
    assert len(vendors.all()) > 0
