import pino from 'pino'
import { openDatabase } from '../../src/main/core/db/database.ts'
import { MIGRATIONS } from '../../src/main/core/db/schema.ts'

/** The program that is killed while it updates a database: adds a step of several statements to the shipped ones. */
const [dataDir = ''] = process.argv.slice(2)
const step = `
  CREATE TABLE later (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  INSERT INTO later SELECT key, value FROM settings;
  ALTER TABLE presets ADD COLUMN later TEXT;
  UPDATE settings SET value = 'updated';
`
const logger = pino({ enabled: false })
openDatabase({ dataDir, now: Date.now, logger, migrations: [...MIGRATIONS, step] }).close()
