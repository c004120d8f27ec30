import { client, take } from './client';
import type { DeviceInput, ExtensionInput } from './types';

const at = (id: string) => ({ params: { path: { id } } });

export const listExtensions = () => take(client.GET('/api/v1/extensions'));
export const getExtension = (id: string) => take(client.GET('/api/v1/extensions/{id}', at(id)));
export const addExtension = (body: ExtensionInput) => take(client.POST('/api/v1/extensions', { body }));
export const saveExtension = (id: string, body: ExtensionInput) =>
  take(client.PUT('/api/v1/extensions/{id}', { ...at(id), body }));
export const deleteExtension = (id: string) => take(client.DELETE('/api/v1/extensions/{id}', at(id)));

export const addDevice = (extension: string, body: DeviceInput) =>
  take(client.POST('/api/v1/extensions/{id}/devices', { ...at(extension), body }));
export const saveDevice = (id: string, body: DeviceInput) =>
  take(client.PUT('/api/v1/devices/{id}', { ...at(id), body }));
export const deleteDevice = (id: string) => take(client.DELETE('/api/v1/devices/{id}', at(id)));
export const getCredentials = (id: string) => take(client.GET('/api/v1/devices/{id}/credentials', at(id)));
export const renewSecret = (id: string) => take(client.POST('/api/v1/devices/{id}/secret', at(id)));
