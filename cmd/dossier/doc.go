// Command dossier is an IHE XDS.b Document Registry and Document Repository, and the client to talk to one.
//
// It is the only place that reads configuration and puts the parts together. See docs/architecture.md for the parts and
// README.md for the first steps.
package main
