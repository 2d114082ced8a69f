// Package query is the catalogue of ITI-18 stored queries (ITI TF-2: 3.18.4.1.2.3.7): one typed struct per query, parsed
// from the parameter slots of an AdhocQueryRequest, and the way back for clients (Encode). It is pure: it knows neither
// SOAP nor storage.
//
// Parameters are read liberally (missing or superfluous parentheses, other quotes or none, short status names); their
// values are typed when Parse returns, so that storage binds them and never sees the query's text.
//
// Not here: the Multi-Patient queries of ITI-51, the parameters of the Metadata Update option ($MetadataLevel,
// $XDSAssociationStatus, LogicalID), which are accepted without effect, and whatever depends on the registry's content.
package query
