// The fixture: one server for the package, and for each test a sandbox with a verdict on the client at its end.
package interop

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

var mockHTTP, mockHTTPS string // the server's addresses, from its ready line

func TestMain(m *testing.M) {
	mock := exec.Command(os.Getenv("INTACCT_MOCK"), "--port=0", "--https-port=0", "--log-level=warn")
	ready, _ := mock.StdoutPipe()
	if err := mock.Start(); err != nil {
		panic(err)
	}
	defer mock.Process.Kill()
	fmt.Fscanf(ready, "intacct-mock %s ready %s %s", new(string), &mockHTTP, &mockHTTPS)
	m.Run()
}

func intacct(t *testing.T, scenario string) (baseURL string) {
	name := fmt.Sprintf("%s.%x", scenario, rand.Uint64())
	t.Cleanup(func() {
		answer, err := http.Get(mockHTTP + "/__mock/sandboxes/" + name + "/verdict")
		if err != nil {
			t.Fatal(err)
		}
		if verdict, _ := io.ReadAll(answer.Body); bytes.Contains(verdict, []byte(`"outcome":"not-`)) {
			t.Errorf("the client did not do what %s expects: %s", scenario, verdict)
		}
	})
	return mockHTTP + "/s/" + name
}
