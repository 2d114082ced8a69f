package soap

import (
	"net/http"
	"strings"

	"dossier/internal/xmlwire"
)

// Fault codes (SOAP 1.2 part 1, section 5.4.6).
const (
	CodeSender          = "env:Sender"
	CodeReceiver        = "env:Receiver"
	CodeVersionMismatch = "env:VersionMismatch"
	CodeMustUnderstand  = "env:MustUnderstand"
)

// Fault is a SOAP fault: sent by the server for an error of this type, returned by the client for a fault it received.
type Fault struct {
	Code       string // one of the Code constants
	Subcode    string // "" or a name with the prefix wsa, wsse or env
	Subsubcode string // the same; WS-Addressing qualifies wsa:InvalidAddressingHeader with it
	Reason     string // sent to the peer as it is: never put a cause of ours here
	HTTPStatus int    // 0 means 400 for Sender and 500 for the others
	Err        error  // cause for the log; never sent
	// Remote marks a fault that a peer sent us. The server does not hand it on as its own: that peer's words were meant
	// for us, not for our client.
	Remote bool

	header []byte // header blocks that explain the fault: env:Upgrade, env:NotUnderstood
	detail []byte // content of env:Detail
}

// SenderFault says that the message is at fault: it must be changed before it is sent again. HTTP 400.
func SenderFault(reason string, cause error) *Fault {
	return &Fault{Code: CodeSender, Reason: reason, Err: cause}
}

// ReceiverFault says that the message could not be processed for a reason that is not its own. HTTP 500.
func ReceiverFault(reason string, cause error) *Fault {
	return &Fault{Code: CodeReceiver, Reason: reason, Err: cause}
}

// VersionMismatch refuses an element that is not a SOAP 1.2 envelope and names the version that is taken
// (SOAP 1.2 part 1, section 5.4.7).
func VersionMismatch(got xmlwire.Name) *Fault {
	return &Fault{
		Code:   CodeVersionMismatch,
		Reason: "expected Envelope in namespace " + NamespaceEnvelope + ", got " + clip(display(got)),
		header: []byte(`<env:Upgrade><env:SupportedEnvelope qname="env:Envelope"/></env:Upgrade>`),
	}
}

// MustUnderstand refuses header blocks that are mandatory and not known here (SOAP 1.2 part 1, section 5.4.8).
func MustUnderstand(blocks ...xmlwire.Name) *Fault {
	w := xmlwire.NewWriter(nil)
	names := make([]string, len(blocks))
	for i, b := range blocks {
		w.Start("env:NotUnderstood")
		if b.Space == "" {
			w.Attr("qname", b.Local)
		} else {
			w.Attr("xmlns:q", b.Space).Attr("qname", "q:"+b.Local)
		}
		w.End()
		names[i] = display(b)
	}
	return &Fault{
		Code:   CodeMustUnderstand,
		Reason: "header block not understood: " + clip(strings.Join(names, ", ")),
		header: w.Bytes(),
	}
}

// ActionNotSupported refuses an action that is not in the table (WS-Addressing 1.0 SOAP Binding, section 6.4.2).
func ActionNotSupported(action string) *Fault {
	detail := xmlwire.NewWriter(nil).Start("wsa:ProblemAction").
		Start("wsa:Action").Text(clip(action)).End().End().Bytes()
	return &Fault{
		Code:    CodeSender,
		Subcode: "wsa:ActionNotSupported",
		Reason:  "the action " + clip(action) + " is not supported at this endpoint",
		detail:  detail,
	}
}

// invalidAddressing refuses the header block wsa:header for the given reason (section 6.4.1 of the same).
func invalidAddressing(subsubcode, header, reason string) *Fault {
	detail := xmlwire.NewWriter(nil).Start("wsa:ProblemHeaderQName").Text("wsa:" + header).End().Bytes()
	return &Fault{
		Code:       CodeSender,
		Subcode:    "wsa:InvalidAddressingHeader",
		Subsubcode: subsubcode,
		Reason:     reason,
		detail:     detail,
	}
}

// Error describes the fault for a log; it includes the cause.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString("soap fault ")
	b.WriteString(f.Code)
	for _, code := range []string{f.Subcode, f.Subsubcode} {
		if code != "" {
			b.WriteString("/" + code)
		}
	}
	b.WriteString(": " + f.Reason)
	if f.Err != nil {
		b.WriteString(": " + f.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// status is the HTTP status of the fault (SOAP 1.2 part 2, table 20).
func (f *Fault) status() int {
	switch {
	case f.HTTPStatus != 0:
		return f.HTTPStatus
	case f.Code == CodeSender:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// action is the wsa:Action of the fault message.
func (f *Fault) action() string {
	if strings.HasPrefix(f.Subcode, "wsa:") {
		return ActionAddressingFault
	}
	return ActionSOAPFault
}

func display(n xmlwire.Name) string { return "{" + n.Space + "}" + n.Local }

// clip shortens what a peer sent before it is echoed to that peer.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
