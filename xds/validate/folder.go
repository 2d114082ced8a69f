package validate

import (
	"dossier/ebrim"
	"dossier/xds"
)

// folderRules are the attributes of Folder in the order of ITI TF-3: Table 4.2.3.4-1.
var folderRules = []Rule{
	metadata("folder-code-list", "ITI TF-3: 4.2.3.4.2", each(folder, code("codeList", xds.SchemeFolderCodeList, 1, many))),
	metadata("folder-last-update-time", "ITI TF-3: 4.2.3.4.6", each(folder, slot(xds.SlotLastUpdateTime, 0, 1, dtmToSecond))),
	fixed("folder-patient-id", "ITI TF-3: 4.2.3.4.7", each(folder, identifier("patientId", xds.SchemeFolderPatientID, cx))),
	metadata("folder-title", "ITI TF-3: 4.2.3.4.8", each(folder, folderTitle)),
	fixed("folder-unique-id", "ITI TF-3: 4.2.3.4.9", each(folder, identifier("uniqueId", xds.SchemeFolderUniqueID, oid))),
}

func folderTitle(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	if o.Name.First() == "" {
		report("title: expected a Name, found none")
	}
}
