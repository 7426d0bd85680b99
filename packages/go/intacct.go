// Package intacct is a mock Sage Intacct OAuth server in your tests: one server, a sandbox for each test, its verdict at
// the end.
//
//	func TestItSurvives(t *testing.T) {
//		box := intacct.Sandbox(t, "access-token-expired")
//		myIntegration(box.BaseURL, box.ClientID, box.ClientSecret, box.Username)
//	}
//
// The program is not in this module: INTACCT_MOCK names it, or it is on PATH. For tests only; not affiliated with Sage.
package intacct

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Box is a sandbox: everything behind one base URL, tokens, clock, keys, journal, and how far its scenario has come.
type Box struct {
	Name         string `json:"name"`
	Scenario     string `json:"scenario"`
	BaseURL      string `json:"base_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Username     string `json:"username"`
	RedirectURI  string `json:"redirect_uri"`
	TokenURL     string `json:"-"`
	AuthorizeURL string `json:"-"`
	mock         *Mock
}

// Verdict is what the server says of the client in one sandbox.
type Verdict struct {
	Outcome string // passed, failed or skipped
	Text    string // for people: every expectation, why it was not met, and the exchanges that show it
	Reason  string // one line: why it was skipped
}

var shared struct {
	once sync.Once
	mock *Mock
	err  error
}

// Sandbox makes a sandbox on the server of this test binary, which the first call starts; INTACCT_MOCK_URL names one that
// runs already. At the test's end its verdict fails the test, or skips it when the scenario was not put to the test. The
// scenario is a name, or a whole scenario as JSON.
func Sandbox(t testing.TB, scenario string) *Box {
	t.Helper()
	return Shared(t).Sandbox(t, scenario)
}

// Shared is the server of this test binary. What is asked below HTTP + "/s/SCENARIO.KEY" has a sandbox without a verdict at
// the end, for tests in which a refusal is what is wanted.
func Shared(t testing.TB) *Mock {
	t.Helper()
	shared.once.Do(func() { shared.mock, shared.err = start() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.mock
}

// Start starts a server for this test alone, with more options of `intacct-mock serve`; it ends with the test.
func Start(t testing.TB, options ...string) *Mock {
	t.Helper()
	mock, err := start(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mock.stop)
	return mock
}

// Sandbox makes a sandbox on this server: see the function Sandbox.
func (m *Mock) Sandbox(t testing.TB, scenario string) *Box {
	t.Helper()
	var quoted any = scenario
	if strings.HasPrefix(scenario, "{") {
		quoted = json.RawMessage(scenario)
	}
	box := &Box{mock: m}
	m.must(t, "sandboxes", map[string]any{"scenario": quoted}, box)
	box.TokenURL = box.BaseURL + "/ia/api/v1/oauth2/token"
	box.AuthorizeURL = box.BaseURL + "/ia/api/v1/oauth2/authorize"
	t.Cleanup(func() { box.check(t) })
	return box
}

// Scenarios lists the names of all scenarios.
func (m *Mock) Scenarios(t testing.TB) []string {
	t.Helper()
	var list struct{ Scenarios []struct{ Name string } }
	m.must(t, "scenarios", nil, &list)
	names := make([]string, len(list.Scenarios))
	for i, scenario := range list.Scenarios {
		names[i] = scenario.Name
	}
	return names
}

// CA is the certificate (PEM) to trust for HTTPS.
func (m *Mock) CA(t testing.TB) []byte {
	t.Helper()
	pem, err := m.request("ca.pem", nil, "*/*")
	if err != nil {
		t.Fatal(err)
	}
	return pem
}

// Env are the variables that `intacct-mock run` sets too, for an integration that reads its environment.
func (b *Box) Env() map[string]string {
	return map[string]string{"INTACCT_BASE_URL": b.BaseURL, "INTACCT_TOKEN_URL": b.TokenURL,
		"INTACCT_AUTHORIZE_URL": b.AuthorizeURL, "INTACCT_CLIENT_ID": b.ClientID, "INTACCT_CLIENT_SECRET": b.ClientSecret,
		"INTACCT_USERNAME": b.Username, "INTACCT_SCENARIO": b.Scenario}
}

// Control calls the control API on this sandbox, with GET where body is nil: Control(t, "clock", `{"advance":"12h"}`, nil).
// The answer is decoded into answer, unless that is nil. A body that is a string is JSON already.
func (b *Box) Control(t testing.TB, path string, body, answer any) {
	t.Helper()
	if text, is := body.(string); is {
		body = json.RawMessage(text)
	}
	b.mock.must(t, "sandboxes/"+b.Name+"/"+path, body, answer)
}

// Verdict asks how the client has done so far.
func (b *Box) Verdict(t testing.TB) Verdict {
	t.Helper()
	var said struct {
		Outcome, Note string
		Expect        []struct{ Outcome, Why string }
	}
	b.mock.must(t, "sandboxes/"+b.Name+"/verdict", nil, &said)
	text, err := b.mock.request("sandboxes/"+b.Name+"/verdict", nil, "text/plain")
	if err != nil {
		t.Fatal(err)
	}
	reason := said.Note
	for _, one := range said.Expect {
		if reason == "" && outcomeOf(one.Outcome) != "passed" {
			reason = one.Why
		}
	}
	if reason == "" {
		reason = said.Outcome
	}
	return Verdict{outcomeOf(said.Outcome), strings.TrimSpace(string(text)), b.Scenario + ": " + reason}
}

func (b *Box) check(t testing.TB) {
	verdict := b.Verdict(t)
	switch {
	case t.Skipped():
	case t.Failed(): // by itself: the verdict stands beside its own words
		b.keep(t)
		t.Log(verdict.Text)
	case verdict.Outcome == "failed" || verdict.Outcome == "skipped" && requireAll():
		b.keep(t)
		t.Error(verdict.Text)
	case verdict.Outcome == "skipped":
		t.Skip(verdict.Reason)
	}
}

// keep writes verdict and journal into the folder of INTACCT_MOCK_ARTIFACTS; without it, nothing.
func (b *Box) keep(t testing.TB) {
	folder := os.Getenv("INTACCT_MOCK_ARTIFACTS")
	if folder == "" {
		return
	}
	for _, kept := range [][3]string{{"verdict.txt", "verdict", "text/plain"}, {"junit.xml", "verdict", "application/xml"},
		{"journal.json", "requests", "*/*"}, {"har", "requests.har", "*/*"}} {
		data, err := b.mock.request("sandboxes/"+b.Name+"/"+kept[1], nil, kept[2])
		if err == nil {
			err = os.MkdirAll(folder, 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, b.Name+"."+kept[0]), data, 0o666)
		}
		if err != nil {
			t.Log(err)
		}
	}
}

// outcomeOf: any word that means neither passed nor failed means that something was not put to the test.
func outcomeOf(word string) string {
	switch word {
	case "passed", "met":
		return "passed"
	case "failed", "not-met":
		return "failed"
	}
	return "skipped"
}

func requireAll() bool {
	switch strings.ToLower(os.Getenv("INTACCT_MOCK_REQUIRE_ALL")) {
	case "on", "1", "true", "yes":
		return true
	}
	return false
}
