package atna

// Code systems by the names that the standard gives them.
const (
	dcm     = "DCM"
	rfc3881 = "RFC-3881"
	iheITI  = "IHE Transactions"
	iheXDS  = "IHE XDS Metadata"
	own     = "Dossier"
)

// EventID codes (DICOM PS3.16 CID 400).
var (
	ApplicationActivity = Code{Value: "110100", System: dcm, Text: "Application Activity"}
	AuditLogUsed        = Code{Value: "110101", System: dcm, Text: "Audit Log Used"}
	Export              = Code{Value: "110106", System: dcm, Text: "Export"}
	Import              = Code{Value: "110107", System: dcm, Text: "Import"}
	PatientRecord       = Code{Value: "110110", System: dcm, Text: "Patient Record"}
	Query               = Code{Value: "110112", System: dcm, Text: "Query"}
	SecurityAlert       = Code{Value: "110113", System: dcm, Text: "Security Alert"}
	UserAuthentication  = Code{Value: "110114", System: dcm, Text: "User Authentication"}
)

// EventTypeCode of events that are no transaction (DICOM PS3.16 CID 401 to 403, which may be extended).
var (
	ApplicationStart         = Code{Value: "110120", System: dcm, Text: "Application Start"}
	ApplicationStop          = Code{Value: "110121", System: dcm, Text: "Application Stop"}
	Login                    = Code{Value: "110122", System: dcm, Text: "Login"}
	Logout                   = Code{Value: "110123", System: dcm, Text: "Logout"}
	NodeAuthentication       = Code{Value: "110126", System: dcm, Text: "Node Authentication"}
	EmergencyOverrideStarted = Code{Value: "110127", System: dcm, Text: "Emergency Override Started"}
	EmergencyOverrideStopped = Code{Value: "110138", System: dcm, Text: "Emergency Override Stopped"}
	SecurityConfiguration    = Code{Value: "110129", System: dcm, Text: "Security Configuration"}
	RestrictedFunction       = Code{Value: "110132", System: dcm, Text: "Use of Restricted Function"}
	AuditRecordingStopped    = Code{Value: "110133", System: dcm, Text: "Audit Recording Stopped"}
	AuditRecordingStarted    = Code{Value: "110134", System: dcm, Text: "Audit Recording Started"}
	// MessageRefused is ours: no code of the standard says that a message could not be read as any transaction.
	MessageRefused = Code{Value: "MessageRefused", System: own, Text: "Message refused"}
)

// RoleIDCode (DICOM PS3.16 CID 402).
var (
	Application         = Code{Value: "110150", System: dcm, Text: "Application"}
	ApplicationLauncher = Code{Value: "110151", System: dcm, Text: "Application Launcher"}
	DestinationRole     = Code{Value: "110152", System: dcm, Text: "Destination Role ID"}
	SourceRole          = Code{Value: "110153", System: dcm, Text: "Source Role ID"}
)

// ParticipantObjectIDTypeCode.
var (
	PatientNumber  = Code{Value: "2", System: rfc3881, Text: "Patient Number"}
	ReportNumber   = Code{Value: "9", System: rfc3881, Text: "Report Number"}
	UserIdentifier = Code{Value: "11", System: rfc3881, Text: "User Identifier"}
	URIIdentifier  = Code{Value: "12", System: rfc3881, Text: "URI"}
	NodeID         = Code{Value: "110182", System: dcm, Text: "Node ID"}

	SubmissionSetClass = Code{Value: "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd", System: iheXDS, Text: "submission set classificationNode"}
	ObjectRef          = Code{Value: "urn:ihe:iti:2017:ObjectRef", System: iheXDS, Text: "registry object reference"}
	ProviderEntry      = Code{Value: "99SupHPD-ISO21091-RDN", System: "IHE", Text: "ISO 21091 Relative Distinguished Name"}
)

// ApplicationServer is the AuditSourceTypeCode of this server.
var ApplicationServer = Code{Value: "4"}

// Names of ParticipantObjectDetail. Those of queries and documents differ on purpose: the transactions do (ITI TF-2:
// 3.18.5.1, 3.43.6.1).
const (
	detailMessageID     = "MSH-10"
	detailInstanceID    = "II"
	detailQueryEncoding = "QueryEncoding"
	detailQueryHome     = "urn:ihe:iti:xca:2010:homeCommunityId"
	detailRepository    = "Repository Unique Id"
	detailHome          = "ihe:homeCommunityID"
	detailAlert         = "Alert Description"
	detailOldUID        = "old uid"
)
