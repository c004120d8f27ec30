import type { Line } from '../api/types';
import type { Messages } from '../i18n/messages';
import type { Tone } from './tones';

type Known = keyof Messages['lines']['states'];

/** `Analog line 1 · Hall`, `Outside line 5`. */
export function lineName(line: Line, m: Messages): string {
  const name = line.kind === 'fxs' ? m.extensions.analogPort(line.port) : m.trunks.linePort(line.port);
  return line.label ? `${name} · ${line.label}` : name;
}

/** The state of a port under its own name: a free outside line is idle, though it is on the hook like a telephone. */
export function portState(kind: Line['kind'], state: string): string {
  return kind === 'fxo' && state === 'on_hook' ? 'idle' : state;
}

/** The state of a port in words. A state this page does not know is shown as it is. */
export function lineState(state: string, m: Messages): string {
  return state in m.lines.states ? m.lines.states[state as Known] : state;
}

export function lineTone(state: string): Tone {
  switch (state) {
    case 'ringing':
      return 'warn';
    case 'talking':
      return 'ok';
    case 'dialling':
    case 'waiting':
    case 'seizing':
      return 'info';
    case 'absent':
    case 'left_off_hook':
      return 'bad';
    default:
      return 'plain';
  }
}
