package ebrim

// RegistryError is one problem of a RegistryResponse.
type RegistryError struct{ Code, Context, Severity, Location string }

// RegistryResponse answers a submission; RegistryErrorList is Errors.
type RegistryResponse struct {
	Status    string
	RequestID string
	Errors    []RegistryError
}

// AdhocQueryRequest is a stored query with its parameters as slots.
type AdhocQueryRequest struct {
	ReturnType    string
	QueryID, Home string
	Slots         []Slot
	Expression    bool // a QueryExpression was there
}

// AdhocQueryResponse is the head of a query answer; the objects are kept apart, because a server streams them.
type AdhocQueryResponse struct {
	Status  string
	Errors  []RegistryError
	Objects *RegistryObjectList
}
