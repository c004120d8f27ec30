import type { Extension, Line } from '../api/types';

/** Whether a call would ring somewhere: a SIP telephone is connected, or an analog line is in service. */
export function isReachable(extension: Extension, lines: Line[], registrations?: number): boolean {
  if ((registrations ?? extension.registrations) > 0) return true;
  return extension.devices.some((device) => {
    if (device.kind.kind !== 'analog') return false;
    const id = device.kind.line;
    const line = lines.find((item) => item.id === id);
    return line !== undefined && line.state !== 'absent';
  });
}

/** The port of a line, for its name. */
export function portOf(lines: Line[], id: string): number | undefined {
  return lines.find((item) => item.id === id)?.port;
}
