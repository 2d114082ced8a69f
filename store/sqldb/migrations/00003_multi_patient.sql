-- +goose Up

-- ITI-51 asks for codes without naming patients. A code alone tells enough: few coding schemes share one. These two are indexes
-- over an expression, so that no plan starts from a code when there is a patient: it takes a statement that says class_code || ''.
CREATE INDEX document_entry_class ON document_entry ((class_code || '')); -- sqlite
-- postgres: CREATE INDEX document_entry_class ON document_entry USING hash ((class_code || ''));
CREATE INDEX document_entry_facility ON document_entry ((facility_code || '')); -- sqlite
-- postgres: CREATE INDEX document_entry_facility ON document_entry USING hash ((facility_code || ''));

CREATE INDEX event_code_code ON event_code (code, scheme); -- sqlite
-- postgres: CREATE INDEX event_code_code ON event_code USING hash (code);
CREATE INDEX folder_code_code ON folder_code (code, scheme); -- sqlite
-- postgres: CREATE INDEX folder_code_code ON folder_code USING hash (code);
