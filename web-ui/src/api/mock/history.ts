import type { Call, Leg, LegStatus } from '../types';
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
    legs.push(leg(to, missed ? (statuses[(n >> 2) % 7] ?? 'NO_ANSWER') : 'ANSWERED', 'FXS 2'));
    if (n % 5 === 0) legs.push(leg('1004', missed ? 'NO_ANSWER' : (statuses[7 + (n % 2)] ?? 'CALL_ANSWERED'), 'Yealink SIP-T31P 124.86'));
  } else legs.push({ ...leg(to, missed ? 'NO_ANSWER' : 'ANSWERED', 'FXO 5'), trunk: id(42) });
  return {
    id: id(9000 + n), direction, caller: from, caller_name: direction === 'inbound' ? name : (people[from]?.[1] ?? null), called: to,
    caller_extension_id: people[from]?.[0] ?? null, answered_by: missed ? null : (people[to]?.[0] ?? null),
    trunk: direction === 'internal' ? null : id(42), started, answered, ended, talk_ms: answered === null ? 0 : ended - answered,
    cause: missed ? 19 : 16, ended_by_callee: n % 2 === 0, interrupted: n === 11, recording: n % 6 === 0 && !missed, legs,
  };
}
