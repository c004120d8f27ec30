import { client, take } from './client';
import type { SiteInput } from './types';

export const getSite = () => take(client.GET('/api/v1/site'));
export const saveSite = (body: SiteInput) => take(client.PUT('/api/v1/site', { body }));
export const getStatus = () => take(client.GET('/api/v1/status'));
export const listLines = () => take(client.GET('/api/v1/lines'));

/** Takes a deletion back. */
export const undo = (token: string) => take(client.POST('/api/v1/undo/{token}', { params: { path: { token } } }));

/** Address of the whole configuration as one file. */
export const siteFileUrl = '/api/v1/site-file';

/** Address of the live events. */
export const eventsUrl = '/api/v1/events';

/** Address of a simulated line's sound and actions. */
export function lineAudioUrl(id: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}/api/v1/lines/${encodeURIComponent(id)}/audio`;
}
