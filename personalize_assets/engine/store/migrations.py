"""The numbered steps that bring a control-plane database to the present form.

Append only: a step that was released is never changed. Nothing here runs them.
"""

from typing import Final

MIGRATIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE resources (
        sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
        arn            TEXT NOT NULL UNIQUE,
        kind           TEXT NOT NULL,
        account        TEXT NOT NULL,
        region         TEXT NOT NULL,
        name           TEXT NOT NULL,
        parent_arn     TEXT REFERENCES resources (arn),
        group_arn      TEXT REFERENCES resources (arn),
        status         TEXT,
        failure_reason TEXT,
        created_at     REAL NOT NULL,
        updated_at     REAL NOT NULL,
        body           TEXT NOT NULL,
        hidden         TEXT NOT NULL
    );
    CREATE INDEX resources_by_kind ON resources (kind, account, region, sequence);
    CREATE INDEX resources_by_parent ON resources (parent_arn, kind);
    CREATE INDEX resources_by_group ON resources (group_arn, kind);
    CREATE UNIQUE INDEX solution_version_names ON resources (parent_arn, name)
        WHERE kind = 'solution-version';

    CREATE TABLE tags (
        arn       TEXT NOT NULL REFERENCES resources (arn) ON DELETE CASCADE,
        tag_key   TEXT NOT NULL,
        tag_value TEXT NOT NULL,
        PRIMARY KEY (arn, tag_key)
    ) WITHOUT ROWID;

    CREATE TABLE jobs (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        kind         TEXT NOT NULL,
        resource_arn TEXT NOT NULL REFERENCES resources (arn) ON DELETE CASCADE,
        exclusive    TEXT NOT NULL,
        state        TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
        attempt      INTEGER NOT NULL,
        pid          INTEGER,
        stage        TEXT NOT NULL,
        share        REAL NOT NULL,
        not_before   REAL NOT NULL,
        created_at   REAL NOT NULL,
        started_at   REAL,
        finished_at  REAL
    );
    CREATE INDEX jobs_by_state ON jobs (state, not_before);
    CREATE INDEX jobs_by_resource ON jobs (resource_arn);
    """,
    """
    -- What PutEvents and PutActionInteractions brought, by (Action) Interactions dataset. The user
    -- is whose event it is, as sent or as found out later: known_since is 0, or the sequence of the
    -- event that told which user an anonymous session belongs to.
    CREATE TABLE events (
        sequence          INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_arn       TEXT NOT NULL REFERENCES resources (arn) ON DELETE CASCADE,
        event_id          TEXT NOT NULL,
        user_id           TEXT,
        known_since       INTEGER NOT NULL,
        session_id        TEXT NOT NULL,
        item_id           TEXT,
        event_type        TEXT NOT NULL,
        event_value       REAL,
        sent_at           INTEGER NOT NULL,
        recommendation_id TEXT,
        impression        TEXT,
        source            TEXT,
        properties        TEXT NOT NULL,
        received_at       REAL NOT NULL,
        UNIQUE (dataset_arn, event_id)
    );
    CREATE INDEX events_in_order ON events (dataset_arn, sequence);
    CREATE INDEX events_by_user ON events (dataset_arn, user_id, sent_at);
    CREATE INDEX events_by_session ON events (dataset_arn, session_id, user_id);

    -- What PutItems, PutUsers and PutActions brought, every version of it.
    CREATE TABLE records (
        sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_arn TEXT NOT NULL REFERENCES resources (arn) ON DELETE CASCADE,
        record_id   TEXT NOT NULL,
        properties  TEXT NOT NULL,
        received_at REAL NOT NULL
    );
    CREATE INDEX records_in_order ON records (dataset_arn, sequence);
    CREATE INDEX records_by_id ON records (dataset_arn, record_id);
    """,
    """
    -- What stood in the list that an event names by its recommendation id, joined by |; known where
    -- the engine had made it lately and some of it was explored.
    ALTER TABLE events ADD COLUMN shown TEXT;
    """,
)
"""Step ``n``, counting from 1, turns a database of version ``n - 1`` into one of ``n``."""
