-- The tracks of a playlist are found by their genres.
CREATE INDEX files_by_genres ON files (ifnull(json_extract(tags, '$.genres'), '[]'), path);
