//! The crate oauth2, set up as its documentation shows, against the mock over HTTP and over HTTPS. Prints TAP.
mod mock;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use mock::Mock;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, RedirectUrl, RequestTokenError,
    Scope, SyncHttpClient, TokenResponse, TokenUrl,
};
use serde_json::Value;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;
type Answer = Result<BasicTokenResponse, RequestTokenError<ureq::Error, BasicErrorResponse>>;

const TOKEN: &str = "/ia/api/v1/oauth2/token";
const ARTICLE_TOKEN: &str = "/identity/v2/oauth2/token";
const AUTHORIZE: &str = "/ia/api/v1/oauth2/authorize";
const VENDORS: &str = "/ia/api/v1/objects/accounts-payable/vendor";
const ARTICLE_VENDORS: &str = "/api/v1/Vendor";
const REDIRECT: &str = "http://127.0.0.1/callback";

/// The name of a test, the scenario of its sandbox, what it does.
type Test = (&'static str, &'static str, fn(&Sandbox));

const TESTS: &[Test] = &[
    ("first token, a call", "happy-path", first_token),
    ("expiry, refresh, the call repeated", "access-token-expired", expiry),
    ("a revoked refresh token is invalid_grant", "refresh-token-revoked", revoked_refresh_token),
    ("a wrong secret is invalid_client", "client-secret-wrong", wrong_secret),
    ("no username is refused, and the journal says what to do", "happy-path", no_username),
    ("authorization code with PKCE, without a secret", "happy-path", code_with_pkce),
    ("a code with the wrong verifier is invalid_grant", "happy-path", wrong_verifier),
    ("discovery leads to a token", "happy-path", discovery),
    ("the published keys check a signature", "happy-path", signature),
    ("Basic on a refresh is refused, and the journal says what to do", "happy-path", basic_refresh),
];

fn first_token(sandbox: &Sandbox) {
    let token = sandbox.first_token(&sandbox.client());
    assert_eq!(token.expires_in().unwrap().as_secs(), 12 * 3600);
    assert_eq!(sandbox.status(VENDORS, &token), 200);
}

fn expiry(sandbox: &Sandbox) {
    let client = sandbox.client();
    let token = sandbox.first_token(&client);
    assert_eq!(sandbox.status(VENDORS, &token), 200);
    // the scenario lets thirteen hours pass before the second call
    assert_eq!(sandbox.status(VENDORS, &token), 401);
    let token = sandbox.refreshed(&client, &token).unwrap();
    assert_eq!(sandbox.status(VENDORS, &token), 200);
}

fn revoked_refresh_token(sandbox: &Sandbox) {
    let client = sandbox.client();
    let token = sandbox.first_token(&client);
    assert_eq!(sandbox.status(VENDORS, &token), 200);
    // the scenario revokes the whole connection before the second call
    assert_eq!(sandbox.status(VENDORS, &token), 401);
    let refusal = refusal(sandbox.refreshed(&client, &token));
    assert_eq!(refusal, BasicErrorResponseType::InvalidGrant);
}

fn wrong_secret(sandbox: &Sandbox) {
    let client = sandbox.client().set_client_secret(ClientSecret::new("mistyped".into()));
    let refusal = refusal(sandbox.client_credentials(&client));
    assert_eq!(refusal, BasicErrorResponseType::InvalidClient);
}

/// No OAuth library sends a username by itself. The refusal is not in OAuth's words: the crate shows its bytes.
fn no_username(sandbox: &Sandbox) {
    match sandbox.client().exchange_client_credentials().request(sandbox) {
        Err(RequestTokenError::Parse(_, said)) => {
            assert!(String::from_utf8(said).unwrap().contains("GW-0012"))
        }
        other => panic!("this is no refusal of the gateway: {other:?}"),
    }
    let fix = sandbox.fix("username-missing");
    assert!(fix.contains("Add username=USER@COMPANY"), "{fix}");
    first_token(sandbox);
}

fn code_with_pkce(sandbox: &Sandbox) {
    let client = sandbox.public_client();
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let code = sandbox.sign_in(&client, challenge);
    let token = client.exchange_code(code).set_pkce_verifier(verifier).request(sandbox).unwrap();
    assert_eq!(sandbox.status(VENDORS, &token), 200);
    let token = sandbox.refreshed(&client, &token).unwrap();
    assert_eq!(sandbox.status(VENDORS, &token), 200);
}

fn wrong_verifier(sandbox: &Sandbox) {
    let client = sandbox.public_client();
    let (challenge, _) = PkceCodeChallenge::new_random_sha256();
    let (_, other) = PkceCodeChallenge::new_random_sha256();
    let code = sandbox.sign_in(&client, challenge);
    let refusal = refusal(client.exchange_code(code).set_pkce_verifier(other).request(sandbox));
    assert_eq!(refusal, BasicErrorResponseType::InvalidGrant);
    code_with_pkce(sandbox);
}

fn discovery(sandbox: &Sandbox) {
    let found = sandbox.json("/.well-known/openid-configuration");
    let endpoint = |name: &str| found[name].as_str().unwrap().to_string();
    assert_eq!(endpoint("issuer"), sandbox.base);
    let client = sandbox
        .client()
        .set_auth_uri(AuthUrl::new(endpoint("authorization_endpoint")).unwrap())
        .set_token_uri(TokenUrl::new(endpoint("token_endpoint")).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let code = sandbox.sign_in(&client, challenge);
    let token = client.exchange_code(code).set_pkce_verifier(verifier).request(sandbox).unwrap();
    assert_eq!(sandbox.status(VENDORS, &token), 200);
}

fn signature(sandbox: &Sandbox) {
    let token_url = TokenUrl::new(sandbox.url(ARTICLE_TOKEN)).unwrap();
    let token = sandbox.first_token(&sandbox.client().set_token_uri(token_url));
    let jwt = token.access_token().secret();
    let keys: JwkSet = serde_json::from_value(sandbox.json("/.well-known/jwks.json")).unwrap();
    let kid = jsonwebtoken::decode_header(jwt).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS512);
    rules.set_audience(&["api"]);
    jsonwebtoken::decode::<Value>(jwt, &key, &rules).unwrap();

    let (head, signature) = jwt.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    assert!(jsonwebtoken::decode::<Value>(&forged, &key, &rules).is_err());
    assert_eq!(sandbox.status(ARTICLE_VENDORS, &token), 200);
}

/// Basic is this crate's default; Intacct wants client id and secret of a refresh in the body.
fn basic_refresh(sandbox: &Sandbox) {
    let client = sandbox.client().set_auth_type(AuthType::BasicAuth);
    let token = sandbox.first_token(&client);
    let refusal = refusal(sandbox.refreshed(&client, &token));
    assert_eq!(refusal, BasicErrorResponseType::InvalidClient);
    let fix = sandbox.fix("client-auth-in-header-on-refresh");
    assert!(fix.contains("Put client_id and client_secret into the body"), "{fix}");

    let client = client.set_auth_type(AuthType::RequestBody);
    let token = sandbox.refreshed(&client, &token).unwrap();
    assert_eq!(sandbox.status(VENDORS, &token), 200);
}

/// The refusal as the crate hands it to the program that uses it.
fn refusal(answer: Answer) -> BasicErrorResponseType {
    match answer {
        Err(RequestTokenError::ServerResponse(said)) => said.error().clone(),
        other => panic!("this is no refusal: {other:?}"),
    }
}

/// One test's own part of the mock, and the agent that talks to it.
struct Sandbox {
    base: String,
    control: String,
    http: Agent,
}

/// What carries the requests of the crate oauth2.
impl SyncHttpClient for Sandbox {
    type Error = ureq::Error;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (head, mut body) = self.http.run(request)?.into_parts();
        Ok(HttpResponse::from_parts(head, body.read_to_vec()?))
    }
}

impl Sandbox {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn client(&self) -> Client {
        self.client_named("demo").set_client_secret(ClientSecret::new("demo-secret".into()))
    }

    fn public_client(&self) -> Client {
        self.client_named("demo-public")
    }

    fn client_named(&self, id: &str) -> Client {
        BasicClient::new(ClientId::new(id.into()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(self.url(AUTHORIZE)).unwrap())
            .set_token_uri(TokenUrl::new(self.url(TOKEN)).unwrap())
            .set_redirect_uri(RedirectUrl::new(REDIRECT.into()).unwrap())
    }

    fn client_credentials(&self, client: &Client) -> Answer {
        let request = client.exchange_client_credentials();
        request.add_extra_param("username", "ws_user@acme").request(self)
    }

    fn first_token(&self, client: &Client) -> BasicTokenResponse {
        self.client_credentials(client).unwrap()
    }

    fn refreshed(&self, client: &Client, token: &BasicTokenResponse) -> Answer {
        client.exchange_refresh_token(token.refresh_token().unwrap()).request(self)
    }

    /// What a browser does, for a person who is signed in and accepts: the code of the redirect.
    fn sign_in(&self, client: &Client, challenge: PkceCodeChallenge) -> AuthorizationCode {
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new("offline_access".into()))
            .add_extra_param("mock_user", "jdoe@acme")
            .set_pkce_challenge(challenge)
            .url();
        let answer = self.http.get(url.as_str()).call().unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        let parameters = location.strip_prefix(REDIRECT).unwrap().trim_start_matches('?');
        let parameter = |name: &str| {
            let mut pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).unwrap().1.to_string()
        };
        assert_eq!(parameter("state"), *state.secret());
        AuthorizationCode::new(parameter("code"))
    }

    fn status(&self, path: &str, token: &BasicTokenResponse) -> u16 {
        let bearer = format!("Bearer {}", token.access_token().secret());
        let request = self.http.get(self.url(path)).header("Authorization", bearer);
        request.call().unwrap().status().as_u16()
    }

    fn json(&self, path: &str) -> Value {
        self.json_of(&self.url(path))
    }

    fn json_of(&self, url: &str) -> Value {
        let answer = self.http.get(url).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// What the journal advises whoever was refused for this cause.
    fn fix(&self, cause: &str) -> String {
        let journal = self.json_of(&format!("{}/requests?cause={cause}", self.control));
        journal["requests"][0]["fix"].as_str().unwrap().to_string()
    }
}

/// An agent that trusts the mock's CA, and hands over refusals and redirects as they are.
fn agent(mock: &Mock) -> Agent {
    let mut ca = ureq::get(format!("{}/__mock/ca.pem", mock.http)).call().unwrap();
    let ca = Certificate::from_pem(&ca.body_mut().read_to_vec().unwrap()).unwrap();
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[ca])).build();
    let config = Agent::config_builder().tls_config(tls);
    config.http_status_as_error(false).max_redirects(0).build().new_agent()
}

fn main() -> ExitCode {
    let mock = Mock::start();
    let http = agent(&mock);
    let (mut number, mut failed) = (0, 0);
    println!("1..{}", 2 * TESTS.len());
    for (transport, address) in [("http", &mock.http), ("https", &mock.https)] {
        for (name, scenario, test) in TESTS {
            number += 1;
            let sandbox_name = format!("{scenario}.rust-{number}");
            let sandbox = Sandbox {
                base: format!("{address}/s/{sandbox_name}"),
                control: format!("{}/__mock/sandboxes/{sandbox_name}", mock.http),
                http: http.clone(),
            };
            let passed = catch_unwind(AssertUnwindSafe(|| {
                test(&sandbox);
                mock.assert_verdict_met(&sandbox_name);
            }));
            let not = if passed.is_ok() { "" } else { "not " };
            failed += i32::from(passed.is_err());
            println!("{not}ok {number} - rust oauth2 over {transport}: {name}");
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
