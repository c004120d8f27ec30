const state = $state({ now: Date.now() });
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;
let offset = 0;

/** The box's time, for running clocks, in UTC milliseconds. Reactive while [`useClock`] is in use. */
export function now(): number {
  return state.now;
}

/** Sets this computer's clock aside for the box's: its time, just received. */
export function setBoxTime(time: number): void {
  offset = time - Date.now();
}

/** Keeps the clock running while the component lives: call in an `$effect`. */
export function useClock(): () => void {
  const tick = () => (state.now = Date.now() + offset);
  if (users++ === 0) {
    tick();
    timer = setInterval(tick, 500);
  }
  return () => {
    if (--users === 0) clearInterval(timer);
  };
}
