import type { Call, Deleted, Device, DeviceInput, Extension, Line, LineAction, LineInput, LiveEvent, Resource } from '../types';
import { newId, type Data } from './data';
import type { MockExchange } from './exchange';
import { traceOf } from './sip';

interface Reply {
  status: number;
  body?: unknown;
}

type Fields = Record<string, unknown>;
type Handler = (params: string[], body: Fields, query: URLSearchParams) => Reply;

/** The HTTP API over the mock's data. */
export class MockServer {
  readonly #data: Data;
  readonly #exchange: MockExchange;
  readonly #emit: (event: LiveEvent) => void;
  readonly #undo = new Map<string, () => void>();
  readonly #routes: [string, RegExp, Handler][] = [];

  constructor(data: Data, exchange: MockExchange, emit: (event: LiveEvent) => void) {
    this.#data = data;
    this.#exchange = exchange;
    this.#emit = emit;
    this.#access();
    this.#people();
    this.#list('trunks', 'trunks', 'trunks', (f) => ({ ...f, kind: { ...(f.kind as Fields), has_password: Boolean((f.kind as Fields).password ?? (f.kind as Fields).username) } }));
    this.#list('routes/outbound', 'outbound', 'outbound_routes', (f) => f);
    this.#list('routes/inbound', 'inbound', 'inbound_routes', (f) => f);
    this.#list('announcements', 'announcements', 'announcements', (f) => f);
    this.#list('recording-rules', 'recording', 'recording_rules', (f) => f);
    this.#rest();
  }

  handle(method: string, path: string, body: Fields, query: URLSearchParams): Reply {
    for (const [wanted, pattern, handler] of this.#routes) {
      const match = wanted === method ? pattern.exec(path) : null;
      if (!match) continue;
      const open = path === '/setup' || (path === '/session' && method === 'POST');
      if (!open && !this.#data.signedIn) return refuse(401, 'not_signed_in');
      return handler(match.slice(1), body, query);
    }
    return refuse(404, 'not_found');
  }

  #on(method: string, path: string, handler: Handler): void {
    this.#routes.push([method, new RegExp(`^/${path.replaceAll(':id', '([^/]+)')}$`), handler]);
  }

  #access(): void {
    const d = this.#data;
    const me = () => ({ name: 'admin', role: 'administrator', language: d.language });
    this.#on('GET', 'setup', () => ok({ needed: !d.setUp, version: '0.1.0', languages: ['en', 'fr'], countries: ['BE', 'CH', 'DE', 'ES', 'FR', 'GB', 'IT', 'US'], password_min_length: 10 }));
    this.#on('POST', 'setup', (_, body) => {
      if (d.setUp) return refuse(409, 'setup_done');
      if (String(body.password).length < 10) return refuse(422, 'password_too_short', 'password');
      Object.assign(d.site, { name: body.site_name, country: body.country, time_zone: body.time_zone, language: body.language });
      Object.assign(d, { setUp: true, signedIn: true, password: body.password, language: body.language });
      return { status: 201, body: me() };
    });
    this.#on('POST', 'session', (_, body) => {
      if (body.name !== 'admin' || body.password !== d.password) return refuse(401, 'wrong_password');
      d.signedIn = true;
      return ok(me());
    });
    this.#on('DELETE', 'session', () => {
      d.signedIn = false;
      return { status: 204 };
    });
    this.#on('GET', 'me', () => ok(me()));
    this.#on('PUT', 'me', (_, body) => {
      d.language = String(body.language);
      return ok(me());
    });
    this.#on('PUT', 'me/password', (_, body) => {
      if (body.current !== d.password) return refuse(422, 'wrong_password', 'current');
      d.password = String(body.new);
      return { status: 204 };
    });
  }

  #people(): void {
    const d = this.#data;
    const find = (id: string | undefined) => d.extensions.find((item) => item.id === id);
    const owner = (id: string | undefined) => d.extensions.find((item) => item.devices.some((device) => device.id === id));
    const link = () => {
      for (const line of d.lines) line.extension_id = d.extensions.find((e) => e.devices.some((x) => x.kind.kind === 'analog' && x.kind.line === line.id))?.id ?? null;
      this.#emit({ type: 'changed', resource: 'lines' });
      this.#changed('extensions');
    };
    const taken = (number: unknown, except?: string) => d.extensions.some((item) => item.extension === number && item.id !== except) || d.announcements.some((item) => item.number === number);
    const device = (extension: Extension, input: DeviceInput): Device => {
      const made: Device = {
        id: newId(), extension_id: extension.id, label: input.label, encryption: input.encryption ?? 'auto', codecs: input.codecs ?? [], digits: input.digits ?? 'auto', registrations: [],
        kind: input.kind.kind === 'analog' ? input.kind : { kind: 'sip', username: nextName(extension) },
      };
      d.secrets[made.id] = secret();
      return made;
    };
    const sorted = () => d.extensions.sort((a, b) => a.extension.localeCompare(b.extension));
    this.#on('GET', 'extensions', () => ok(sorted()));
    this.#on('POST', 'extensions', (_, body) => {
      if (taken(body.extension)) return refuse(409, 'number_taken', 'extension');
      const { devices, ...fields } = body;
      const made = { ...fields, id: newId(), devices: [], registrations: 0 } as unknown as Extension;
      made.devices = ((devices ?? [{ label: '', kind: { kind: 'sip' } }]) as DeviceInput[]).map((input) => device(made, input));
      d.extensions.push(made);
      link();
      return { status: 201, body: made };
    });
    this.#on('GET', 'extensions/:id', ([id]) => some(find(id)));
    this.#on('PUT', 'extensions/:id', ([id], body) => {
      if (taken(body.extension, id)) return refuse(409, 'number_taken', 'extension');
      const found = find(id);
      if (found) Object.assign(found, body);
      this.#changed('extensions');
      return some(found);
    });
    this.#on('DELETE', 'extensions/:id', ([id]) => this.#remove(d.extensions, id, (e) => `${e.extension} ${e.name}`, link));
    this.#on('POST', 'extensions/:id/devices', ([id], body) => {
      const found = find(id);
      if (!found) return refuse(404, 'not_found');
      const made = device(found, body as unknown as DeviceInput);
      found.devices.push(made);
      link();
      return { status: 201, body: made };
    });
    this.#on('PUT', 'devices/:id', ([id], body) => {
      const found = owner(id)?.devices.find((item) => item.id === id);
      const { label, encryption = 'auto', codecs = [], digits = 'auto' } = body as unknown as DeviceInput;
      if (new Set(codecs).size < codecs.length) return refuse(422, 'codec_twice', 'codecs');
      if (found?.kind.kind === 'analog' && codecs.length > 0) return refuse(422, 'codecs_of_analog', 'codecs');
      // As the box does: what is left out is as at first.
      if (found) Object.assign(found, { label, encryption, codecs, digits });
      this.#changed('extensions');
      return some(found);
    });
    this.#on('DELETE', 'devices/:id', ([id]) => this.#remove(owner(id)?.devices ?? [], id, (item) => item.label, link));
    const credentials = (id: string | undefined): Reply => {
      const extension = owner(id);
      const found = extension?.devices.find((item) => item.id === id);
      if (!extension || found?.kind.kind !== 'sip' || !id) return refuse(404, 'not_found');
      const password = (d.secrets[id] ??= secret());
      const { username } = found.kind;
      return ok({ username, password, realm: d.site.realm, server: '192.168.1.10:5060', transports: ['udp', 'tcp'], display_name: extension.name, qr: `sip:${username}:${password}@192.168.1.10:5060;transport=udp` });
    };
    this.#on('GET', 'devices/:id/credentials', ([id]) => credentials(id));
    this.#on('POST', 'devices/:id/secret', ([id]) => {
      if (id) d.secrets[id] = secret();
      return credentials(id);
    });
  }

  /** A list with adding, changing and deleting. */
  #list(path: string, key: 'trunks' | 'outbound' | 'inbound' | 'announcements' | 'recording', resource: Resource, make: (fields: Fields) => Fields): void {
    const list = this.#data[key] as unknown as (Fields & { id: string })[];
    const order = () => {
      list.sort((a, b) => Number(a.position ?? 0) - Number(b.position ?? 0));
      if (path.startsWith('routes')) list.forEach((item, index) => (item.position = index));
    };
    this.#on('GET', path, () => ok(list));
    this.#on('POST', path, (_, body) => {
      const made = { ...make(body), id: newId(), position: list.length };
      list.push(made);
      this.#changed(resource);
      return { status: 201, body: made };
    });
    this.#on('PUT', `${path}/:id`, ([id], body) => {
      const found = list.find((item) => item.id === id);
      if (found) {
        const before = Number(found.position);
        Object.assign(found, make(body));
        const wanted = typeof body.position === 'number' ? body.position : before;
        found.position = wanted > before ? wanted + 0.5 : wanted < before ? wanted - 0.5 : before;
        order();
      }
      this.#changed(resource);
      return some(found);
    });
    this.#on('DELETE', `${path}/:id`, ([id]) => this.#remove(list, id, () => '', () => this.#changed(resource)));
  }

  #lines(): void {
    const d = this.#data;
    const owner = (id: string) => d.extensions.find((e) => e.devices.some((x) => x.kind.kind === 'analog' && x.kind.line === id));
    const taken = (port: unknown, except?: string) => d.lines.some((line) => line.port === port && line.id !== except);
    const give = (line: Line, body: Fields) => {
      const { extension_id: wanted, answer_supervision: supervision, sound, ...rest } = body as unknown as LineInput;
      Object.assign(line, rest, supervision ? { answer_supervision: supervision } : {}, sound ? { sound } : {});
      if (wanted !== undefined) {
        const before = owner(line.id);
        const device = before?.devices.find((x) => x.kind.kind === 'analog' && x.kind.line === line.id);
        if (before) before.devices = before.devices.filter((x) => x !== device);
        const next = d.extensions.find((e) => e.id === wanted);
        if (next) next.devices.push({ ...(device ?? { id: newId(), label: '', kind: { kind: 'analog', line: line.id }, encryption: 'auto', codecs: [], digits: 'auto', registrations: [] }), extension_id: next.id });
        line.extension_id = wanted ?? null;
        this.#changed('extensions');
      }
      d.lines.sort((a, b) => a.port - b.port);
      this.#changed('lines');
    };
    this.#on('GET', 'lines', () => ok(d.lines));
    this.#on('POST', 'lines', (_, body) => {
      if (taken(body.port)) return refuse(409, 'port_taken', 'port');
      const fxs = body.kind === 'fxs';
      const made: Line = { id: newId(), port: 0, kind: fxs ? 'fxs' : 'fxo', label: '', answer_supervision: 'delay', sound: { cancel_echo: true, from_line_db: 0, to_line_db: 0, automatic_level: false }, state: 'absent', simulated: false, extension_id: null };
      d.lines.push(made);
      give(made, body);
      return { status: 201, body: made };
    });
    this.#on('PUT', 'lines/:id', ([id], body) => {
      const found = d.lines.find((line) => line.id === id);
      if (!found) return refuse(404, 'not_found');
      if (taken(body.port, id)) return refuse(409, 'port_taken', 'port');
      give(found, body);
      return ok(found);
    });
    this.#on('DELETE', 'lines/:id', ([id]) => {
      const used = owner(id ?? '') || d.trunks.some((trunk) => trunk.kind.kind === 'line' && trunk.kind.line === id);
      return used ? refuse(409, 'in_use') : this.#remove(d.lines, id, (line) => line.label, () => this.#changed('lines'));
    });
  }

  #rest(): void {
    const d = this.#data;
    this.#on('GET', 'site', () => ok(d.site));
    this.#on('PUT', 'site', (_, body) => {
      Object.assign(d.site, body);
      this.#changed('site');
      return ok(d.site);
    });
    this.#lines();
    this.#on('POST', 'lines/:id/actions', ([id], body) => {
      this.#exchange.act(id ?? '', body as unknown as LineAction);
      return { status: 204 };
    });
    this.#on('POST', 'undo/:id', ([token]) => {
      const restore = this.#undo.get(token ?? '');
      if (!restore) return refuse(404, 'undo_expired');
      restore();
      this.#undo.delete(token ?? '');
      return { status: 204 };
    });
    this.#on('GET', 'calls', (_, __, query) => ok(page(d.calls, query)));
    this.#on('GET', 'calls/:id', ([id]) => some(d.calls.find((call) => call.id === id)));
    const trace = (id: string | undefined) => d.calls.filter((call) => call.id === id).flatMap(traceOf);
    this.#on('GET', 'calls/:id/trace', ([id]) => ok(trace(id)));
    this.#on('GET', 'calls/:id/trace.txt', ([id]) => ok(trace(id).map((message) => message.text).join('\n')));
    this.#on('GET', 'live/calls', () => ok(this.#exchange.calls));
    this.#on('DELETE', 'live/calls/:id', ([id]) => (this.#exchange.hangUp(id ?? '') ? { status: 202 } : refuse(404, 'not_found')));
    this.#on('GET', 'status', () => {
      const calls = this.#exchange.calls;
      return ok({
        version: '0.1.0', time: Date.now(), uptime_ms: Date.now() - d.startedAt, calls: calls.length, legs: calls.reduce((n, call) => n + call.legs.length, 0),
        registrations: d.extensions.reduce((n, e) => n + e.registrations, 0), transactions: 0, calls_total: d.callsTotal, overload_refusals: 0,
        rtp_ports: calls.length * 4, records_lost: 0, store_error: null, listening: ['udp 192.168.1.10:5060', 'tcp 192.168.1.10:5060', 'tls 192.168.1.10:5061'],
      });
    });
  }

  #remove<T extends { id: string }>(list: T[], id: string | undefined, label: (item: T) => string, changed: () => void): Reply {
    const index = list.findIndex((item) => item.id === id);
    const [gone] = index < 0 ? [] : list.splice(index, 1);
    if (!gone) return refuse(404, 'not_found');
    const deleted: Deleted = { undo: newId(), id: gone.id, label: label(gone), until: Date.now() + 60_000 };
    this.#undo.set(deleted.undo, () => {
      list.splice(index, 0, gone);
      changed();
    });
    changed();
    return ok(deleted);
  }

  #changed(resource: Resource): void {
    this.#emit({ type: 'changed', resource });
  }
}

function page(calls: Call[], query: URLSearchParams): Reply['body'] {
  const from = Number(query.get('from') ?? 0);
  const to = Number(query.get('to') ?? Infinity);
  const search = (query.get('search') ?? '').toLowerCase();
  const found = calls.filter(
    (call) =>
      call.started >= from && call.started < to &&
      (!query.get('direction') || call.direction === query.get('direction')) &&
      (!query.get('extension_id') || call.caller_extension_id === query.get('extension_id') || call.legs.some((leg) => leg.extension_id === query.get('extension_id'))) &&
      (!query.get('result') || (call.answered ? 'answered' : 'missed') === query.get('result')) &&
      `${call.caller} ${call.caller_name ?? ''} ${call.called}`.toLowerCase().includes(search),
  );
  const limit = Number(query.get('limit') ?? 50);
  const start = Number(query.get('after') ?? 0);
  return { calls: found.slice(start, start + limit), next: start + limit < found.length ? String(start + limit) : null };
}

const ok = (body: unknown): Reply => ({ status: 200, body });
const some = (body: unknown): Reply => (body ? ok(body) : refuse(404, 'not_found'));
const refuse = (status: number, code: string, field?: string): Reply => ({ status, body: { type: 'about:blank', title: code, status, code, field } });
const secret = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => 'abcdefghjkmnpqrstuvwxyz23456789'[byte % 31]).join('');

function nextName(extension: Extension): string {
  const count = extension.devices.filter((device) => device.kind.kind === 'sip').length;
  return count === 0 ? extension.extension : `${extension.extension}-${count + 1}`;
}
