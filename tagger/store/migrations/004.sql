-- A class may be renamed; a code in a database stays.

ALTER TABLE failures RENAME COLUMN kind TO code;

UPDATE failures SET code = CASE code
    WHEN 'CorruptAudioError' THEN 'corrupt-audio'
    WHEN 'MovingPictureError' THEN 'moving-picture'
    WHEN 'NarrowBandError' THEN 'narrow-band'
    WHEN 'NotAudioError' THEN 'not-audio'
    WHEN 'SilentError' THEN 'silent'
    WHEN 'TooShortError' THEN 'too-short'
    WHEN 'UnreadableError' THEN 'unreadable'
    WHEN 'CorruptTagsError' THEN 'corrupt-tags'
    WHEN 'PayloadChangedError' THEN 'payload-changed'
    WHEN 'UnsupportedContainerError' THEN 'unsupported-container'
    WHEN 'WorkerCrashedError' THEN 'worker-crashed'
    WHEN 'WorkerTimedOutError' THEN 'worker-timed-out'
    ELSE 'other'
END;
