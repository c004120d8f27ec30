import type { LegState, LegStatus } from '../api/types';

/** The colour of a badge. Never the only sign: the text says the same. */
export type Tone = 'plain' | 'ok' | 'warn' | 'bad' | 'info';

export const statusTones: Record<LegStatus, Tone> = {
  OUT: 'info',
  ANSWERED: 'ok',
  TOOLATE: 'plain',
  CALL_ANSWERED: 'plain',
  NO_ANSWER: 'warn',
  REJECTED: 'warn',
  INCALL: 'warn',
  SNOOZE: 'warn',
  PLANNING: 'plain',
  NOTCONNECTED: 'bad',
  SIP_PHONE_ERROR: 'bad',
};

export const legStateTones: Record<LegState, Tone> = {
  dialling: 'info',
  ringing: 'warn',
  talking: 'ok',
  held: 'plain',
};
