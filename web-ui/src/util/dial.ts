/** 2 to 8 digits: an internal number. */
export function isExtension(text: string): boolean {
  return /^\d{2,8}$/.test(text);
}

/** Something that can be dialled: digits, `*` and `#`, with a `+` in front at most; up to 32. */
export function isDialable(text: string): boolean {
  return /^\+?[\d*#]{1,31}$/.test(text);
}

/** A pattern: digits, `X` any digit, `*`, `#`, `+`, and one `.` at the end for whatever follows. */
export function isPattern(text: string): boolean {
  return /^(?=.)[\dX*#+]{0,31}\.?$/.test(text) && text.length <= 32;
}

/** A made-up number that fits a pattern, to show what a rule does to it. */
export function exampleOf(pattern: string): string {
  let next = 1;
  const digit = () => String(next++ % 10);
  return [...pattern].map((c) => (c === 'X' ? digit() : c === '.' ? Array.from({ length: 4 }, digit).join('') : c)).join('');
}

/** What is sent for a number dialled. */
export function applyRule(dialled: string, strip: number, prepend: string): string {
  return prepend + dialled.slice(strip);
}

/** Several values separated by commas, semicolons or spaces. */
export function splitList(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

/** An IPv4 or IPv6 address, roughly; the box checks it exactly. */
export function isAddress(text: string): boolean {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (v4) return v4.slice(1).every((part) => Number(part) <= 255);
  return /^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(':');
}
