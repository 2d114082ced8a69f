package ebrim

// Namespaces of ebXML RegRep 3.0.
const (
	NSRim   = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
	NSRs    = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
	NSLcm   = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
	NSQuery = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"

	nsXML = "http://www.w3.org/XML/1998/namespace"
)

// objectType values of the base classes.
const (
	ObjectTypeRegistryPackage    = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage"
	ObjectTypeAssociation        = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association"
	ObjectTypeClassification     = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification"
	ObjectTypeExternalIdentifier = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier"
)

// Values of RegistryResponse/@status and RegistryError/@severity that ebRS defines.
const (
	StatusSuccess = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
	StatusFailure = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"

	SeverityError   = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
	SeverityWarning = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"
)

// Values of RegistryObject/@status.
const (
	ObjectApproved   = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
	ObjectDeprecated = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
)

// Values of ResponseOption/@returnType that stored queries use.
const (
	ReturnLeafClass = "LeafClass"
	ReturnObjectRef = "ObjectRef"
)
