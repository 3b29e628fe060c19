-- The text that the author of a version sent, with its comments and order. Null for a version from before this migration, and
-- for the empty definition of a draft that was created without one.

ALTER TABLE workflow_versions ADD COLUMN source_format TEXT
    CONSTRAINT workflow_versions_source_format CHECK (source_format IN ('json', 'yaml'));
ALTER TABLE workflow_versions ADD COLUMN source TEXT
    CONSTRAINT workflow_versions_source CHECK ((source IS NULL) = (source_format IS NULL));
