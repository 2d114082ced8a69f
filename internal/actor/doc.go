// Package actor is the frame around each transaction: it opens the exchange, runs the handler, turns an error into the
// answer of the protocol, and writes one log line and one measurement whatever the outcome.
//
// Handlers know nothing of this: they return a response or an error. An error nobody typed reaches the peer as one fixed
// text with a reference; its cause goes to the log only. No patient data goes to the log: of a refusal it has codes and
// rule names, never the context that the peer is sent.
package actor
