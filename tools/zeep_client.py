"""Uses a Dossier server as a stranger would: through the types that zeep generates from the two WSDLs.

    zeep_client.py URL_BASE PATIENT_CX

Stores a document (ITI-41, inline base64), registers a folder (ITI-42), finds the document (ITI-18, both return types),
fetches it (ITI-43), and checks that two wrong requests are refused with the right code. Feeds two new patients (ITI-44), asks
for the ids of one (ITI-45), finds both by name, one after the other (ITI-47 with continuation), merges them, and checks that
an unknown patient is refused with the right code. One line per step; the first
mismatch ends the run with exit 1. Called by zeep.sh.
"""

import datetime
import hashlib
import sys
import uuid

import requests
import zeep

RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
STATUS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
ENTRY_UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
SECONDS = 30


class Mismatch(Exception):
    """The server answered something else than this client expects."""


def want(what, got, wanted):
    if got != wanted:
        raise Mismatch(f"{what}: got {got!r}, want {wanted!r}")


def new_oid():
    """An OID of its own for each run, under the example arc."""
    return f"2.999.7.{uuid.uuid4().int >> 64}"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M%S")


class Metadata:
    """Builds ebRIM objects with the generated types of one client."""

    def __init__(self, client, patient):
        self.client = client
        self.patient = patient

    def make(self, name, /, **fields):
        return self.client.get_type(RIM + name)(**fields)

    def slot(self, name, *values):
        return self.make("SlotType", name=name, ValueList=self.make("ValueListType", Value=list(values)))

    def text(self, value):
        one = self.make("LocalizedStringType", value=value)
        return self.make("InternationalStringType", LocalizedString=[one])

    def code(self, of, scheme, code, system, display):
        return self.make(
            "ClassificationType", id=f"{of}-{scheme[:8]}", classifiedObject=of, classificationScheme="urn:uuid:" + scheme,
            nodeRepresentation=code, Slot=[self.slot("codingScheme", system)], Name=self.text(display))

    def author(self, of, scheme):
        return self.make(
            "ClassificationType", id=f"{of}-author", classifiedObject=of, classificationScheme="urn:uuid:" + scheme,
            nodeRepresentation="", Slot=[self.slot("authorPerson", "11^Quill^Ada^^^Dr")])

    def marker(self, of, node):
        return self.make("ClassificationType", id=f"{of}-marker", classifiedObject=of, classificationNode="urn:uuid:" + node)

    def identifier(self, of, scheme, value, name):
        return self.make(
            "ExternalIdentifierType", id=f"{of}-{scheme[:8]}", registryObject=of, identificationScheme="urn:uuid:" + scheme,
            value=value, Name=self.text(name))

    def member(self, ident, target, *slots):
        return self.make(
            "AssociationType", id=ident, associationType=HAS_MEMBER, sourceObject="set", targetObject=target, Slot=list(slots))

    def document_entry(self, unique_id):
        of = "doc"
        return self.make(
            "ExtrinsicObjectType", id=of, mimeType="text/plain", objectType=STABLE,
            Slot=[self.slot("creationTime", now()), self.slot("languageCode", "en-GB"),
                  self.slot("sourcePatientId", self.patient)],
            Name=self.text("A note sent by zeep"),
            Classification=[
                self.author(of, "93606bcf-9494-43ec-9b4e-a7748d1a838d"),
                self.code(of, "41a5887f-8865-4c09-adf7-e362475b143a", "NOTE", "2.999.2.1", "Note"),
                self.code(of, "f4f85eac-e6cb-4883-b524-f2705394840f", "N", "2.16.840.1.113883.5.25", "normal"),
                self.code(of, "a09d5840-386c-46f2-b5ad-9c3699a4309d", "urn:ihe:iti:xds:2017:mimeTypeSufficient",
                          "1.3.6.1.4.1.19376.1.2.3", "mimeType sufficient"),
                self.code(of, "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1", "CLINIC", "2.999.2.2", "Clinic"),
                self.code(of, "cccf5598-8b07-4b77-a05e-ae952c785ead", "GENERAL", "2.999.2.3", "General"),
                self.code(of, "f0306f51-975f-434e-a61c-c59651d33983", "11506-3", "2.16.840.1.113883.6.1", "Progress note")],
            ExternalIdentifier=[
                self.identifier(of, "58a6f841-87b3-4a3e-92fd-a8ffeff98427", self.patient, "XDSDocumentEntry.patientId"),
                self.identifier(of, ENTRY_UNIQUE_ID[9:], unique_id, "XDSDocumentEntry.uniqueId")])

    def submission_set(self):
        of = "set"
        return self.make(
            "RegistryPackageType", id=of, Slot=[self.slot("submissionTime", now())],
            Classification=[
                self.author(of, "a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"),
                self.code(of, "aa543740-bdda-424e-8c96-df4873be8500", "NOTE", "2.999.2.4", "Note"),
                self.marker(of, "a54d6aa5-d40d-43f9-88c5-b4633d873bdd")],
            ExternalIdentifier=[
                self.identifier(of, "96fdda7c-d067-4183-912e-bf5ee74998a8", new_oid(), "XDSSubmissionSet.uniqueId"),
                self.identifier(of, "554ac39e-e3fe-47fe-b233-965d2a147832", "2.999.7", "XDSSubmissionSet.sourceId"),
                self.identifier(of, "6b5aea1a-874d-4603-a4bc-96a0a7b38446", self.patient, "XDSSubmissionSet.patientId")])

    def folder(self):
        of = "folder"
        return self.make(
            "RegistryPackageType", id=of, Name=self.text("A folder sent by zeep"),
            Classification=[
                self.code(of, "1ba97051-7806-41a8-a48b-8fce7af683c5", "CASE", "2.999.2.5", "Case"),
                self.marker(of, "d9d542f3-6cc4-48b6-8870-ea235fbc94c2")],
            ExternalIdentifier=[
                self.identifier(of, "75df8f67-9973-4fbe-a900-df66cefecc5a", new_oid(), "XDSFolder.uniqueId"),
                self.identifier(of, "f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a", self.patient, "XDSFolder.patientId")])

    @staticmethod
    def object_list(*objects):
        """The list is a choice of classes: zeep wants each object under its element's name."""
        return {"_value_1": [{type(o).__name__.removesuffix("Type"): o} for o in objects]}


def listed(answer, name):
    """The objects of one class in a query answer, in order."""
    rows = answer.RegistryObjectList._value_1 if answer.RegistryObjectList else None
    return [row[name] for row in rows or [] if name in row]


def value(slots, name):
    for slot in slots:
        if slot.name == name and slot.ValueList.Value:
            return slot.ValueList.Value[0]
    return None


def unique_id(entry):
    return [i.value for i in entry.ExternalIdentifier if i.identificationScheme == ENTRY_UNIQUE_ID]


def problems(response):
    errors = response.RegistryErrorList.RegistryError if response.RegistryErrorList else []
    return [f"{e.errorCode}: {e.codeContext}" for e in errors]


def want_success(what, response):
    if response.status != STATUS + "Success":
        raise Mismatch(f"{what}: got {response.status}, want Success; {'; '.join(problems(response))[:2000]}")


def want_refusal(what, response, code):
    want(what + " status", response.status, STATUS + "Failure")
    codes = [p.partition(":")[0] for p in problems(response)]
    want(what + " errorCode", codes, [code])


class Session:
    """One run: two clients on one server, for one patient."""

    def __init__(self, base, patient):
        self.base = base
        self.registry = self.open(base + "/xds/registry?wsdl")
        self.repository = self.open(base + "/xds/repository?wsdl")
        self.patient = patient
        self.unique_id = new_oid()
        self.content = f"A note for the registry.\r\nRun {self.unique_id}.\n".encode()

    @staticmethod
    def open(url):
        transport = zeep.Transport(session=requests.Session(), timeout=SECONDS, operation_timeout=SECONDS)
        client = zeep.Client(url, transport=transport)
        ports = [p for s in client.wsdl.services.values() for p in s.ports.values()]
        want(url + " address", [p.binding_options["address"] for p in ports], [url.removesuffix("?wsdl")])
        return client

    def find(self, return_type, query=FIND_DOCUMENTS):
        m = Metadata(self.registry, self.patient)
        parameters = [m.slot("$XDSDocumentEntryPatientId", "'" + self.patient.replace("'", "''") + "'"),
                      m.slot("$XDSDocumentEntryStatus", f"('{APPROVED}')")]
        return self.registry.service.DocumentRegistry_RegistryStoredQuery(
            ResponseOption={"returnType": return_type, "returnComposedObjects": True},
            AdhocQuery=m.make("AdhocQueryType", id=query, Slot=parameters))

    def retrieve(self, repository, document):
        return self.repository.service.DocumentRepository_RetrieveDocumentSet(
            DocumentRequest=[{"RepositoryUniqueId": repository, "DocumentUniqueId": document}])

    def provide(self):
        m = Metadata(self.repository, self.patient)
        objects = m.object_list(
            m.document_entry(self.unique_id), m.submission_set(), m.member("m1", "doc", m.slot("SubmissionSetStatus", "Original")))
        send = self.repository.service["DocumentRepository_ProvideAndRegisterDocumentSet-b"]
        answer = send(SubmitObjectsRequest={"RegistryObjectList": objects}, Document=[{"_value_1": self.content, "id": "doc"}])
        want_success("ITI-41", answer)
        return f"stored {self.unique_id}, {len(self.content)} bytes"

    def register(self):
        m = Metadata(self.registry, self.patient)
        objects = m.object_list(m.submission_set(), m.folder(), m.member("m1", "folder"))
        answer = self.registry.service["DocumentRegistry_RegisterDocumentSet-b"](RegistryObjectList=objects)
        want_success("ITI-42", answer)
        return "registered a folder"

    def leaf_class(self):
        answer = self.find("LeafClass")
        want_success("ITI-18 LeafClass", answer)
        entries = listed(answer, "ExtrinsicObject")
        mine = [e for e in entries if unique_id(e) == [self.unique_id]]
        want("ITI-18 LeafClass entries with our uniqueId", len(mine), 1)
        entry = self.entry = mine[0]
        want("ITI-18 status", entry.status, APPROVED)
        want("ITI-18 mimeType", entry.mimeType, "text/plain")
        want("ITI-18 size", value(entry.Slot, "size"), str(len(self.content)))
        want("ITI-18 hash", (value(entry.Slot, "hash") or "").lower(), hashlib.sha1(self.content).hexdigest())
        want("ITI-18 sourcePatientId", value(entry.Slot, "sourcePatientId"), self.patient)
        want("ITI-18 Classifications", len(entry.Classification), 7)
        want("ITI-18 parents of Classifications", {c.classifiedObject for c in entry.Classification}, {entry.id})
        return f"{len(entries)} entries, ours is {entry.id}"

    def object_ref(self):
        answer = self.find("ObjectRef")
        want_success("ITI-18 ObjectRef", answer)
        ids = [r.id for r in listed(answer, "ObjectRef")]
        want("ITI-18 ObjectRef of our entry", ids.count(self.entry.id), 1)
        want("ITI-18 ObjectRef full objects", len(listed(answer, "ExtrinsicObject")), 0)
        return f"{len(ids)} references, ours among them"

    def fetch(self):
        repository = value(self.entry.Slot, "repositoryUniqueId")
        answer = self.retrieve(repository, self.unique_id)
        want_success("ITI-43", answer.RegistryResponse)
        want("ITI-43 documents", len(answer.DocumentResponse), 1)
        got = answer.DocumentResponse[0]
        want("ITI-43 ids", (got.RepositoryUniqueId, got.DocumentUniqueId), (repository, self.unique_id))
        want("ITI-43 mimeType", got.mimeType, "text/plain")
        want("ITI-43 content", got.Document, self.content)
        return f"{len(got.Document)} equal bytes from {repository}"

    def unknown_document(self):
        answer = self.retrieve(value(self.entry.Slot, "repositoryUniqueId"), new_oid())
        want_refusal("ITI-43 unknown document", answer.RegistryResponse, "XDSDocumentUniqueIdError")
        want("ITI-43 unknown document, documents", len(answer.DocumentResponse or []), 0)
        return "refused with XDSDocumentUniqueIdError"

    def unknown_query(self):
        answer = self.find("ObjectRef", f"urn:uuid:{uuid.uuid4()}")
        want_refusal("ITI-18 unknown query", answer, "XDSUnknownStoredQuery")
        return "refused with XDSUnknownStoredQuery"

    def steps(self):
        identity = Identity(self.base, self.patient)
        return [("ITI-41 ProvideAndRegisterDocumentSet-b", self.provide), ("ITI-42 RegisterDocumentSet-b", self.register),
                ("ITI-18 FindDocuments LeafClass", self.leaf_class), ("ITI-18 FindDocuments ObjectRef", self.object_ref),
                ("ITI-43 RetrieveDocumentSet", self.fetch), ("ITI-43 unknown document", self.unknown_document),
                ("ITI-18 unknown query", self.unknown_query)] + identity.steps()


HL7 = "{urn:hl7-org:v3}"


class Identity:
    """HL7 v3: the PIX Manager and the Patient Demographics Supplier of the same server."""

    DEVICE, SERVER = "2.999.7.1", "2.999.1.3"

    def __init__(self, base, patient):
        self.manager = Session.open(base + "/pix/manager?wsdl")
        self.supplier = Session.open(base + "/pdq/supplier?wsdl")
        self.domain = patient.split("&")[1]
        run = uuid.uuid4().hex[:12]
        self.family = "Zeep" + run
        self.first, self.second = f"Z1-{run}", f"Z2-{run}"
        self.query_id = {"root": str(uuid.uuid4())}

    def device(self, oid, code):
        return {"typeCode": code, "device": {"classCode": "DEV", "determinerCode": "INSTANCE", "id": {"root": oid}}}

    def wrapper(self, interaction):
        return {
            "ITSVersion": "XML_1.0", "id": {"root": str(uuid.uuid4())}, "creationTime": {"value": now()},
            "interactionId": {"root": "2.16.840.1.113883.1.6", "extension": interaction}, "processingCode": {"code": "T"},
            "processingModeCode": {"code": "T"}, "acceptAckCode": {"code": "AL"},
            "receiver": self.device(self.SERVER, "RCV"), "sender": self.device(self.DEVICE, "SND")}

    @staticmethod
    def act(trigger, **content):
        return {"classCode": "CACT", "moodCode": "EVN", "code": {"code": trigger, "codeSystem": "2.16.840.1.113883.1.6"}, **content}

    def event(self, patient_id, given, **more):
        instance = {"determinerCode": "INSTANCE"}
        patient = {
            "classCode": "PAT", "id": [{"root": self.domain, "extension": patient_id}], "statusCode": {"code": "active"},
            "patientPerson": {
                "classCode": "PSN", **instance, "name": [{"_value_1": [{"given": given}, {"family": self.family}]}],
                "administrativeGenderCode": {"code": "F"}, "birthTime": {"value": "19800229"}},
            "providerOrganization": {
                "classCode": "ORG", **instance, "id": [{"root": self.domain}], "contactParty": {"classCode": "CON"}}}
        return {
            "typeCode": "SUBJ", "contextConductionInd": False,
            "registrationEvent": {
                "classCode": "REG", "moodCode": "EVN", "statusCode": {"code": "active"},
                "subject1": {"typeCode": "SBJ", "patient": patient},
                "custodian": {"typeCode": "CST", "assignedEntity": {"classCode": "ASSIGNED", "id": [{"root": self.domain}]}}, **more}}

    def feed(self, interaction, event, want_type="CA"):
        send = self.manager.service["PIXManager_" + interaction]
        answer = send(**self.wrapper(interaction), controlActProcess=self.act(interaction.replace("_IN", "_TE"), subject=event))
        details = [(d.code.code, d.text) for d in answer.acknowledgement.acknowledgementDetail]
        if answer.acknowledgement.typeCode.code != want_type:
            raise Mismatch(f"{interaction}: got {answer.acknowledgement.typeCode.code}, want {want_type}; {details}")
        return details

    def added(self):
        self.feed("PRPA_IN201301UV02", self.event(self.first, "Anna"))
        self.feed("PRPA_IN201301UV02", self.event(self.second, "Anne"))
        return f"{self.first} and {self.second} are known"

    def revised(self):
        self.feed("PRPA_IN201302UV02", self.event(self.first, "Annika"))
        return f"{self.first} has another name"

    def ask(self, patient_id):
        interaction = "PRPA_IN201309UV02"
        query = {
            "queryId": {"root": str(uuid.uuid4())}, "statusCode": {"code": "new"}, "responsePriorityCode": {"code": "I"},
            "parameterList": {"patientIdentifier": {
                "value": {"root": self.domain, "extension": patient_id}, "semanticsText": "Patient.id"}}}
        send = self.manager.service["PIXManager_" + interaction]
        return send(**self.wrapper(interaction), controlActProcess=self.act("PRPA_TE201309UV02", queryByParameter=query))

    def cross_references(self):
        answer = self.ask(self.first)
        want("ITI-45", (answer.acknowledgement.typeCode.code, answer.controlActProcess.queryAck.queryResponseCode.code), ("AA", "NF"))
        echo = answer.controlActProcess.queryByParameter.parameterList.patientIdentifier.value.extension
        want("ITI-45 echo", echo, self.first)
        return "known, no other ids"

    def unknown_patient(self):
        answer = self.ask("nobody-" + self.first)
        got = answer.acknowledgement
        want("ITI-45 unknown patient", (got.typeCode.code, [d.code.code for d in got.acknowledgementDetail]), ("AE", ["204"]))
        return "refused with 204 at " + got.acknowledgementDetail[0].location[0]

    def find(self):
        interaction = "PRPA_IN201305UV02"
        degree = self.supplier.get_type(HL7 + "INT")(value=50)
        query = {
            "queryId": self.query_id, "statusCode": {"code": "new"}, "responsePriorityCode": {"code": "I"}, "initialQuantity": {"value": 1},
            "matchCriterionList": {"minimumDegreeMatch": {"value": degree, "semanticsText": "MinimumDegreeMatch"}},
            "parameterList": {"livingSubjectName": {
                "value": {"_value_1": [{"family": self.family}]}, "semanticsText": "LivingSubject.name"}}}
        send = self.supplier.service["PDSupplier_" + interaction]
        answer = send(**self.wrapper(interaction), controlActProcess=self.act("PRPA_TE201305UV02", queryByParameter=query))
        return self.one_of_two(answer, "ITI-47", 1)

    def go_on(self, status, interaction, **more):
        send = self.supplier.service["PDSupplier_" + interaction]
        return send(
            **self.wrapper("QUQI_IN000003UV01"), acknowledgement={"typeCode": {"code": "AA"}, "targetMessage": {"id": self.previous}},
            controlActProcess=self.act("PRPA_TE000003UV01", queryContinuation={
                "queryId": self.query_id, "statusCode": {"code": status}, **more}))

    def find_more(self):
        answer = self.go_on("waitContinuedQueryResponse", "QUQI_IN000003UV01_Continue",
                            startResultNumber={"value": 2}, continuationQuantity={"value": 1})
        return self.one_of_two(answer, "ITI-47 continuation", 0)

    def one_of_two(self, answer, what, remaining):
        self.previous = {"root": answer.id.root, "extension": answer.id.extension}
        ack = answer.controlActProcess.queryAck
        want(what, (answer.acknowledgement.typeCode.code, ack.queryResponseCode.code), ("AA", "OK"))
        want(what + " quantities", (ack.resultTotalQuantity.value, ack.resultCurrentQuantity.value, ack.resultRemainingQuantity.value),
             (2, 1, remaining))
        patients = [s.registrationEvent.subject1.patient for s in answer.controlActProcess.subject]
        degree = patients[0].subjectOf1.queryMatchObservation.value
        return f"{patients[0].id[0].extension}, degree {degree.value}"

    def cancel(self):
        answer = self.go_on("aborted", "QUQI_IN000003UV01_Cancel")
        want("ITI-47 cancellation", answer.acknowledgement.typeCode.code, "CA")
        return "accepted"

    def merged(self):
        prior = {"typeCode": "SBJ", "priorRegisteredRole": {"classCode": "PAT", "id": {"root": self.domain, "extension": self.second}}}
        replacement = {"typeCode": "RPLC", "priorRegistration": {
            "classCode": "REG", "moodCode": "EVN", "statusCode": {"code": "obsolete"}, "subject1": prior}}
        self.feed("PRPA_IN201304UV02", self.event(self.first, "Annika", replacementOf=replacement))
        return f"{self.second} is now {self.first}"

    def merged_is_gone(self):
        answer = self.ask(self.second)
        want("ITI-45 subsumed patient", [d.code.code for d in answer.acknowledgement.acknowledgementDetail], ["204"])
        return "refused with 204"

    def steps(self):
        return [("ITI-44 PRPA_IN201301UV02", self.added), ("ITI-44 PRPA_IN201302UV02", self.revised),
                ("ITI-45 PRPA_IN201309UV02", self.cross_references), ("ITI-45 unknown patient", self.unknown_patient),
                ("ITI-47 PRPA_IN201305UV02", self.find), ("ITI-47 QUQI_IN000003UV01_Continue", self.find_more),
                ("ITI-47 QUQI_IN000003UV01_Cancel", self.cancel), ("ITI-44 PRPA_IN201304UV02", self.merged),
                ("ITI-45 subsumed patient", self.merged_is_gone)]


def main(base, patient):
    step = "WSDL"
    try:
        session = Session(base.rstrip("/"), patient)
        print(f"ok  {step}: loaded, addresses as asked")
        for step, run in session.steps():
            print(f"ok  {step}: {run()}", flush=True)
    except (Mismatch, zeep.exceptions.Error, requests.RequestException) as problem:
        print(f"BAD {step}: {type(problem).__name__}: {problem}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} URL_BASE PATIENT_CX")
    sys.exit(main(sys.argv[1], sys.argv[2]))
