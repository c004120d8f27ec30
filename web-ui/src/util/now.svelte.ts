const state = $state({ now: Date.now() });
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, for running clocks. Reactive once [`useClock`] is in use. */
export function now(): number {
  return state.now;
}

/** Keeps the clock running while the component lives: call in an `$effect`. */
export function useClock(): () => void {
  if (users++ === 0) {
    state.now = Date.now();
    timer = setInterval(() => (state.now = Date.now()), 500);
  }
  return () => {
    if (--users === 0) clearInterval(timer);
  };
}
