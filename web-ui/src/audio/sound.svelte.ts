import workletUrl from './worklet?worker&url';

/** The page's one sound output. Browsers allow it only after a click or a key. */
const state = $state({ on: false, failed: false });
let context: AudioContext | undefined;
let loading: Promise<boolean> | undefined;

export const sound = {
  /** Sound may be heard. Reactive. */
  get on() {
    return state.on;
  },
  /** This browser gives no sound. Reactive. */
  get failed() {
    return state.failed;
  },
};

/** Turns sound on; call from a click. False when this browser gives none. */
export function turnOn(): Promise<boolean> {
  loading ??= open();
  return loading;
}

async function open(): Promise<boolean> {
  try {
    context = new AudioContext({ latencyHint: 'interactive' });
    await context.resume();
    // Only secure pages have worklets; the others use the old-style node.
    if (context.audioWorklet) await context.audioWorklet.addModule(workletUrl);
    state.on = true;
    return true;
  } catch {
    state.failed = true;
    loading = undefined;
    return false;
  }
}

/** Turns sound off. */
export async function turnOff(): Promise<void> {
  state.on = false;
  loading = undefined;
  const closing = context;
  context = undefined;
  await closing?.close();
}

/** The output, once on. */
export function audioContext(): AudioContext | undefined {
  return context;
}
