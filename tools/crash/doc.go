// Package crash tests the real binary against the ends it cannot prepare for: SIGKILL at a random moment and at every
// fail-point, full disks, failing fsync. Clients keep a ledger of what was acknowledged and of what was sent and not
// answered; after the restart the wire is asked what is there (ITI-18, ITI-43), and dossier verify and dossier sweep what
// lies behind it.
//
// There is only test code here: go test runs a short version, make crash the long one.
package crash
