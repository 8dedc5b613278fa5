BEGIN TRANSACTION;
CREATE TABLE changes (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            path BLOB NOT NULL,
            root BLOB NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'undone')),
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            snapshot TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT;
INSERT INTO "changes" VALUES(1,1,X'2F6D757369632F62E4682FFF2E6D7033',X'2F6D75736963','done','["Pop"]','["Rock"]','{"TCON": ["Pop"]}',1.79583628338383173941e+09);
INSERT INTO "changes" VALUES(2,1,X'2F6D757369632F6E65772E666C6163',X'2F6D75736963','intended','[]','["Jazz"]','{}',1.79583628338601541517e+09);
CREATE TABLE choices (
            entry TEXT PRIMARY KEY,
            path BLOB
        ) STRICT;
INSERT INTO "choices" VALUES('mine|artist|album',X'2F6D757369632F62E4682FFF2E6D7033');
INSERT INTO "choices" VALUES('mine|artist|none',NULL);
CREATE TABLE corrections (
            path BLOB PRIMARY KEY,
            content_id TEXT,
            ours TEXT NOT NULL,
            theirs TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT;
INSERT INTO "corrections" VALUES(X'2F6D757369632F6F776E2E6F6767',NULL,'["Rock"]','["Sunday"]',1.79583628339665746687e+09);
CREATE TABLE decisions (
            path BLOB PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id),
            action TEXT NOT NULL,
            genres TEXT NOT NULL,
            genre TEXT,
            confidence REAL,
            reason TEXT NOT NULL,
            model TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT;
INSERT INTO "decisions" VALUES(X'2F6D757369632F62E4682FFF2E6D7033',1,'set','["Rock"]','Rock',0.75,'Rock at 75%','model-1',1.79583628338369107242e+09);
CREATE TABLE failures (
            path BLOB PRIMARY KEY,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            kind TEXT NOT NULL,
            reason TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT;
INSERT INTO "failures" VALUES(X'2F6D757369632F417564696F4572726F722E6D7033',1,100,1,1,3,'AudioError','damaged',1.79583628339707732199e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F436F7272757074417564696F4572726F722E6D7033',1,101,1,1,3,'CorruptAudioError','damaged',1.79583628339734816554e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F436F7272757074546167734572726F722E6D7033',1,102,1,1,3,'CorruptTagsError','damaged',1.7958362833975319862e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F46696C654368616E6765644572726F722E6D7033',1,103,1,1,3,'FileChangedError','damaged',1.79583628339768600458e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F4D6F76696E67506963747572654572726F722E6D7033',1,104,1,1,3,'MovingPictureError','damaged',1.79583628339785289764e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F4E6172726F7742616E644572726F722E6D7033',1,105,1,1,3,'NarrowBandError','damaged',1.79583628339798045156e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F4E6F74417564696F4572726F722E6D7033',1,106,1,1,3,'NotAudioError','damaged',1.79583628339812135694e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F5061796C6F61644368616E6765644572726F722E6D7033',1,107,1,1,3,'PayloadChangedError','damaged',1.79583628339826226237e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F53696C656E744572726F722E6D7033',1,108,1,1,3,'SilentError','damaged',1.79583628339839410786e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F536B69707065644572726F722E6D7033',1,109,1,1,3,'SkippedError','damaged',1.79583628339858460427e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F5461674572726F722E6D7033',1,110,1,1,3,'TagError','damaged',1.7958362833987820148e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F546F6F53686F72744572726F722E6D7033',1,111,1,1,3,'TooShortError','damaged',1.79583628339896488185e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F556E7265616461626C654572726F722E6D7033',1,112,1,1,3,'UnreadableError','damaged',1.79583628339913463595e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F556E737570706F72746564436F6E7461696E65724572726F722E6D7033',1,113,1,1,3,'UnsupportedContainerError','damaged',1.79583628339932632441e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F576F726B6572437261736865644572726F722E6D7033',1,114,1,1,3,'WorkerCrashedError','damaged',1.79583628339954185478e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F576F726B65724572726F722E6D7033',1,115,1,1,3,'WorkerError','damaged',1.79583628339970874788e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F576F726B657254696D65644F75744572726F722E6D7033',1,116,1,1,3,'WorkerTimedOutError','damaged',1.79583628339989399913e+09);
INSERT INTO "failures" VALUES(X'2F6D757369632F57726974654661696C65644572726F722E6D7033',1,117,1,1,3,'WriteFailedError','damaged',1.79583628340011882784e+09);
CREATE TABLE features (
            content_id TEXT NOT NULL,
            spec TEXT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (content_id, spec)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "features" VALUES('abababababababababababababababababababababababababababababababab@0+30','statistics-1',X'934E554D5059010076007B276465736372273A20273C6634272C2027666F727472616E5F6F72646572273A2046616C73652C20277368617065273A2028332C292C207D2020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020200A000000000000803F00000040');
CREATE TABLE files (
            path BLOB PRIMARY KEY,
            root BLOB NOT NULL,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            tags TEXT NOT NULL,
            content_id TEXT
        , handled INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "files" VALUES(X'2F6D757369632F62E4682FFF2E6D7033',X'2F6D75736963',1,2,3,4,'{"genres":["Rock"],"title":"Title","artist":"","album":"","album_artist":"","compilation":false,"duration":1.5,"isrc":""}','abababababababababababababababababababababababababababababababab@0+30',1);
INSERT INTO "files" VALUES(X'2F6D757369632F6E65772E666C6163',X'2F6D75736963',1,5,6,7,'{"genres":[],"title":"","artist":"","album":"","album_artist":"","compilation":false,"duration":0.0,"isrc":""}',NULL,0);
CREATE TABLE playlists (
            path BLOB PRIMARY KEY,
            sha256 TEXT NOT NULL,
            genre TEXT NOT NULL
        ) STRICT;
INSERT INTO "playlists" VALUES(X'2F6D757369632F506C61796C697374732F526F636B2E6D337538','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','Rock');
CREATE TABLE predictions (
            content_id TEXT NOT NULL,
            model TEXT NOT NULL,
            probabilities TEXT NOT NULL,
            PRIMARY KEY (content_id, model)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "predictions" VALUES('abababababababababababababababababababababababababababababababab@0+30','model-1','{"Rock":0.75,"Pop":0.25}');
CREATE TABLE queue (
            path BLOB PRIMARY KEY,
            root BLOB NOT NULL,
            added REAL NOT NULL,
            taken INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0
        ) STRICT;
INSERT INTO "queue" VALUES(X'2F6D757369632F6C617465722E6D7033',X'2F6D75736963',1.79583628340039873124e+09,0,0);
CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            started REAL NOT NULL,
            finished REAL
        ) STRICT;
INSERT INTO "runs" VALUES(1,'scan',1.79583628338359355927e+09,1.79583628339630484585e+09);
CREATE TABLE samples (
            path BLOB PRIMARY KEY,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            tags TEXT NOT NULL,
            content_id TEXT
        ) STRICT;
INSERT INTO "samples" VALUES(X'2F736F727465642F612E6D7033',1,9,9,9,'{"genres":["Techno"],"title":"","artist":"","album":"","album_artist":"","compilation":false,"duration":0.0,"isrc":""}','efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef@0+30');
CREATE INDEX files_by_inode ON files (device, inode);
CREATE INDEX changes_by_path ON changes (path, id);
CREATE INDEX changes_by_run ON changes (run);
CREATE INDEX files_by_album ON files (json_extract(tags, '$.album') COLLATE NOCASE);
CREATE INDEX queue_in_order ON queue (taken, failed, added, path);
COMMIT;
PRAGMA user_version = 3;
