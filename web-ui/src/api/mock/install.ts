import type { LineAction, LineMessage, LiveEvent } from '../types';
import { emptyBox, office, type Data } from './data';
import { MockExchange } from './exchange';
import { MockServer } from './server';
import { audioFor, frameBytes } from './tones';

const storageKey = 'offhook.mock';
const base = '/api/v1';

/** Puts a toy box behind `fetch`, `EventSource` and `WebSocket`. `?mock=empty` or `?mock=office` starts it anew. */
export function installMock(): void {
  const data = load();
  const streams = new Set<MockEvents>();
  const sockets = new Map<string, MockSocket>();
  const emit = (event: LiveEvent) => streams.forEach((stream) => stream.send(event));
  const exchange = new MockExchange(data, emit, (line, message) => sockets.get(line)?.say(message));
  const server = new MockServer(data, exchange, emit);
  const realFetch = globalThis.fetch.bind(globalThis);

  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (!url.pathname.startsWith(base)) return realFetch(input, init);
    const text = await request.text();
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const reply = server.handle(request.method, url.pathname.slice(base.length), body, url.searchParams);
    sessionStorage.setItem(storageKey, JSON.stringify(data));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const said = reply.body === undefined ? null : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    return new Response(said, {
      status: reply.status,
      headers: { 'Content-Type': reply.status < 400 ? 'application/json' : 'application/problem+json' },
    });
  };

  class MockEvents extends EventTarget {
    static readonly CLOSED = 2;
    readyState = 0;
    onopen: (() => void) | null = null;
    onerror: (() => void) | null = null;
    constructor() {
      super();
      setTimeout(() => {
        if (this.readyState === 2) return;
        this.readyState = 1;
        streams.add(this);
        this.onopen?.();
        this.send({ type: 'snapshot', calls: exchange.calls });
      }, 20);
    }
    send(event: LiveEvent): void {
      this.dispatchEvent(new MessageEvent(event.type, { data: JSON.stringify(event) }));
    }
    close(): void {
      this.readyState = 2;
      streams.delete(this);
    }
  }

  class MockSocket extends EventTarget {
    static readonly OPEN = 1;
    readyState = 0;
    binaryType = 'arraybuffer';
    readonly #line: string;
    #timer: ReturnType<typeof setInterval> | undefined;
    #time = 0;
    #heard: ArrayBuffer[] = [];
    constructor(url: string) {
      super();
      this.#line = /lines\/([^/]+)\/audio/.exec(url)?.[1] ?? '';
      setTimeout(() => {
        this.readyState = 1;
        sockets.set(this.#line, this);
        this.dispatchEvent(new Event('open'));
        const message = exchange.message(this.#line);
        if (message) this.say(message);
        this.#timer = setInterval(() => this.#tick(), 20);
      }, 20);
    }
    say(message: LineMessage): void {
      this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
    }
    hear(frame: ArrayBuffer): void {
      if (this.#heard.length < 10) this.#heard.push(frame);
    }
    send(payload: string | ArrayBuffer): void {
      if (typeof payload === 'string') exchange.act(this.#line, JSON.parse(payload) as LineAction);
      else if (payload.byteLength === frameBytes) sockets.get(exchange.peer(this.#line) ?? '')?.hear(payload);
      sessionStorage.setItem(storageKey, JSON.stringify(data));
    }
    #tick(): void {
      const message = exchange.message(this.#line);
      if (message?.type !== 'state' || !message.off_hook) return;
      const frame = this.#heard.shift() ?? audioFor(message.state, this.#time);
      this.#time += 160;
      this.dispatchEvent(new MessageEvent('message', { data: frame }));
    }
    close(): void {
      clearInterval(this.#timer);
      this.readyState = 3;
      if (sockets.get(this.#line) === this) sockets.delete(this.#line);
    }
  }

  Object.assign(globalThis, { EventSource: MockEvents, WebSocket: MockSocket });
}

function load(): Data {
  const wanted = new URLSearchParams(location.search).get('mock');
  if (wanted === 'empty') return emptyBox();
  const kept = wanted ? null : sessionStorage.getItem(storageKey);
  return kept ? (JSON.parse(kept) as Data) : office();
}
