import { client, take } from './client';
import type { Setup } from './types';

export const getSetup = () => take(client.GET('/api/v1/setup'));
export const finishSetup = (body: Setup) => take(client.POST('/api/v1/setup', { body }));
export const signIn = (name: string, password: string) =>
  take(client.POST('/api/v1/session', { body: { name, password } }));
export const signOut = () => take(client.DELETE('/api/v1/session'));
export const getMe = () => take(client.GET('/api/v1/me'));
export const setMyLanguage = (language: string) => take(client.PUT('/api/v1/me', { body: { language } }));
export const changePassword = (current: string, fresh: string) =>
  take(client.PUT('/api/v1/me/password', { body: { current, new: fresh } }));
