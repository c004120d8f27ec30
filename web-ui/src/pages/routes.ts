import type { Component } from 'svelte';
import { paths } from '../util/paths';
import Announcements from './Announcements.svelte';
import Calls from './Calls.svelte';
import Extension from './Extension.svelte';
import Extensions from './Extensions.svelte';
import Home from './Home.svelte';
import Line from './Line.svelte';
import Lines from './Lines.svelte';
import Live from './Live.svelte';
import NewExtension from './NewExtension.svelte';
import Recording from './Recording.svelte';
import Routing from './Routing.svelte';
import Settings from './Settings.svelte';
import Status from './Status.svelte';
import Trunk from './Trunk.svelte';
import Trunks from './Trunks.svelte';

interface Route {
  pattern: string;
  /** Routes with the same key share one page that stays when the address changes between them. */
  key?: string;
  page: Component<Record<string, string>>;
}

/** A page takes the parameters of its own pattern; the table cannot say which. */
const page = (component: unknown) => component as Component<Record<string, string>>;

/** First match wins. */
export const routes: Route[] = [
  { pattern: paths.home, page: page(Home) },
  { pattern: paths.welcome, page: page(Home) },
  { pattern: paths.live, page: page(Live) },
  { pattern: paths.calls, key: 'calls', page: page(Calls) },
  { pattern: paths.call(':id'), key: 'calls', page: page(Calls) },
  { pattern: paths.lines, page: page(Lines) },
  { pattern: paths.newLine, page: page(Line) },
  { pattern: paths.line(':id'), page: page(Line) },
  { pattern: paths.extensions, page: page(Extensions) },
  { pattern: paths.newExtension, page: page(NewExtension) },
  { pattern: paths.extension(':id'), page: page(Extension) },
  { pattern: paths.trunks, page: page(Trunks) },
  { pattern: paths.newTrunk, page: page(Trunk) },
  { pattern: paths.trunk(':id'), page: page(Trunk) },
  { pattern: paths.routes, page: page(Routing) },
  { pattern: paths.announcements, page: page(Announcements) },
  { pattern: paths.recording, page: page(Recording) },
  { pattern: paths.settings, page: page(Settings) },
  { pattern: paths.status, page: page(Status) },
];
