package iti

// Transaction is one row of the table.
type Transaction struct {
	ID      string // "ITI-42"
	Name    string // the Technical Framework's name, "Register Document Set-b"
	Section string // where it is specified, "ITI TF-2: 3.42"
	Action  string // wsa:Action of the request; empty for HL7 v2 transactions
	Reply   string // wsa:Action of the response
	MTOM    bool   // request and response are MTOM/XOP (ITI TF-2: V.3), else SIMPLE SOAP
}

// The transactions of the Document Registry, the Document Repository and the patient identity actors. Those of HL7 v3 have a row for
// each interaction.
var (
	PatientIdentityFeed = Transaction{
		ID: "ITI-8", Name: "Patient Identity Feed", Section: "ITI TF-2: 3.8",
	}
	PIXQuery = Transaction{
		ID: "ITI-9", Name: "PIX Query", Section: "ITI TF-2: 3.9",
	}
	PIXUpdateNotification = Transaction{
		ID: "ITI-10", Name: "PIX Update Notification", Section: "ITI TF-2: 3.10",
	}
	PatientDemographicsQuery = Transaction{
		ID: "ITI-21", Name: "Patient Demographics Query", Section: "ITI TF-2: 3.21",
	}
	PatientIdentityManagement = Transaction{
		ID: "ITI-30", Name: "Patient Identity Management", Section: "ITI TF-2: 3.30",
	}
	RegistryStoredQuery = Transaction{
		ID: "ITI-18", Name: "Registry Stored Query", Section: "ITI TF-2: 3.18",
		Action: "urn:ihe:iti:2007:RegistryStoredQuery",
		Reply:  "urn:ihe:iti:2007:RegistryStoredQueryResponse",
	}
	ProvideAndRegisterDocumentSet = Transaction{
		ID: "ITI-41", Name: "Provide and Register Document Set-b", Section: "ITI TF-2: 3.41",
		Action: "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
		Reply:  "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse",
		MTOM:   true,
	}
	RegisterDocumentSet = Transaction{
		ID: "ITI-42", Name: "Register Document Set-b", Section: "ITI TF-2: 3.42",
		Action: "urn:ihe:iti:2007:RegisterDocumentSet-b",
		Reply:  "urn:ihe:iti:2007:RegisterDocumentSet-bResponse",
	}
	RetrieveDocumentSet = Transaction{
		ID: "ITI-43", Name: "Retrieve Document Set", Section: "ITI TF-2: 3.43",
		Action: "urn:ihe:iti:2007:RetrieveDocumentSet",
		Reply:  "urn:ihe:iti:2007:RetrieveDocumentSetResponse",
		MTOM:   true,
	}
	MultiPatientStoredQuery = Transaction{
		ID: "ITI-51", Name: "Multi-Patient Stored Query", Section: "ITI TF-2: 3.51",
		Action: "urn:ihe:iti:2009:MultiPatientStoredQuery",
		Reply:  "urn:ihe:iti:2009:MultiPatientStoredQueryResponse",
	}
	PatientAddedFeed = Transaction{
		ID: "ITI-44", Name: "Patient Identity Feed HL7 V3", Section: "ITI TF-2: 3.44",
		Action: "urn:hl7-org:v3:PRPA_IN201301UV02",
		Reply:  "urn:hl7-org:v3:MCCI_IN000002UV01",
	}
	PatientRevisedFeed = Transaction{
		ID: "ITI-44", Name: "Patient Identity Feed HL7 V3", Section: "ITI TF-2: 3.44",
		Action: "urn:hl7-org:v3:PRPA_IN201302UV02",
		Reply:  "urn:hl7-org:v3:MCCI_IN000002UV01",
	}
	PatientDuplicatesResolvedFeed = Transaction{
		ID: "ITI-44", Name: "Patient Identity Feed HL7 V3", Section: "ITI TF-2: 3.44",
		Action: "urn:hl7-org:v3:PRPA_IN201304UV02",
		Reply:  "urn:hl7-org:v3:MCCI_IN000002UV01",
	}
	PIXV3Query = Transaction{
		ID: "ITI-45", Name: "PIXV3 Query", Section: "ITI TF-2: 3.45",
		Action: "urn:hl7-org:v3:PRPA_IN201309UV02",
		Reply:  "urn:hl7-org:v3:PRPA_IN201310UV02",
	}
	PIXV3UpdateNotification = Transaction{
		ID: "ITI-46", Name: "PIXV3 Update Notification", Section: "ITI TF-2: 3.46",
		Action: "urn:hl7-org:v3:PRPA_IN201302UV02",
		Reply:  "urn:hl7-org:v3:MCCI_IN000002UV01",
	}
	PatientDemographicsQueryV3 = Transaction{
		ID: "ITI-47", Name: "Patient Demographics Query HL7 V3", Section: "ITI TF-2: 3.47",
		Action: "urn:hl7-org:v3:PRPA_IN201305UV02",
		Reply:  "urn:hl7-org:v3:PRPA_IN201306UV02",
	}
	PatientDemographicsQueryV3Continue = Transaction{
		ID: "ITI-47", Name: "Patient Demographics Query HL7 V3", Section: "ITI TF-2: 3.47",
		Action: "urn:hl7-org:v3:QUQI_IN000003UV01_Continue",
		Reply:  "urn:hl7-org:v3:PRPA_IN201306UV02",
	}
	PatientDemographicsQueryV3Cancel = Transaction{
		ID: "ITI-47", Name: "Patient Demographics Query HL7 V3", Section: "ITI TF-2: 3.47",
		Action: "urn:hl7-org:v3:QUQI_IN000003UV01_Cancel",
		Reply:  "urn:hl7-org:v3:MCCI_IN000002UV01",
	}
)
