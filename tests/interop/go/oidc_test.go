package interop

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func TestDiscoveryAndKeys(t *testing.T) {
	overBoth(t, map[string]func(*box){
		"the addresses come from discovery": func(b *box) {
			provider, err := oidc.NewProvider(b.ctx, b.base)
			must(b.T, err)
			config := authorizationCode(b.base, oauth2.AuthStyleInParams)
			config.Endpoint = provider.Endpoint()
			config.Endpoint.AuthStyle = oauth2.AuthStyleInParams // discovery leaves it at AutoDetect: see TestAuthStyles
			must(b.T, afterExpiry(b, config))
		},
		"the signature of an RS512 token is checked by its kid": func(b *box) {
			_, err := keys(b).VerifySignature(b.ctx, signedToken(b))
			must(b.T, err)
		},
		"a new key is fetched when it is met": func(b *box) {
			keys := keys(b)
			_, err := keys.VerifySignature(b.ctx, signedToken(b))
			must(b.T, err)
			b.control("POST", "keys/rotate", "")
			_, err = keys.VerifySignature(b.ctx, signedToken(b))
			must(b.T, err)
		},
		"a token signed with an unknown key is not taken": func(b *box) {
			var foreign struct {
				AccessToken string `json:"access_token"`
			}
			minted := b.control("POST", "tokens", `{"user":"ws_user@acme","client_id":"demo","dialect":"article","flaw":"unknown-key"}`)
			must(b.T, json.Unmarshal([]byte(minted), &foreign))
			if _, err := keys(b).VerifySignature(b.ctx, foreign.AccessToken); err == nil || foreign.AccessToken == "" {
				b.Errorf("it is taken for good: %s", minted)
			}
		},
	})
}

func keys(b *box) *oidc.RemoteKeySet {
	return oidc.NewRemoteKeySet(b.ctx, b.base+"/.well-known/jwks.json")
}

// signedToken comes from the article's dialect: only its tokens are signed with a key that is published.
func signedToken(b *box) string {
	config := clientcredentials.Config{
		ClientID: "demo", ClientSecret: "demo-secret", AuthStyle: oauth2.AuthStyleInParams,
		TokenURL:       b.base + "/identity/v2/oauth2/token",
		EndpointParams: url.Values{"username": {"ws_user@acme"}},
	}
	token, err := config.Token(b.ctx)
	must(b.T, err)
	return token.AccessToken
}
