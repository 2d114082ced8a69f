// Package tsp is the requester of the Time-Stamp Protocol (RFC 3161, RFC 5816): it asks a Time-Stamping Authority over HTTP to
// state when a digest existed, and verifies what comes back, at once and years later.
//
// A token is taken when it is a CMS SignedData (RFC 5652) in DER with one signer, whose signed attributes bind the content and the
// certificate, whose certificate is for time-stamping alone, and whose chain leads to a trusted authority at the time stated.
//
// Deliberately not here: making time stamps, BER with indefinite lengths, revocation of the authority's certificate.
package tsp
