-- Words on a clip that is no music, such as "sounds like speech (0.9)"; empty for music.

ALTER TABLE predictions ADD COLUMN sound TEXT NOT NULL DEFAULT '';
