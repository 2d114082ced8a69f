package soap

// dispatch finds the operation of a message: by wsa:Action alone if there is one; otherwise by the action parameter of
// the MIME headers, otherwise by the body element. That an Action comes with the body of another operation is
// for the handler to refuse, in the words of its transaction.
func dispatch(table []Operation, m *message) (*Operation, error) {
	if a := m.wsa.action; a != "" {
		if op := byAction(table, a); op != nil {
			return op, nil
		}
		return nil, ActionNotSupported(a)
	}
	if op := byAction(table, m.action); op != nil {
		return op, nil
	}
	for i := range table {
		if table[i].Body.Local != "" && table[i].Body == m.body.Name {
			return &table[i], nil
		}
	}
	if m.action != "" {
		return nil, ActionNotSupported(m.action)
	}
	f := invalidAddressing("", "Action", "the message has no wsa:Action, and no operation here takes "+clip(display(m.body.Name)))
	f.Subcode = "wsa:MessageAddressingHeaderRequired"
	return nil, f
}

func byAction(table []Operation, action string) *Operation {
	for i := range table {
		if table[i].Action == action && action != "" {
			return &table[i]
		}
	}
	return nil
}
