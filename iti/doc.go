// Package iti is the table of the IHE IT Infrastructure transactions that Dossier takes part in: number, name, section of
// the Technical Framework, WS-Addressing actions and packaging. It is data without behaviour and imports nothing, so
// that every layer can name a transaction in the same words.
package iti
