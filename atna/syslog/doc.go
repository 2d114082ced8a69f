// Package syslog carries audit messages (ITI-20, ITI TF-2: 3.20.4.1): messages of RFC 5424, over TLS (RFC 5425) and UDP
// (RFC 5426), sender and receiver.
//
// Syslog has no acknowledgements, so what counts as delivered is a rule of ours. [Client.Send] sends a batch over one
// connection, ends it with close_notify, and takes the batch for delivered when
//
//  1. the receiver had accepted the connection before the first message: with TLS 1.2 the handshake says so; with TLS 1.3 a
//     client learns that its certificate is refused only from a later read, so that a session ticket, or Settle without an
//     error, must come first;
//  2. the receiver did not close before the end of the batch was sent;
//  3. the receiver closed after it: it has read everything up to the close_notify. One that does not close at all within
//     Confirm, and does not reset the connection either, has to be believed;
//  4. a new connection to it succeeds: it did not die with the batch in its memory. That connection carries the next batch.
//
// Otherwise the whole batch is sent again: in order, at least once. A receiver may still die between reading a batch and
// writing it to its disk, which no sender can see. So a [Forwarder] holds the last batches for certain only when the
// receiver has lived on for Grace, and goes back to the last certain one whenever a connection breaks.
//
// Deliberately not here: RFC 3195, structured data of our own, and what a message says (atna).
package syslog
