import type { Announcement, Extension } from '../api/types';

/** Something a call can be sent to. */
export interface Destination {
  number: string;
  label: string;
}

/** Extensions and announcements, by number. */
export function destinationsOf(extensions: Extension[], announcements: Announcement[]): Destination[] {
  return [
    ...extensions.map((item) => ({ number: item.extension, label: `${item.extension} · ${item.name}` })),
    ...announcements.map((item) => ({ number: item.number, label: `${item.number} · ${item.name}` })),
  ].sort((a, b) => a.number.localeCompare(b.number));
}
