// Package registry is the Document Registry actor: ITI-42 Register Document Set-b, ITI-18 Registry Stored Query and ITI-51
// Multi-Patient Stored Query, and the client that a Document Repository uses to reach a registry elsewhere.
//
// A submission is decided in two steps: package validate judges the message alone, plan judges it against what is
// registered, within the transaction that then commits it. Nothing of a refused submission is stored.
//
// Not here: SQL (store/sqldb), the parameters' grammar (xds/query), the wire (soap, ebrim).
package registry
