package intacct

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Mock is one server.
type Mock struct {
	HTTP, HTTPS string // its addresses; for HTTPS trust CA
	process     *exec.Cmd
	tie         io.Closer // the pipe that ends the server when it ends
}

// The server ends when a pipe from this process does: Go runs nothing at the end of a test binary.
const tied = `exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & exec "$0" "$@" </dev/null 3<&-`

var options = []string{"--port", "0", "--https-port", "0", "--log-level", "warn"}

// The server is on this machine or beside it: it is never asked for through a proxy.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}

func start(more ...string) (*Mock, error) {
	mock := &Mock{HTTP: strings.TrimRight(os.Getenv("INTACCT_MOCK_URL"), "/")}
	if mock.HTTP == "" {
		if err := mock.startProgram(more); err != nil {
			return nil, err
		}
	}
	var ready struct{ HTTPS string }
	data, err := mock.request("ready", nil, "*/*")
	if err == nil {
		err = json.Unmarshal(data, &ready)
	}
	mock.HTTPS = ready.HTTPS
	return mock, err
}

func (m *Mock) startProgram(more []string) error {
	program := os.Getenv("INTACCT_MOCK")
	if program == "" {
		program = "intacct-mock"
	}
	var errs bytes.Buffer
	m.process = exec.Command("/bin/sh", append(append([]string{"-c", tied, program}, options...), more...)...)
	m.process.Stderr = &errs
	for _, variable := range os.Environ() { // what the test's side reads; the server would warn that it does not know them
		if !strings.HasPrefix(variable, "INTACCT_MOCK_URL=") && !strings.HasPrefix(variable, "INTACCT_MOCK_ARTIFACTS=") {
			m.process.Env = append(m.process.Env, variable)
		}
	}
	stdout, err := m.process.StdoutPipe()
	if err == nil {
		m.tie, err = m.process.StdinPipe()
	}
	if err == nil {
		err = m.process.Start()
	}
	if err != nil {
		return fmt.Errorf("intacct-mock: %s did not start: %w", program, err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n') // intacct-mock VERSION ready HTTP [HTTPS] scenario NAME
	ready := strings.Fields(line)
	if len(ready) < 4 || ready[2] != "ready" {
		_ = m.process.Wait()
		why := strings.TrimSpace(errs.String())
		if m.process.ProcessState.ExitCode() == 127 {
			why = "there is no program to start: it is not on PATH; INTACCT_MOCK=/path/to/intacct-mock names one"
		}
		return fmt.Errorf("intacct-mock: %s did not start: %s", program, why)
	}
	m.HTTP = ready[3]
	return nil
}

func (m *Mock) stop() {
	if m.process != nil {
		_ = m.process.Process.Signal(os.Interrupt)
		_ = m.process.Wait()
	}
}

func (m *Mock) must(t testing.TB, path string, body, answer any) {
	t.Helper()
	data, err := m.request(path, body, "application/json")
	if err == nil && answer != nil {
		err = json.Unmarshal(data, answer)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *Mock) request(path string, body any, accept string) ([]byte, error) {
	url := m.HTTP + "/__mock/" + path
	method, data := "GET", []byte(nil)
	if body != nil {
		method = "POST"
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("intacct-mock: %s: %w", url, err)
		}
	}
	request, err := http.NewRequest(method, url, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("intacct-mock: %w", err)
	}
	request.Header.Set("Accept", accept)
	if token := os.Getenv("INTACCT_MOCK_CONTROL_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := direct.Do(request)
	if err != nil {
		return nil, fmt.Errorf("intacct-mock: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("intacct-mock: %s: %d %s", url, answer.StatusCode, text)
	}
	return text, err
}
