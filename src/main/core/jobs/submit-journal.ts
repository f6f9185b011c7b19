import { z } from 'zod'
import type { ChargeState } from '../../../shared/errors.ts'
import { chargeStateSchema } from '../../../shared/model/error.ts'
import { engineIdSchema, type EngineId } from '../../../shared/model/engine.ts'
import { moneySchema, type Money, type SubmitAttemptView } from '../../../shared/model/job.ts'
import type { Database, Row } from '../db/database.ts'

/** Enough of an answer for a person to judge it, and no more. */
const MAX_ANSWER = 4096

const timesSchema = z
  .object({ submitted: z.string().optional(), scheduled: z.string().optional(), ended: z.string().optional() })
  .catch({})

const balanceSchema = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : (moneySchema.safeParse(JSON.parse(text)).data ?? null)))

const attemptRowSchema = z
  .object({
    attempt_id: z.string(),
    job_id: z.string(),
    vendor: engineIdSchema,
    key_fingerprint: z.string(),
    endpoint: z.string(),
    intent_at: z.number(),
    vendor_offset_ms: z.number().nullable(),
    outcome: z.enum(['accepted', 'rejected', 'ambiguous']).nullable(),
    answered_at: z.number().nullable(),
    vendor_id: z.string().nullable(),
    request_id: z.string().nullable(),
    http_status: z.number().nullable(),
    charge_state: chargeStateSchema,
    is_adopted: z.number(),
    decision: z.enum(['again', 'dropped']).nullable(),
    verdict: z.enum(['succeeded', 'failed', 'cancelled']).nullable(),
    vanished_at: z.number().nullable(),
    vendor_state: z.string().nullable(),
    vendor_times: z.string(),
    expires_at: z.number().nullable(),
    video_seconds: z.number().nullable(),
    result_url: z.string().nullable(),
    record_expires_at: z.number().nullable(),
    balance_before: balanceSchema,
    balance_after: balanceSchema,
  })
  .transform((row) => ({
    attemptId: row.attempt_id,
    jobId: row.job_id,
    vendor: row.vendor,
    keyFingerprint: row.key_fingerprint,
    endpoint: row.endpoint,
    intentAt: row.intent_at,
    /** The vendor's clock minus ours, by its last answer before the request. */
    vendorOffsetMs: row.vendor_offset_ms,
    /** Null: no answer was ever seen. As good as `ambiguous` once the request is no longer in the air. */
    outcome: row.outcome,
    answeredAt: row.answered_at,
    vendorId: row.vendor_id,
    requestId: row.request_id,
    httpStatus: row.http_status,
    chargeState: row.charge_state,
    isAdopted: row.is_adopted === 1,
    /** What the user said of an unknown outcome: it was not taken, pay again; or: give it up. */
    decision: row.decision,
    /** The vendor's last word. */
    verdict: row.verdict,
    vanishedAt: row.vanished_at,
    vendorState: row.vendor_state,
    times: timesSchema.parse(JSON.parse(row.vendor_times)),
    expiresAt: row.expires_at,
    videoSeconds: row.video_seconds,
    /** Only where an address is good for as long as the result lives. */
    resultUrl: row.result_url,
    recordExpiresAt: row.record_expires_at,
    balanceBefore: row.balance_before,
    balanceAfter: row.balance_after,
  }))
export type SubmitAttempt = z.infer<typeof attemptRowSchema>

export type SubmitIntent = {
  readonly attemptId: string
  readonly jobId: string
  readonly vendor: EngineId
  readonly keyFingerprint: string
  readonly endpoint: string
  readonly bodySha256: string
  readonly intentAt: number
  readonly intentMonotonicMs: number
  readonly vendorOffsetMs: number | null
  readonly balanceBefore?: Money | null
}

export type SubmitJournal = ReturnType<typeof createSubmitJournal>

/**
 * Our record of intents to spend. A row is durable before the first byte of its request is sent; no row is ever
 * deleted, and a vendor's id is never taken back (the schema refuses both).
 */
export function createSubmitJournal(database: Database) {
  const rows = (found: readonly Row[]): SubmitAttempt[] => found.map((row) => attemptRowSchema.parse(row))
  const change = (attemptId: string, sql: string, ...values: (string | number | null)[]): void => {
    const changed = database.run(`UPDATE submit_attempts SET ${sql} WHERE attempt_id = ?`, ...values, attemptId)
    if (changed !== 1) throw new Error(`No attempt ${attemptId}`)
  }
  const ofJob = (jobId: string): SubmitAttempt[] =>
    rows(database.all('SELECT * FROM submit_attempts WHERE job_id = ? ORDER BY ordinal', jobId))

  return {
    ofJob,

    /** Durable when it returns. */
    begin: (intent: SubmitIntent): void => {
      database.run(
        `INSERT INTO submit_attempts (attempt_id, ordinal, job_id, vendor, key_fingerprint, endpoint, body_sha256,
           intent_at, intent_monotonic_ms, vendor_offset_ms, balance_before, charge_state)
         SELECT ?, coalesce(max(ordinal), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'possible' FROM submit_attempts`,
        intent.attemptId,
        intent.jobId,
        intent.vendor,
        intent.keyFingerprint,
        intent.endpoint,
        intent.bodySha256,
        intent.intentAt,
        intent.intentMonotonicMs,
        intent.vendorOffsetMs,
        intent.balanceBefore === undefined || intent.balanceBefore === null
          ? null
          : JSON.stringify(intent.balanceBefore),
      )
    },

    /** The vendor took it: its id is kept for good. */
    accept: (
      attemptId: string,
      operation: { id: string; requestId?: string | undefined },
      at: number,
      isAdopted: boolean,
      recordLifeMs: number,
    ) =>
      change(
        attemptId,
        `outcome = 'accepted', vendor_id = ?, request_id = coalesce(?, request_id), answered_at = ?, is_adopted = ?,
           decision = NULL, charge_state = 'possible', record_expires_at = intent_at + ?`,
        operation.id,
        operation.requestId ?? null,
        at,
        isAdopted ? 1 : 0,
        recordLifeMs,
      ),

    /** What is left on the account some time after the request. */
    noteBalance: (attemptId: string, balance: Money) => change(attemptId, 'balance_after = ?', JSON.stringify(balance)),

    /** Proof that nothing was taken. */
    reject: (attemptId: string, httpStatus: number | null, at: number) =>
      change(
        attemptId,
        `outcome = 'rejected', http_status = ?, answered_at = ?, charge_state = 'none'`,
        httpStatus,
        at,
      ),

    /** No proof of anything. `answer` must be redacted. */
    doubt: (attemptId: string, known: { httpStatus: number | null; answer: string; vendorId?: string }, at: number) =>
      change(
        attemptId,
        `outcome = 'ambiguous', http_status = ?, answer = ?, vendor_id = coalesce(vendor_id, ?), answered_at = ?`,
        known.httpStatus,
        known.answer.slice(0, MAX_ANSWER),
        known.vendorId ?? null,
        at,
      ),

    /** What the vendor says of a running operation. */
    saw: (attemptId: string, vendorState: string, times: SubmitAttempt['times']) =>
      change(
        attemptId,
        'vendor_state = ?, vendor_times = ?, vanished_at = NULL',
        vendorState.slice(0, 100),
        JSON.stringify(times),
      ),

    settle: (
      attemptId: string,
      verdict: NonNullable<SubmitAttempt['verdict']>,
      chargeState: ChargeState,
      facts: { expiresAt?: number | null; videoSeconds?: number | null; resultUrl?: string | null } = {},
    ) =>
      change(
        attemptId,
        `verdict = ?, charge_state = ?, vanished_at = NULL, expires_at = coalesce(?, expires_at),
           video_seconds = coalesce(?, video_seconds), result_url = coalesce(?, result_url)`,
        verdict,
        chargeState,
        facts.expiresAt ?? null,
        facts.videoSeconds ?? null,
        facts.resultUrl ?? null,
      ),

    vanish: (attemptId: string, at: number) => change(attemptId, 'vanished_at = coalesce(vanished_at, ?)', at),

    decide: (attemptId: string, decision: SubmitAttempt['decision']) => change(attemptId, 'decision = ?', decision),

    /**
     * The attempt of a job that forbids another one: taken and not ended by the vendor as failed or cancelled, or of
     * unknown outcome and not yet decided to be paid again.
     */
    standing: (jobId: string): SubmitAttempt | null =>
      ofJob(jobId).findLast(
        ({ outcome, verdict, decision }) =>
          outcome !== 'rejected' && verdict !== 'failed' && verdict !== 'cancelled' && decision !== 'again',
      ) ?? null,

    /** The job that an operation belongs to, if any. */
    ownerOf: (vendor: EngineId, vendorId: string): string | null => {
      const owner = database.get(
        'SELECT job_id FROM submit_attempts WHERE vendor = ? AND vendor_id = ? ORDER BY ordinal LIMIT 1',
        vendor,
        vendorId,
      )?.['job_id']
      return typeof owner === 'string' ? owner : null
    },

    /** Operations at the vendor whose job is still being worked on. */
    openOperations: (vendor: EngineId): number =>
      Number(
        database.get(
          `SELECT count(*) AS n FROM submit_attempts WHERE vendor = ? AND outcome = 'accepted' AND verdict IS NULL
             AND vanished_at IS NULL AND job_id IN (SELECT job_id FROM jobs WHERE state IN ('queued', 'running', 'waiting'))`,
          vendor,
        )?.['n'],
      ),

    /** Attempts whose answer was lost and on which nobody has decided. */
    uncertain: (vendor: EngineId): SubmitAttempt[] =>
      rows(
        database.all(
          `SELECT * FROM submit_attempts WHERE vendor = ? AND (outcome IS NULL OR outcome = 'ambiguous')
             AND decision IS NULL ORDER BY ordinal`,
          vendor,
        ),
      ),

    /** Operations without an end whose job waits for the user: they may still come back by themselves. */
    unended: (vendor: EngineId): SubmitAttempt[] =>
      rows(
        database.all(
          `SELECT * FROM submit_attempts WHERE vendor = ? AND outcome = 'accepted' AND verdict IS NULL
             AND decision IS NULL AND job_id IN (SELECT job_id FROM jobs WHERE state = 'needs_attention')
             ORDER BY ordinal`,
          vendor,
        ),
      ),
  }
}

/** What hosts see of an attempt. */
export function toSubmitView(attempt: SubmitAttempt): SubmitAttemptView {
  const { vendorId, requestId, httpStatus, verdict, vendorState, expiresAt } = attempt
  const { recordExpiresAt, balanceBefore, balanceAfter } = attempt
  return {
    attemptId: attempt.attemptId,
    vendor: attempt.vendor,
    keyFingerprint: attempt.keyFingerprint,
    endpoint: attempt.endpoint,
    intentAt: attempt.intentAt,
    outcome: attempt.outcome,
    chargeState: attempt.chargeState,
    isAdopted: attempt.isAdopted,
    times: attempt.times,
    ...(vendorId === null ? {} : { operation: vendorId }),
    ...(requestId === null ? {} : { requestId }),
    ...(httpStatus === null ? {} : { httpStatus }),
    ...(verdict === null ? {} : { verdict }),
    ...(vendorState === null ? {} : { vendorState }),
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(recordExpiresAt === null ? {} : { recordExpiresAt }),
    ...(balanceBefore === null ? {} : { balanceBefore }),
    ...(balanceAfter === null ? {} : { balanceAfter }),
  }
}
