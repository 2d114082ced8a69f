//go:build !failpoint

package failpoint

// Enabled tells whether this build has fail-points.
const Enabled = false

// Hit does nothing.
func Hit(string) {}
