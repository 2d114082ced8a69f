// Package xds is the IHE Document Sharing domain (ITI TF-3: 4.2): DocumentEntry, SubmissionSet, Folder and Association,
// their codes and error codes, and the mapping between them and ebRIM objects.
//
// A Submission keeps the ebRIM objects it was read from: what the registry returns later is what the source sent, with
// identifiers resolved, and never a rebuilt approximation. The typed fields beside them are what rules and searches
// look at; where a submitted value cannot be read its field stays empty and package validate says why.
//
// Not here: rules (xds/validate), stored queries (xds/query), the actors (xds/registry, xds/repository).
package xds
