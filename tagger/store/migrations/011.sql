-- The analyzed files of each root in the order of their sound, which is a hash: the first are a sample.
CREATE INDEX files_by_sound ON files (root, content_id) WHERE content_id IS NOT NULL;
