import { client, take } from './client';
import type { SiteInput } from './types';

export const getSite = () => take(client.GET('/api/v1/site'));
export const saveSite = (body: SiteInput) => take(client.PUT('/api/v1/site', { body }));
export const getStatus = () => take(client.GET('/api/v1/status'));

/** Takes a deletion back. */
export const undo = (token: string) => take(client.POST('/api/v1/undo/{token}', { params: { path: { token } } }));

/** Address of the whole configuration as one file. */
export const siteFileUrl = '/api/v1/site-file';

/** Address of the live events. */
export const eventsUrl = '/api/v1/events';
