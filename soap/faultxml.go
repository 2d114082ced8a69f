package soap

import (
	"strings"

	"dossier/internal/xmlwire"
)

// body writes the env:Fault element (SOAP 1.2 part 1, section 5.4).
func (f *Fault) body() []byte {
	w := xmlwire.NewWriter(nil)
	w.Start("env:Fault").Start("env:Code").Start("env:Value").Text(f.Code).End()
	depth := 0
	for _, code := range []string{f.Subcode, f.Subsubcode} {
		if code == "" {
			break
		}
		depth++
		w.Start("env:Subcode").Start("env:Value")
		if strings.HasPrefix(code, "wsse:") {
			w.Attr("xmlns:wsse", NamespaceSecurity)
		}
		w.Text(code).End()
	}
	for range depth {
		w.End()
	}
	w.End()
	w.Start("env:Reason").Start("env:Text").Attr("xml:lang", "en").Text(f.Reason).End().End()
	if f.detail != nil {
		w.Start("env:Detail").Raw(f.detail).End()
	}
	return w.End().Bytes()
}

func (f *Fault) headerBlocks() [][]byte {
	if f.header == nil {
		return nil
	}
	return [][]byte{f.header}
}
