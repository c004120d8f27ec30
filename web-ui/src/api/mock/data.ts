import type { Announcement, Call, Extension, InboundRoute, Line, OutboundRoute, RecordingRule, Site, Trunk } from '../types';
import { pastCalls } from './history';

/** Everything the mock box keeps. Plain data, so that it survives a reload in the session's storage. */
export interface Data {
  setUp: boolean;
  signedIn: boolean;
  password: string;
  language: string;
  startedAt: number;
  callsTotal: number;
  site: Site;
  extensions: Extension[];
  secrets: Record<string, string>;
  lines: Line[];
  trunks: Trunk[];
  outbound: OutboundRoute[];
  inbound: InboundRoute[];
  announcements: Announcement[];
  recording: RecordingRule[];
  calls: Call[];
}

/** A stable identifier for a thing of the mock: `id(1)`. */
export function id(n: number): string {
  return `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}

export function newId(): string {
  return crypto.randomUUID?.() ?? id(Math.floor(Math.random() * 1e12));
}

/** Identifiers of the lines: ports 1–4 for telephones, 5 for the telephone company. */
export const lineIds = [id(31), id(32), id(33), id(34), id(35)] as const;

/** A box just unpacked. */
export function emptyBox(): Data {
  return {
    setUp: false,
    signedIn: false,
    password: '',
    language: 'en',
    startedAt: Date.now() - 90_000,
    callsTotal: 0,
    site: { name: '', country: 'FR', time_zone: 'Europe/Paris', language: 'en', realm: 'offhook', emergency_numbers: ['112', '15', '17', '18'] },
    extensions: [],
    secrets: {},
    lines: lineIds.map((lineId, index) => ({
      id: lineId,
      port: index + 1,
      kind: index < 4 ? 'fxs' : 'fxo',
      label: '',
      answer_supervision: index < 4 ? 'delay' : 'reversal',
      sound: { cancel_echo: true, from_line_db: 0, to_line_db: 0, automatic_level: false },
      state: index < 4 ? 'on_hook' : 'idle',
      simulated: true,
      extension_id: null,
    })),
    trunks: [],
    outbound: [],
    inbound: [],
    announcements: [],
    recording: [],
    calls: [],
  };
}

/** A doctor's office in full swing. */
export function office(): Data {
  const data = emptyBox();
  data.setUp = true;
  data.signedIn = true;
  data.password = 'correct horse battery';
  data.language = navigator.language.startsWith('fr') ? 'fr' : 'en';
  data.startedAt = Date.now() - 3 * 86_400_000 - 4.2 * 3_600_000;
  data.site = { ...data.site, name: 'Cabinet Martin & Leroy', language: 'fr' };
  data.extensions = [
    person(1, '1001', 'Accueil', 31),
    person(2, '1002', 'Dr Claire Martin', 32, true),
    person(3, '1003', 'Dr Paul Leroy', undefined, true),
    { ...person(4, '1004', 'Infirmière', 33), do_not_disturb: true },
    { ...person(5, '1005', 'Comptabilité', undefined, false), forward_always: '1001' },
  ];
  for (const line of data.lines) {
    line.extension_id = data.extensions.find((item) => item.devices.some((d) => d.kind.kind === 'analog' && d.kind.line === line.id))?.id ?? null;
  }
  data.trunks = [
    { id: id(41), name: 'Opérateur SIP', max_calls: 8, kind: { kind: 'sip', uri: 'sip:operateur.example;transport=tcp', username: 'cabinet-martin', has_password: true, addresses: ['203.0.113.5'], register: true, encryption: 'auto', codecs: [], digits: 'auto' } },
    { id: id(42), name: 'Ligne de secours', max_calls: 1, kind: { kind: 'line', line: lineIds[4] } },
  ];
  data.outbound = [
    { id: id(51), position: 0, pattern: '0X.', strip: 1, prepend: '+33', trunks: [id(42), id(41)] },
    { id: id(52), position: 1, pattern: '00X.', strip: 2, prepend: '+', trunks: [id(41)] },
  ];
  data.inbound = [{ id: id(61), position: 0, trunk: null, number: null, destination: '1001' }];
  data.announcements = [{ id: id(71), number: '7000', name: 'Horaires du cabinet', file: 'horaires.wav', hang_up_digit: '9' }];
  data.recording = [{ id: id(81), caller: '100X', callee: null }];
  data.calls = pastCalls();
  data.callsTotal = data.calls.length;
  return data;
}

function person(n: number, extension: string, name: string, line?: number, connected?: boolean): Extension {
  const extensionId = id(n);
  const devices: Extension['devices'] = [];
  if (line) devices.push({ id: id(100 + n), extension_id: extensionId, label: 'Poste fixe', kind: { kind: 'analog', line: id(line) }, encryption: 'auto', codecs: [], digits: 'auto', registrations: [] });
  if (connected !== undefined) {
    devices.push({
      id: id(200 + n),
      extension_id: extensionId,
      label: 'Bureau',
      kind: { kind: 'sip', username: extension },
      encryption: 'auto',
      codecs: [],
      digits: 'auto',
      registrations: connected ? [{ address: `192.168.1.${20 + n}:5060`, transport: 'udp', user_agent: 'Yealink SIP-T31P 124.86', expires: Date.now() + 3_600_000 }] : [],
    });
  }
  return {
    id: extensionId, name, extension, devices, ring_time_ms: 25_000, do_not_disturb: false, forward_always: null, forward_busy: null,
    forward_no_answer: null, call_waiting: true, max_calls: 4, outside_calls: true, registrations: connected ? 1 : 0,
  };
}
