//go:build !unaudited

package main

// unaudited is true in a build with that tag alone: tools/bench measures by it what the audit trail costs. No configuration
// turns the trail off.
const unaudited = false
