package interop

import (
	"context"
	"net/http"
	"testing"

	intacct "github.com/intacct-mock/intacct-mock/packages/go"
	"golang.org/x/oauth2"
)

// What a test of yours looks like: name a scenario, point the client at the sandbox, let it work.
func TestExpiredTokenIsRenewed(t *testing.T) {
	base := intacct.Sandbox(t, "access-token-expired").BaseURL
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, http.DefaultClient)
	c := connect(t, ctx, base, authorizationCode(base, oauth2.AuthStyleInParams))
	must(t, c.get(ctx, vendors))
	must(t, c.get(ctx, vendors)) // thirteen hours later
}
