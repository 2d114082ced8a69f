// Package atna is the vocabulary of the audit trail: what a Secure Node records about each transaction (ITI-20, ITI
// TF-2: 3.20) as DICOM PS3.15 A.5 audit messages, and what makes the record tamper-evident.
//
// [Record] is what one side of a transaction knows; [Record.Events] puts it into the words of the standard by the matrix
// of this package. [Append] writes the XML in the order of the schema, [Decode] reads it, more liberally than it is
// written. [Chain] links stored messages, [Checkpoint] signs a link, [Verifier] says which message was deleted, inserted,
// moved or edited. [Attach] hands events to a store that commits them together with a change.
//
// Deliberately not here: where events are kept (store), how they travel (atna/syslog), MediaIdentifier and the
// descriptions of imaging studies, which no transaction of this server has. A received message with these keeps them,
// because a repository keeps the bytes.
package atna
