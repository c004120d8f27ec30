import { client, take } from './client';
import type { AnnouncementInput, InboundRouteInput, OutboundRouteInput, RecordingRuleInput, TrunkInput } from './types';

const at = (id: string) => ({ params: { path: { id } } });

export const listTrunks = () => take(client.GET('/api/v1/trunks'));
export const addTrunk = (body: TrunkInput) => take(client.POST('/api/v1/trunks', { body }));
export const saveTrunk = (id: string, body: TrunkInput) => take(client.PUT('/api/v1/trunks/{id}', { ...at(id), body }));
export const deleteTrunk = (id: string) => take(client.DELETE('/api/v1/trunks/{id}', at(id)));

export const listOutbound = () => take(client.GET('/api/v1/routes/outbound'));
export const addOutbound = (body: OutboundRouteInput) => take(client.POST('/api/v1/routes/outbound', { body }));
export const saveOutbound = (id: string, body: OutboundRouteInput) =>
  take(client.PUT('/api/v1/routes/outbound/{id}', { ...at(id), body }));
export const deleteOutbound = (id: string) => take(client.DELETE('/api/v1/routes/outbound/{id}', at(id)));

export const listInbound = () => take(client.GET('/api/v1/routes/inbound'));
export const addInbound = (body: InboundRouteInput) => take(client.POST('/api/v1/routes/inbound', { body }));
export const saveInbound = (id: string, body: InboundRouteInput) =>
  take(client.PUT('/api/v1/routes/inbound/{id}', { ...at(id), body }));
export const deleteInbound = (id: string) => take(client.DELETE('/api/v1/routes/inbound/{id}', at(id)));

export const listAnnouncements = () => take(client.GET('/api/v1/announcements'));
export const addAnnouncement = (body: AnnouncementInput) => take(client.POST('/api/v1/announcements', { body }));
export const saveAnnouncement = (id: string, body: AnnouncementInput) =>
  take(client.PUT('/api/v1/announcements/{id}', { ...at(id), body }));
export const deleteAnnouncement = (id: string) => take(client.DELETE('/api/v1/announcements/{id}', at(id)));

export const listRecordingRules = () => take(client.GET('/api/v1/recording-rules'));
export const addRecordingRule = (body: RecordingRuleInput) => take(client.POST('/api/v1/recording-rules', { body }));
export const saveRecordingRule = (id: string, body: RecordingRuleInput) =>
  take(client.PUT('/api/v1/recording-rules/{id}', { ...at(id), body }));
export const deleteRecordingRule = (id: string) => take(client.DELETE('/api/v1/recording-rules/{id}', at(id)));
