package interop

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// What a test of yours looks like: name a scenario, point the client at the sandbox, let it work.
func TestExpiredTokenIsRenewed(t *testing.T) {
	base := intacct(t, "access-token-expired")
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, http.DefaultClient)
	c := connect(t, ctx, base, authorizationCode(base, oauth2.AuthStyleInParams))
	must(t, c.get(ctx, vendors))
	must(t, c.get(ctx, vendors)) // thirteen hours later
}

// A client that asks again with the dead token. It runs only inside the test below, which wants it to fail.
func TestCareless(t *testing.T) {
	if os.Getenv("INTEROP_CARELESS") == "" {
		t.Skip("only inside TestFixtureFailsTheCarelessClient")
	}
	base := intacct(t, "access-token-expired")
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, http.DefaultClient)
	c := connect(t, ctx, base, authorizationCode(base, oauth2.AuthStyleInParams))
	for range 3 {
		c.try(ctx, vendors)
	}
}

func TestFixtureFailsTheCarelessClient(t *testing.T) {
	again := exec.Command(os.Args[0], "-test.run=^TestCareless$")
	again.Env = append(os.Environ(), "INTEROP_CARELESS=1")
	said, err := again.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "a dead token is not hammered") {
		t.Errorf("wanted it to fail for a hammered token, got %v: %s", err, said)
	}
}
