/** Small choices of this browser. Storage may be blocked: then nothing is remembered. */
export function remembered(name: string): boolean {
  try {
    return localStorage.getItem(`offhook.${name}`) === '1';
  } catch {
    return false;
  }
}

export function remember(name: string): void {
  try {
    localStorage.setItem(`offhook.${name}`, '1');
  } catch {
    // Not remembered.
  }
}
