//go:build unaudited

package main

// unaudited: this build records nothing and says so when it starts.
const unaudited = true
