// Package pix is the patient identity domain: identities in patient identification domains, what is known of the people
// behind them, and which identities are one person.
//
// An Identity is one id of one Domain with the Demographics that its source reported. A person is a set of identities that
// links hold together; it has no id of its own on the wire. Apply is the one place where a Feed changes that: it decides
// from what a Tx shows and writes through it, so that every storage obeys the same rules in one transaction.
//
// Two people are never made one because they look alike, unless Policy.Automatic says so: what matching finds goes to the
// worklist of possible duplicates, for a person to decide (identito-vigilance). The same valid national id and an explicit
// link (ITI TF-2: 3.30, A24) do link, and an unlink (A37) outlasts every later match.
//
// Deliberately not here: HL7 messages (pix/manager and pix/hl7v3 turn them into a Feed or a query and back), SQL.
package pix
