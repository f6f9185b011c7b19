import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose suites take longest, the slowest first: one of them that started last would run alone at the end. */
const SLOW = ['/tests/faults/', '/tests/e2e/', '/tests/paid/', '/tests/animator/', '/tests/']

const rank = ({ moduleId }: TestSpecification): number => {
  const index = SLOW.findIndex((folder) => moduleId.includes(folder))
  return index === -1 ? SLOW.length : index
}

/** Starts slow suites first, also where no earlier run has told how long each takes. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
