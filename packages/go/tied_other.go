//go:build !linux

package intacct

import "os/exec"

// startTied starts the program. Here nothing ends it when the test binary ends without a Start's Cleanup.
func startTied(process *exec.Cmd) error { return process.Start() }
