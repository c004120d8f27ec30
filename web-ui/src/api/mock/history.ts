import type { Call, Leg, LegQuality, LegStatus } from '../types';
import { id } from './data';

const people: Record<string, [string, string]> = {
  '1001': [id(1), 'Accueil'],
  '1002': [id(2), 'Dr Claire Martin'],
  '1003': [id(3), 'Dr Paul Leroy'],
  '1004': [id(4), 'Infirmière'],
  '1005': [id(5), 'Comptabilité'],
};

const outside: [string, string | null][] = [
  ['+33142685300', 'Laboratoire Central'],
  ['+33612345678', null],
  ['+33491137000', 'Mme Bertrand'],
  ['', null],
];

const statuses: LegStatus[] = [
  'NO_ANSWER', 'REJECTED', 'INCALL', 'SNOOZE', 'PLANNING', 'NOTCONNECTED', 'SIP_PHONE_ERROR', 'TOOLATE', 'CALL_ANSWERED',
];

/** Calls of the last days, with every status once at least. */
export function pastCalls(): Call[] {
  const calls: Call[] = [];
  for (let n = 0; n < 130; n++) calls.push(pastCall(n, Date.now() - (n * 47 + 6) * 60_000));
  return calls;
}

function pastCall(n: number, started: number): Call {
  const direction = n % 3 === 0 ? 'inbound' : n % 3 === 1 ? 'internal' : 'outbound';
  const [number, name] = outside[n % outside.length] ?? ['', null];
  const missed = n % 4 === 3;
  const from = direction === 'inbound' ? number : n % 2 ? '1001' : '1002';
  const to = direction === 'outbound' ? number || '+33142685300' : n % 2 ? '1003' : '1001';
  const answered = missed ? null : started + 4000 + (n % 7) * 1300;
  const ended = (answered ?? started + 18_000) + (missed ? 0 : 25_000 + n * 7000);
  const legs: Leg[] = [];
  const leg = (extension: string, status: LegStatus, iface: string): Leg => ({
    id: id(10_000 + n * 10 + legs.length), extension_id: people[extension]?.[0] ?? null, device: null, trunk: null, number: extension,
    interface: iface, status, started, answered: status === 'ANSWERED' ? answered : null, ended, cause: missed ? 19 : 16,
  });
  if (direction !== 'inbound') legs.push({ ...leg(from, 'OUT', 'FXS 1'), answered });
  if (direction !== 'outbound') {
    legs.push(leg(to, missed ? (statuses[(n >> 2) % 7] ?? 'NO_ANSWER') : 'ANSWERED', n % 4 === 0 ? 'Yealink SIP-T54W 96.86' : 'FXS 2'));
    if (n % 5 === 0) legs.push(leg('1004', missed ? 'NO_ANSWER' : (statuses[7 + (n % 2)] ?? 'CALL_ANSWERED'), 'Yealink SIP-T31P 124.86'));
  } else legs.push({ ...leg(to, missed ? 'NO_ANSWER' : 'ANSWERED', 'FXO 5'), trunk: id(42) });
  legs.forEach((item, index) => {
    if (item.answered && !item.interface?.startsWith('F')) item.quality = sound(n + index, ended - item.answered);
  });
  return {
    id: id(9000 + n), direction, caller: from, caller_name: direction === 'inbound' ? name : (people[from]?.[1] ?? null), called: to,
    caller_extension_id: people[from]?.[0] ?? null, answered_by: missed ? null : (people[to]?.[0] ?? null),
    trunk: direction === 'internal' ? null : id(42), started, answered, ended, talk_ms: answered === null ? 0 : ended - answered,
    cause: missed ? 19 : 16, ended_by_callee: n % 2 === 0, interrupted: n === 11, recording: n % 6 === 0 && !missed, legs,
  };
}

/** Mostly good, now and then worse. */
function sound(n: number, talked: number): LegQuality {
  const [rating, mos, lost] = ([[92.1, 4.38, 0], [71.4, 3.66, 2.1], [52.3, 2.7, 7.9]] as const)[n % 4 === 1 ? 1 : n % 7 === 3 ? 2 : 0];
  const packets = Math.round(talked / 20);
  const missing = Math.round((packets * lost) / 100);
  return {
    mos, rating, received: packets - missing, lost: missing, discarded: n % 3, sent: packets, jitter_ms: 2.4 + lost * 3, round_trip_ms: 8 + lost * 12,
    mean_delay_ms: 40 + lost * 8, max_delay_ms: 80 + lost * 20, concealed_percent: lost, burst_ratio: 1 + lost / 10,
    peer: n % 2 ? { mos: 4.2, rating: 86, lost: 3, jitter_ms: 1.8, delay_ms: 40 } : null,
  };
}
