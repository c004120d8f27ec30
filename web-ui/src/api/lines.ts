import { client, take } from './client';
import type { LineInput } from './types';

const at = (id: string) => ({ params: { path: { id } } });

export const listLines = () => take(client.GET('/api/v1/lines'));
export const addLine = (body: LineInput) => take(client.POST('/api/v1/lines', { body }));
export const saveLine = (id: string, body: LineInput) => take(client.PUT('/api/v1/lines/{id}', { ...at(id), body }));
export const deleteLine = (id: string) => take(client.DELETE('/api/v1/lines/{id}', at(id)));

/** Address of a simulated line's sound and actions. */
export function lineAudioUrl(id: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}/api/v1/lines/${encodeURIComponent(id)}/audio`;
}
