import type { DatabaseSync } from 'node:sqlite'

/** The number of migrations that a database has seen. */
export function readVersion(connection: DatabaseSync): number {
  return Number(connection.prepare('PRAGMA user_version').get()?.['user_version'])
}

/** Leads a database forward to version `target` in one transaction; a newer one is left alone. */
export function migrate(connection: DatabaseSync, migrations: readonly string[], target: number): void {
  const version = readVersion(connection)
  if (version >= target) return
  connection.exec('BEGIN IMMEDIATE')
  try {
    for (const sql of migrations.slice(version, target)) connection.exec(sql)
    connection.prepare(`UPDATE meta SET value = ? WHERE key = 'schema_version'`).run(String(target))
    connection.exec(`PRAGMA user_version = ${target}`)
    connection.exec('COMMIT')
  } catch (thrown) {
    if (connection.isTransaction) connection.exec('ROLLBACK')
    throw thrown
  }
}
