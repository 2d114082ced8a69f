// Package repository is the Document Repository actor: ITI-41 Provide and Register Document Set-b and ITI-43 Retrieve
// Document Set.
//
// Documents stream from the wire into package blob and back; none is held in memory as a whole. Their bytes are durable
// before the registry hears of them, and nobody can read them before it has accepted them. Metadata is the registry's to
// judge; the repository checks only what it needs to store and to find a document again (ITI TF-2: 3.41.4.1.3).
//
// Not here: the registry (in this process or elsewhere it is a Registrar), SQL, MIME.
package repository
