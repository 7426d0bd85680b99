module example.org/intacct-mock/interop

go 1.26.0

require (
	github.com/intacct-mock/intacct-mock/packages/go v0.0.0 // the fixture
	github.com/coreos/go-oidc/v3 v3.21.0 // what x/oauth2 leaves out: discovery, JWKS
	golang.org/x/oauth2 v0.38.0 // the client under test
)

require github.com/go-jose/go-jose/v4 v4.1.4 // indirect

replace github.com/intacct-mock/intacct-mock/packages/go => ../../../packages/go
