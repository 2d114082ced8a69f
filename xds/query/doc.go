// Package query is the catalogue of the stored queries of ITI-18 (ITI TF-2: 3.18.4.1.2.3.7) and ITI-51 (ITI TF-2:
// 3.51.4.1.2): one typed struct per query, parsed from the parameter slots of an AdhocQueryRequest, and the way back for
// clients (Encode). It is pure: it knows neither SOAP nor storage.
//
// Parameters are read liberally (missing or superfluous parentheses, other quotes or none, short status names); their
// values are typed when Parse returns, so that storage binds them and never sees the query's text.
//
// Not here: $MetadataLevel and the LogicalID parameters of the Metadata Update option, which are accepted without effect, and
// whatever depends on the registry's content.
package query
