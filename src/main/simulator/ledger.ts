/** One charge for one accepted submit, or one synchronous call that is billed. */
export type Charge = {
  readonly at: number
  readonly vendor: 'dashscope' | 'segmind'
  readonly kind: 'generation' | 'detect'
  /** The vendor's id of the operation, or the request id of a billed call. */
  readonly id: string
  /** SHA-256 of the request body, in hexadecimal: the same work submitted twice shows as the same hash. */
  readonly bodySha256: string
  /** Addresses of the media that it was made of, by which a person tells whose it is; of a generation only. */
  readonly inputs?: readonly string[]
}

/** The vendor's own record of what was charged: the oracle of every test on money. */
export type Ledger = {
  readonly add: (charge: Charge) => void
  readonly charges: () => readonly Charge[]
}

export function createLedger(onCharge: (charge: Charge) => void = () => {}): Ledger {
  const charges: Charge[] = []
  return {
    add(charge) {
      charges.push(charge)
      onCharge(charge)
    },
    charges: () => charges,
  }
}
