// Package validate holds the metadata rules of ITI-42 and ITI-41 as data: what a submission must hold so that a Document
// Registry can take it (ITI TF-3: 4.2). Each Rule has a short name, its citation, the error code it gives and the check;
// each has at least one fixture in testdata/rules that breaks it and nothing else.
//
// A lenient profile takes what real sources send and everybody understands (testdata/lenient holds an example of each);
// a strict one judges by the letter, for conformance tests.
//
// Not here: whatever needs the registry's content (known patients, UUIDs and uniqueIds already registered, targets of
// relationships; package registry), the match of documents with their metadata (package repository), code value sets
// of an affinity domain, and the rules of On-Demand entries (ITI-61) and metadata updates (ITI-57).
package validate
