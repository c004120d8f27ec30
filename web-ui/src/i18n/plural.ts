/** English: only 1 is singular. */
export function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

/** French: 0 and 1 are singular. */
export function pluriel(count: number, one: string, many: string): string {
  return Math.abs(count) < 2 ? one : many;
}
