package intacct

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startTied starts the program so that it ends with this process, however that ends: Go runs nothing at the end of a test
// binary. The kernel goes by the thread that started it, so one thread is kept for that.
func startTied(process *exec.Cmd) error {
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- process.Start()
		select {}
	}()
	return <-started
}
