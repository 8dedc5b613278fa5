-- The field of a file that a change wrote, under its name in Vorbis comments.

ALTER TABLE changes ADD COLUMN field TEXT NOT NULL DEFAULT 'GENRE';
