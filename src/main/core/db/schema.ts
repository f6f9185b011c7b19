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
  CREATE INDEX jobs_by_identity ON jobs (identity, quarantined, position);
  CREATE INDEX jobs_by_request ON jobs (request_key, quarantined, position);
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
  `
  -- Set for a result that can be fetched for a limited time only: rows that are due are started first.
  ALTER TABLE jobs ADD COLUMN due_at INTEGER;
  -- What a vendor made of the job, for lists: operation, request id, quote, usage.
  ALTER TABLE jobs ADD COLUMN remote TEXT NOT NULL DEFAULT '{}';
  CREATE INDEX jobs_by_output_hash ON jobs (output_sha256);

  -- The most that a batch may spend, in the currency of its engine.
  ALTER TABLE batches ADD COLUMN max_cost REAL;

  -- Every paid request ever meant to be sent, written before its first byte. No reference to jobs: a row outlives its job.
  CREATE TABLE submit_attempts (
    attempt_id TEXT PRIMARY KEY,
    ordinal INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    intent_at INTEGER NOT NULL,
    intent_monotonic_ms REAL NOT NULL,
    vendor_offset_ms INTEGER,
    outcome TEXT,
    answered_at INTEGER,
    vendor_id TEXT,
    request_id TEXT,
    http_status INTEGER,
    answer TEXT,
    charge_state TEXT NOT NULL,
    is_adopted INTEGER NOT NULL DEFAULT 0,
    decision TEXT,
    verdict TEXT,
    vanished_at INTEGER,
    vendor_state TEXT,
    vendor_times TEXT NOT NULL DEFAULT '{}',
    expires_at INTEGER,
    video_seconds REAL
  ) STRICT;
  CREATE INDEX submit_attempts_by_job ON submit_attempts (job_id, ordinal);
  CREATE INDEX submit_attempts_by_vendor_id ON submit_attempts (vendor, vendor_id);
  CREATE TRIGGER submit_attempts_stay BEFORE DELETE ON submit_attempts
    BEGIN SELECT raise(ABORT, 'an attempt is never deleted'); END;
  CREATE TRIGGER submit_attempts_keep_vendor_id BEFORE UPDATE OF vendor_id ON submit_attempts
    WHEN OLD.vendor_id IS NOT NULL AND NEW.vendor_id IS NOT OLD.vendor_id
    BEGIN SELECT raise(ABORT, 'a vendor id is never taken back'); END;

  -- Files put where a vendor can fetch them, recorded before their first byte is sent.
  CREATE TABLE stored_objects (
    object_id TEXT PRIMARY KEY,
    storage_id TEXT NOT NULL,
    object_key TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    model TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL,
    is_whole INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
  CREATE INDEX stored_objects_by_content ON stored_objects (content_sha256, storage_id, model);
  CREATE TABLE object_uses (
    object_id TEXT NOT NULL REFERENCES stored_objects (object_id) ON DELETE CASCADE,
    job_id TEXT NOT NULL,
    PRIMARY KEY (object_id, job_id)
  ) STRICT, WITHOUT ROWID;

  -- What a vendor's own check said of a picture, by the picture's contents.
  CREATE TABLE source_verdicts (
    vendor TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    pass INTEGER NOT NULL,
    message TEXT NOT NULL,
    request_id TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (vendor, content_sha256)
  ) STRICT, WITHOUT ROWID;

  -- Our own book of money: what was set aside before each paid call, and what it cost in the end. Void: not charged.
  CREATE TABLE spend (
    entry_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reserved REAL NOT NULL,
    used REAL,
    is_void INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX spend_by_batch ON spend (batch_id);
  CREATE INDEX spend_by_job ON spend (job_id);
  CREATE INDEX spend_by_time ON spend (currency, at);

  -- What is remembered of a secret outside the keychain; nothing of it can be turned back into the secret.
  CREATE TABLE secret_markers (
    account TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    kept_in TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Where a result lies and how long the vendor knows of it; what was left on the account around a request, as JSON.
  ALTER TABLE submit_attempts ADD COLUMN result_url TEXT;
  ALTER TABLE submit_attempts ADD COLUMN record_expires_at INTEGER;
  ALTER TABLE submit_attempts ADD COLUMN balance_before TEXT;
  ALTER TABLE submit_attempts ADD COLUMN balance_after TEXT;
  -- Length of a video whose price the vendor itself told.
  ALTER TABLE spend ADD COLUMN told_seconds REAL;
  `,
]
