import type { Call, Extension, LegStatus, Line, LineAction, LineMessage, LiveCall, LiveEvent, LiveLeg } from '../types';
import { newId, type Data } from './data';

interface Port {
  line: Line;
  offHook: boolean;
  ringing: boolean;
  caller: { number: string; name: string } | null;
  digits: string;
  call: string | undefined;
}

interface Up {
  live: LiveCall;
  from: { line?: string; extension?: Extension; number: string; name: string | null };
  /** Lines that ring or talk on the called side. */
  to: { line?: string; extension?: Extension; number: string; leg: string }[];
  answeredLine: string | undefined;
  trunk: boolean;
}

/** A toy exchange: enough to show and test the pages. The real one is the box. */
export class MockExchange {
  readonly #data: Data;
  readonly #emit: (event: LiveEvent) => void;
  readonly #tell: (line: string, message: LineMessage) => void;
  readonly #ports = new Map<string, Port>();
  readonly #up = new Map<string, Up>();

  constructor(data: Data, emit: (event: LiveEvent) => void, tell: (line: string, message: LineMessage) => void) {
    this.#data = data;
    this.#emit = emit;
    this.#tell = tell;
    for (const line of data.lines) {
      line.state = line.kind === 'fxs' ? 'on_hook' : 'idle';
      this.#ports.set(line.id, { line, offHook: false, ringing: false, caller: null, digits: '', call: undefined });
    }
  }

  get calls(): LiveCall[] {
    return [...this.#up.values()].map((up) => up.live);
  }

  message(id: string): LineMessage | undefined {
    const port = this.#ports.get(id);
    if (!port) return undefined;
    const dialled = port.line.kind === 'fxo' ? port.digits || null : null;
    return { type: 'state', state: port.line.state, ringing: port.ringing, off_hook: port.line.kind === 'fxo' ? !['idle', 'ringing', 'absent'].includes(port.line.state) : port.offHook, caller: port.caller, dialled };
  }

  /** The line at the other end of this line's conversation. */
  peer(id: string): string | undefined {
    const up = this.#callOf(id);
    if (!up?.answeredLine || !up.from.line) return undefined;
    return up.from.line === id ? up.answeredLine : up.from.line;
  }

  act(id: string, action: LineAction): void {
    const port = this.#ports.get(id);
    if (!port) return;
    switch (action.action) {
      case 'lift':
        port.offHook = true;
        if (port.ringing && port.call) this.#answer(port.call, id);
        else this.#set(port, 'dialling');
        break;
      case 'put_down':
        port.offHook = false;
        port.digits = '';
        if (port.call) this.#end(port.call, this.#callOf(id)?.from.line !== id);
        this.#set(port, 'on_hook');
        break;
      case 'key':
        if (port.line.state === 'dialling') {
          port.digits += action.key;
          this.#dial(port);
        }
        break;
      case 'flash': {
        const up = this.#callOf(id);
        if (!up) break;
        for (const leg of up.live.legs) if (leg.state === 'talking' || leg.state === 'held') leg.state = leg.state === 'held' ? 'talking' : 'held';
        this.#changed(up);
        break;
      }
      case 'ring':
        if (!port.call) this.#inbound(port, action.number ?? '', action.name ?? null);
        break;
      case 'answer':
        if (port.call) this.#answer(port.call, id);
        break;
      case 'hang_up':
        if (port.call) this.#end(port.call, this.#callOf(id)?.from.line !== id);
        break;
    }
  }

  hangUp(id: string): boolean {
    if (!this.#up.has(id)) return false;
    this.#end(id, false);
    return true;
  }

  #callOf(line: string): Up | undefined {
    const call = this.#ports.get(line)?.call;
    return call ? this.#up.get(call) : undefined;
  }

  #set(port: Port, state: string): void {
    port.line.state = state;
    // An outside line that the box has dialled rings at the far end.
    port.ringing = state === 'ringing' || (port.line.kind === 'fxo' && state === 'dialling');
    if (state === 'on_hook' || state === 'idle') port.caller = null;
    this.#emit({ type: 'line', line: port.line.id, state });
    this.#push(port);
  }

  #push(port: Port): void {
    const message = this.message(port.line.id);
    if (message) this.#tell(port.line.id, message);
  }

  #dial(port: Port): void {
    const found = this.#data.extensions.find((item) => item.extension === port.digits);
    const owner = this.#data.extensions.find((item) => item.id === port.line.extension_id);
    const from = { line: port.line.id, number: owner?.extension ?? `${port.line.port}`, name: owner?.name ?? port.line.label, ...(owner ? { extension: owner } : {}) };
    const port1 = [...this.#ports.values()].find((item) => item.line.kind === 'fxo' && !item.call);
    if (found) this.#call(port, from, port.digits, found);
    else if (/^0\d{9}$/.test(port.digits) && port1) this.#call(port, from, port.digits, undefined, port1);
    else if (port.digits.length >= 10) this.#set(port, 'disconnected');
    else this.#push(port);
  }

  #inbound(port: Port, number: string, name: string | null): void {
    const wanted = this.#data.inbound[0]?.destination;
    const found = this.#data.extensions.find((item) => item.extension === wanted) ?? this.#data.extensions[0];
    if (!found) return;
    this.#call(port, { line: port.line.id, number, name }, found.extension, found);
  }

  #call(port: Port, from: Up['from'], called: string, target?: Extension, outside?: Port): void {
    const leg = (caller: boolean, number: string, name: string | null, extension: string | null, iface: string): LiveLeg => ({
      id: newId(), extension_id: extension, number, name, interface: iface, state: caller ? 'dialling' : 'ringing', caller,
    });
    const ways = target ? target.devices : [];
    const lines = ways.flatMap((device) => (device.kind.kind === 'analog' ? [this.#ports.get(device.kind.line)] : [])).filter((item): item is Port => item?.line.state === 'on_hook');
    const legs = [leg(true, from.number, from.name, from.extension?.id ?? null, `${port.line.kind.toUpperCase()} ${port.line.port}`)];
    const up: Up = {
      live: { id: newId(), started: Date.now(), answered: null, called, legs, recording: this.#data.recording.length > 0 },
      from, to: [], answeredLine: undefined, trunk: port.line.kind === 'fxo' || outside !== undefined,
    };
    const offer = (number: string, name: string | null, iface: string, line?: Port) => {
      const added = leg(false, number, name, target?.id ?? null, iface);
      legs.push(added);
      up.to.push({ number, leg: added.id, ...(target ? { extension: target } : {}), ...(line ? { line: line.line.id } : {}) });
      if (line) line.call = up.live.id;
    };
    for (const line of lines) offer(called, target?.name ?? null, `FXS ${line.line.port}`, line);
    if (target && ways.some((device) => device.registrations.length > 0)) offer(called, target.name, 'Yealink SIP-T31P 124.86');
    if (outside) offer(called, null, `FXO ${outside.line.port}`, outside);
    this.#up.set(up.live.id, up);
    port.call = up.live.id;
    this.#data.callsTotal++;
    this.#set(port, port.line.kind === 'fxs' ? 'waiting' : 'ringing');
    if (target?.do_not_disturb || up.to.length === 0) {
      this.#end(up.live.id, true, target?.do_not_disturb ? 'SNOOZE' : 'NOTCONNECTED');
      return;
    }
    for (const line of lines) {
      line.caller = { number: from.number, name: from.name ?? '' };
      this.#set(line, 'ringing');
    }
    if (outside) {
      outside.digits = called;
      outside.offHook = true;
      this.#set(outside, 'dialling');
    }
    this.#changed(up);
  }

  #answer(id: string, line: string): void {
    const up = this.#up.get(id);
    if (!up || up.live.answered) return;
    up.live.answered = Date.now();
    up.answeredLine = line;
    const mine = up.to.find((item) => item.line === line);
    up.live.legs = up.live.legs.filter((leg) => leg.caller || leg.id === mine?.leg);
    for (const leg of up.live.legs) leg.state = 'talking';
    for (const item of [...up.to, { line: up.from.line }]) {
      const port = item.line ? this.#ports.get(item.line) : undefined;
      if (!port) continue;
      if (item.line === line || item.line === up.from.line) {
        if (port.line.kind === 'fxo') port.offHook = true;
        this.#set(port, 'talking');
      } else {
        port.call = undefined;
        this.#set(port, 'on_hook');
      }
    }
    this.#changed(up);
  }

  #end(id: string, byCallee: boolean, failed?: LegStatus): void {
    const up = this.#up.get(id);
    if (!up) return;
    this.#up.delete(id);
    for (const line of [up.from.line, ...up.to.map((item) => item.line)]) {
      const port = line ? this.#ports.get(line) : undefined;
      if (!port || port.call !== id) continue;
      port.call = undefined;
      if (port.line.kind === 'fxo') {
        port.offHook = false;
        this.#set(port, 'idle');
      } else this.#set(port, port.offHook ? 'disconnected' : 'on_hook');
    }
    this.#data.calls.unshift(record(up, byCallee, failed));
    this.#emit({ type: 'call_ended', id });
  }

  #changed(up: Up): void {
    this.#emit({ type: 'call', call: structuredClone(up.live) });
  }
}

function record(up: Up, byCallee: boolean, failed?: LegStatus): Call {
  const ended = Date.now();
  const { answered, started } = up.live;
  const outsideCaller = up.trunk && !up.from.extension;
  const base = { device: null, trunk: null, started, ended, cause: answered ? 16 : 19 };
  const winner = up.to.find((item) => item.line === up.answeredLine && up.answeredLine);
  const legs: Call['legs'] = up.to.map((item) => ({
    ...base, id: item.leg, extension_id: item.extension?.id ?? null, number: item.number, interface: item.line ? 'FXS' : 'SIP',
    status: failed ?? (item === winner ? 'ANSWERED' : answered ? 'CALL_ANSWERED' : 'NO_ANSWER'), answered: item === winner ? answered ?? null : null,
  }));
  if (!outsideCaller) {
    legs.unshift({ ...base, id: newId(), extension_id: up.from.extension?.id ?? null, number: up.from.number, interface: 'FXS', status: 'OUT', answered: answered ?? null });
  }
  return {
    id: up.live.id, direction: up.trunk ? (outsideCaller ? 'inbound' : 'outbound') : 'internal', caller: up.from.number, caller_name: up.from.name,
    called: up.live.called, caller_extension_id: up.from.extension?.id ?? null, answered_by: winner?.extension?.id ?? null, trunk: null,
    started, answered: answered ?? null, ended, talk_ms: answered ? ended - answered : 0, cause: answered ? 16 : 19, ended_by_callee: byCallee,
    interrupted: false, recording: false, legs,
  };
}
