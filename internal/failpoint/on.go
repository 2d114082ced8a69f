//go:build failpoint

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Enabled tells whether this build has fail-points.
const Enabled = true

// point is the one that is armed. It is the state of the process because its death is.
type point struct {
	name  string
	trace bool
	left  atomic.Int64
}

var armed = arm(os.Getenv(Variable))

func arm(text string) *point {
	name, times, counted := strings.Cut(text, ":")
	n, err := strconv.ParseInt(times, 10, 64)
	if !counted {
		n, err = 1, nil
	}
	if err != nil || n < 1 {
		panic(fmt.Sprintf("%s: expected name or name:n with n of at least 1, got %q", Variable, text))
	}
	p := &point{name: name, trace: text == "trace"}
	p.left.Store(n)
	return p
}

// Hit ends the process when the armed point has been reached often enough.
func Hit(name string) {
	if armed.trace {
		fmt.Fprintf(os.Stderr, "failpoint %s\n", name)
		return
	}
	if name != armed.name || armed.left.Add(-1) != 0 {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing past the point happens, even if the signal takes a moment
}
