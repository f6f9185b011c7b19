import type { Job } from '../model/job.ts'

/** What a person knows an input of a job by: the address it was fetched from, else its path; '' for one that is not there. */
export function inputAddress({ addresses, ...job }: Job, role: 'source' | 'voice' | 'driver'): string {
  return addresses?.[role] ?? job[role] ?? ''
}
