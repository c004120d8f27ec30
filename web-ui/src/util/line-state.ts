import type { Messages } from '../i18n/messages';
import type { Tone } from './tones';

type Known = keyof Messages['lines']['states'];

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
