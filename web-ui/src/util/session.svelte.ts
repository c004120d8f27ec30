import { getMe, getSetup, signOut } from '../api/access';
import { setUnauthorizedHandler } from '../api/client';
import { ApiError } from '../api/error';
import { getSite, getStatus } from '../api/site';
import type { Me, SetupState, Site } from '../api/types';
import { suggestLocale } from '../i18n/index.svelte';
import { startLive, stopLive } from './live.svelte';
import { setBoxTime } from './now.svelte';
import { paths } from './paths';
import { navigate } from './router.svelte';

type Phase = 'starting' | 'unreachable' | 'setup' | 'out' | 'in';

const state = $state<{ phase: Phase; setup?: SetupState; me?: Me; site?: Site; over: boolean }>({
  phase: 'starting',
  over: false,
});

/** Who is here, and what the box is. Reactive. */
export const session = {
  get phase() {
    return state.phase;
  },
  get setup() {
    return state.setup;
  },
  get me() {
    return state.me;
  },
  get site() {
    return state.site;
  },
  /** The session ended by itself. */
  get over() {
    return state.over;
  },
};

/** Finds out where we are: first run, logged out or logged in. */
export async function startSession(): Promise<void> {
  state.phase = 'starting';
  setUnauthorizedHandler(onSessionOver);
  try {
    state.setup = await getSetup();
    if (state.setup.needed) {
      state.phase = 'setup';
      return;
    }
    await enter(await getMe());
  } catch (error) {
    state.phase = error instanceof ApiError && error.status === 401 ? 'out' : 'unreachable';
    state.over = false;
  }
}

/** After logging in or the first run. */
export async function enter(me: Me): Promise<void> {
  state.site = await getSite();
  state.me = me;
  state.over = false;
  if (state.setup) state.setup = { ...state.setup, needed: false };
  suggestLocale(me.language);
  state.phase = 'in';
  startLive();
  // The clocks of calls run by the box's time; without it, by this computer's.
  void getStatus().then((status) => setBoxTime(status.time)).catch(() => undefined);
}

/** Logs out. */
export async function leave(): Promise<void> {
  await signOut();
  stopLive();
  state.me = undefined;
  state.over = false;
  state.phase = 'out';
  navigate(paths.login, { force: true });
}

/** Keeps what the settings page saved. */
export function setSite(site: Site): void {
  state.site = site;
}

function onSessionOver(): void {
  if (state.phase !== 'in') return;
  stopLive();
  state.me = undefined;
  state.over = true;
  state.phase = 'out';
}
