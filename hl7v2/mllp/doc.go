// Package mllp carries HL7 version 2 messages over TCP and TLS: the Minimal Lower Layer Protocol of ITI TF-2:
// Appendix C. A frame is 0x0B, the message, 0x1C 0x0D. The receiver answers on the same connection, one message
// after the other.
//
// Server listens, Client sends. Both bound what a peer can make them hold: bytes per message, bytes of unfinished
// messages over all connections, connections, and the time that each step may take.
//
// A frame that cannot be read is not answered, since there is no message control id to answer to: the connection
// is closed and Server.Report is told. What a message says is not looked at here; see package hl7v2. There is no
// STARTTLS: TLS, with the client certificates that ITI-19 asks for, is the business of the listener or of the
// tls.Config given to Dial. Enhanced acknowledgement mode and block acknowledgements (MLLP release 2) do not occur
// in IHE and are left out.
package mllp
