import type { Messages } from '../i18n/messages';
import type { IconName } from '../ui/Icon.svelte';
import { paths } from './paths';

type Label = keyof Messages['nav'];

interface Group {
  title: Label;
  items: { href: string; label: Label; icon: IconName }[];
}

/** The main menu. */
export const navigation: Group[] = [
  {
    title: 'everyday',
    items: [
      { href: paths.home, label: 'home', icon: 'home' },
      { href: paths.live, label: 'live', icon: 'live' },
      { href: paths.calls, label: 'calls', icon: 'calls' },
      { href: paths.lines, label: 'lines', icon: 'phone' },
    ],
  },
  {
    title: 'configuration',
    items: [
      { href: paths.extensions, label: 'extensions', icon: 'people' },
      { href: paths.trunks, label: 'trunks', icon: 'trunk' },
      { href: paths.routes, label: 'routes', icon: 'route' },
      { href: paths.announcements, label: 'announcements', icon: 'announcement' },
      { href: paths.recording, label: 'recording', icon: 'record' },
    ],
  },
  {
    title: 'system',
    items: [
      { href: paths.settings, label: 'settings', icon: 'settings' },
      { href: paths.status, label: 'status', icon: 'status' },
    ],
  },
];
