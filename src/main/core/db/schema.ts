/**
 * The schema as forward-only steps: step i leads from version i to version i + 1. A step that has shipped is never
 * edited. Table `meta` keeps its two columns in all versions: any version of the app reads `schema_version` from it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  INSERT INTO meta VALUES ('schema_version', '0'), ('change_seq', '0');

  CREATE TABLE batches (
    batch_id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches (batch_id),
    position REAL NOT NULL,
    state TEXT NOT NULL,
    step TEXT NOT NULL,
    engine TEXT NOT NULL,
    source TEXT NOT NULL,
    voice TEXT,
    driver TEXT,
    request TEXT NOT NULL,
    request_key TEXT NOT NULL,
    identity TEXT,
    work TEXT NOT NULL,
    output TEXT,
    output_sha256 TEXT,
    output_size_bytes INTEGER,
    reused INTEGER NOT NULL,
    error TEXT,
    findings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    quarantined INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX jobs_by_position ON jobs (quarantined, position);
  CREATE INDEX jobs_by_state ON jobs (quarantined, state, engine, step, position);
  CREATE INDEX jobs_by_batch ON jobs (batch_id, position);
  CREATE INDEX jobs_by_identity ON jobs (identity);
  CREATE INDEX jobs_by_request ON jobs (request_key);
  CREATE INDEX jobs_by_output ON jobs (output);

  -- One execution of one step.
  CREATE TABLE attempts (
    job_id TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (job_id, ordinal)
  ) STRICT, WITHOUT ROWID;

  -- Files that we made and must take away again, recorded before they exist.
  CREATE TABLE temp_files (
    path TEXT PRIMARY KEY,
    job_id TEXT NOT NULL
  ) STRICT;

  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE presets (
    preset_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    engine TEXT NOT NULL,
    parameters TEXT NOT NULL,
    UNIQUE (engine, name)
  ) STRICT;
  `,
]
