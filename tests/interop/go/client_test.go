package interop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	intacct "github.com/intacct-mock/intacct-mock/packages/go"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const vendors = "/ia/api/v1/objects/accounts-payable/vendor"

// connection is what an integration writes around x/oauth2. The library knows that a token is dead by its expiry alone;
// the server may know better, so a refused call gets a new token and is repeated once.
type connection struct {
	base   string
	token  *oauth2.Token
	source func(stale *oauth2.Token) oauth2.TokenSource
}

func (c *connection) get(ctx context.Context, path string) error {
	status, err := c.try(ctx, path)
	if err != nil || status != http.StatusUnauthorized {
		return failed(status, err)
	}
	stale := &oauth2.Token{RefreshToken: c.token.RefreshToken} // without an access token it is not valid, so it gets renewed
	if c.token, err = c.source(stale).Token(); err != nil {
		return err
	}
	return failed(c.try(ctx, path))
}

func (c *connection) try(ctx context.Context, path string) (int, error) {
	answer, err := oauth2.NewClient(ctx, oauth2.StaticTokenSource(c.token)).Get(c.base + path)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	return answer.StatusCode, nil
}

func failed(status int, err error) error {
	if err == nil && status != http.StatusOK {
		return fmt.Errorf("status %d", status)
	}
	return err
}

func clientCredentials(base string, style oauth2.AuthStyle) *clientcredentials.Config {
	return &clientcredentials.Config{
		ClientID: "demo", ClientSecret: "demo-secret", AuthStyle: style,
		TokenURL:       base + "/ia/api/v1/oauth2/token",
		EndpointParams: url.Values{"username": {"ws_user@acme"}}, // Sage's own: who the token is for
	}
}

func authorizationCode(base string, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID: "demo", ClientSecret: "demo-secret",
		Endpoint: oauth2.Endpoint{
			AuthURL: base + "/ia/api/v1/oauth2/authorize", TokenURL: base + "/ia/api/v1/oauth2/token", AuthStyle: style,
		},
		RedirectURL: "http://127.0.0.1/callback",
		Scopes:      []string{"offline_access"},
	}
}

// signIn is what the browser does: it goes to the authorize URL and comes back with a code.
func signIn(ctx context.Context, config *oauth2.Config, verifier string) (code string, err error) {
	toSignIn := config.AuthCodeURL("state-1", oauth2.S256ChallengeOption(verifier),
		oauth2.SetAuthURLParam("mock_user", "jdoe@acme")) // no person there: the mock answers as if jdoe had agreed
	browser := *ctx.Value(oauth2.HTTPClient).(*http.Client)
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := browser.Get(toSignIn)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	back, err := answer.Location()
	if err != nil || back.Query().Get("state") != "state-1" {
		return "", fmt.Errorf("came back to %v: %v", back, err)
	}
	return back.Query().Get("code"), nil
}

// connect is the whole authorization code flow with PKCE.
func connect(t *testing.T, ctx context.Context, base string, config *oauth2.Config) *connection {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	code, err := signIn(ctx, config, verifier)
	must(t, err)
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	must(t, err)
	return &connection{base, token, func(stale *oauth2.Token) oauth2.TokenSource { return config.TokenSource(ctx, stale) }}
}

// box is a sandbox without a verdict, for the tests in which a refusal is what is wanted.
type box struct {
	*testing.T
	name, base string
	ctx        context.Context // carries the HTTP client, as x/oauth2 wants it
}

func newBox(t *testing.T, scheme string) *box {
	mock := intacct.Shared(t)
	server := mock.HTTP
	if scheme == "https" {
		server = mock.HTTPS
	}
	name := fmt.Sprintf("happy-path.%x", rand.Uint64())
	b := &box{T: t, name: name, base: server + "/s/" + name}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(mock.CA(t))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}}
	t.Cleanup(transport.CloseIdleConnections)
	b.ctx = context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: transport})
	return b
}

func (b *box) control(method, what, body string) string {
	return ask(b.T, method, intacct.Shared(b.T).HTTP+"/__mock/sandboxes/"+b.name+"/"+what, body)
}

// causes lists why the server refused something at the token endpoint, in order; "" is a request that went well.
func (b *box) causes() []string {
	var journal struct{ Requests []struct{ Cause string } }
	must(b.T, json.Unmarshal([]byte(b.control("GET", "requests?endpoint=token", "")), &journal))
	causes := make([]string, len(journal.Requests))
	for i, request := range journal.Requests {
		causes[i] = request.Cause
	}
	return causes
}

func ask(t *testing.T, method, address, body string) string {
	t.Helper()
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	must(t, err)
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	must(t, failed(answer.StatusCode, nil))
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
