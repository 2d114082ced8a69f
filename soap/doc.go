// Package soap carries messages: SOAP 1.2 envelopes with WS-Addressing 1.0 headers over HTTP, either as one
// application/soap+xml document (simple) or as a multipart/related package whose attachments are streamed in and out
// (MTOM/XOP). It has a server, a client and the faults of both.
//
// It reads what IHE ITI TF-2: Appendix V asks of a web service and forgives what senders are known to get wrong; the
// directory testdata holds one case for each thing forgiven and for each thing refused. What it sends is strict: the
// prefixes env and wsa, quoted MIME parameters, the root part first, Content-Length whenever it is known.
//
// A document is never held in memory. Attachments that arrive before the root part wait in an unlinked file; all others
// are read from the connection while the handler reads them.
//
// Deliberately not here: transactions and their names (package iti and the actors), WSDL, WS-Security (the header block
// is handed over as received), SOAP 1.1 (answered with VersionMismatch), and replies to any address but the anonymous one:
// the server never opens a connection because a message told it to.
package soap
