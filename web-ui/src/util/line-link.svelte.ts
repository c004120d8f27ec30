import { lineAudioUrl } from '../api/lines';
import type { CallerId, Line, LineAction, LineMessage } from '../api/types';
import { decodeFrame, frameBytes, levelDb } from '../audio/pcm';
import { portState } from './line-state';

/** What a line shows. */
export interface LineView {
  state: string;
  ringing: boolean;
  offHook: boolean;
  caller: CallerId | null;
  dialled: string;
}

/** Frames waiting to leave beyond which new ones are dropped, in bytes: half a second. */
const sendLimit = 25 * frameBytes;
const retryDelay = 1500;

/** The connection with one simulated line: its state, its actions and its sound. Reopens by itself. */
export class LineLink {
  view = $state.raw<LineView>({ state: 'unknown', ringing: false, offHook: false, caller: null, dialled: '' });
  /** Loudness of what is heard, in dB below full scale. */
  level = $state(-90);
  connected = $state(false);
  /** The box's latest complaint, as a code. */
  error = $state('');

  /** Takes each frame heard. */
  onFrame: ((frame: ArrayBuffer) => void) | undefined;

  readonly #kind: Line['kind'];
  readonly #url: string;
  #socket: WebSocket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(line: Line) {
    this.#kind = line.kind;
    this.#url = lineAudioUrl(line.id);
    this.view = { ...this.view, state: portState(line.kind, line.state) };
    this.#open();
  }

  send(action: LineAction): void {
    this.error = '';
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(action));
  }

  /** Sends a frame spoken. Only a receiver that is lifted carries a voice. */
  speak(frame: ArrayBuffer): void {
    const socket = this.#socket;
    if (!this.view.offHook || socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > sendLimit) return;
    socket.send(frame);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#quiet);
    this.#socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => (this.connected = true));
    socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
      if (typeof event.data === 'string') this.#told(event.data);
      else this.#heard(event.data);
    });
    socket.addEventListener('close', () => {
      this.connected = false;
      this.level = -90;
      if (!this.#closed) this.#retry = setTimeout(() => this.#open(), retryDelay);
    });
  }

  #told(text: string): void {
    let message: LineMessage;
    try {
      message = JSON.parse(text) as LineMessage;
    } catch {
      return; // Nothing this page understands.
    }
    if (message.type === 'state') {
      this.view = {
        state: portState(this.#kind, message.state),
        ringing: message.ringing,
        offHook: message.off_hook,
        caller: message.caller ?? null,
        dialled: message.dialled ?? '',
      };
    } else if (message.type === 'error') {
      this.error = message.code;
    }
  }

  #heard(frame: ArrayBuffer): void {
    this.level = levelDb(decodeFrame(frame));
    this.onFrame?.(frame);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => (this.level = -90), 200);
  }
}
