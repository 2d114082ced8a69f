// Package blob keeps the bytes of documents, each once, under their SHA-256 digest.
//
// It is the storage below the Document Repository actor (ITI-41, ITI-43, ITI-86): the actor maps a document's
// uniqueId to a [Ref], this package maps a Ref to bytes. [Receive] is the only way in and [OpenVerified] the way
// out: bytes come back as they came, or not at all.
//
// Promises:
//   - Accepted means durable. When Receive returns without an error, bytes and name survive a power failure.
//   - Refused means nothing. After an error no part of the document can be read and no temporary file stays.
//   - A document is never held in memory: Receive works in pieces of 256 KiB, and so does OpenVerified above the
//     size its caller chose.
//   - Removal loses nothing that was received again meanwhile: see [Store.Remove] and [Sweep].
//
// [FS] keeps blobs as files; it needs flock and the fsync of folders, thus Linux, macOS or a BSD.
//
// Deliberately not here: who may read a document, what a document is called, its MIME type, retention rules,
// encryption and compression. Blobs that no document names any more are not an error; Sweep removes them later.
package blob
