import type { Tone } from './tones';

export type Grade = 'good' | 'fair' | 'poor';

/**
 * A mean opinion score in a word. The borders are those of ITU-T G.109: from 4.0 (R 80) on people are satisfied, below 3.1 (R 60)
 * nearly all are dissatisfied.
 */
export function grade(mos: number): Grade {
  return mos >= 4 ? 'good' : mos >= 3.1 ? 'fair' : 'poor';
}

export const gradeTones: Record<Grade, Tone> = { good: 'ok', fair: 'warn', poor: 'bad' };

/** Share of the packets sent that were not there to be played, in percent. */
export function lossPercent(received: number, lost: number, discarded = 0): number {
  const sent = received + lost;
  return sent > 0 ? Math.min(100, ((lost + discarded) / sent) * 100) : 0;
}
