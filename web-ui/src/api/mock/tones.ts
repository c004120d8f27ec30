/** 20 ms at 8 kHz, 16 bits. */
export const frameBytes = 320;

/** What a line in this state hears, from sample number `start`: dial tone, ringback, busy, or silence (France: 440 Hz). */
export function audioFor(state: string, start: number): ArrayBuffer {
  const frame = new DataView(new ArrayBuffer(frameBytes));
  const seconds = start / 8000;
  const on =
    state === 'dialling' || (state === 'waiting' && seconds % 5 < 1.5) || (state === 'disconnected' && seconds % 1 < 0.5);
  for (let n = 0; on && n < frameBytes / 2; n++) {
    frame.setInt16(n * 2, Math.round(6000 * Math.sin((2 * Math.PI * 440 * (start + n)) / 8000)), true);
  }
  return frame.buffer;
}
