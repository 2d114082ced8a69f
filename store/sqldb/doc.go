// Package sqldb keeps everything of package store in a relational database: the metadata of the Document Registry, the
// index of the Document Repository and the patient ids. All SQL of Dossier is here.
//
// Each XDS class has a table of typed columns to search by and beside them the object's ebRIM fragment to answer with; an
// answer copies fragments and never rebuilds an object from rows. What may change after registration stands in the
// table object, so that a status change does not touch a fragment. A merge of patients changes the table patient only.
//
// Statements are put together from constants and bound values by a builder that takes nothing else. What differs between
// databases is in dialect.go; the migrations are one text for all.
//
// Deliberately not here: the rules of registration (xds/registry decides, constraints here settle races), the bytes of
// documents (store/blob), authorisation.
package sqldb
