export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error';
  action?: { label: string; run: () => void };
}

/** How long a message stays, in milliseconds. With something to decide it stays longer. */
const shortStay = 5000;
const longStay = 10_000;

const state = $state<{ list: Toast[]; held: boolean }>({ list: [], held: false });
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let last = 0;

/** The messages in sight. Reactive. */
export function toasts(): Toast[] {
  return state.list;
}

/** Shows a message. */
export function toast(text: string, options: { kind?: Toast['kind']; action?: Toast['action'] } = {}): void {
  const item: Toast = { id: ++last, text, kind: options.kind ?? 'info' };
  if (options.action) item.action = options.action;
  state.list = [...state.list.slice(-2), item];
  arm(item);
}

/** Takes a message away. */
export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  state.list = state.list.filter((item) => item.id !== id);
}

/** While the pointer or the focus is on the messages they stay (WCAG 2.2.1). */
export function hold(held: boolean): void {
  state.held = held;
  for (const item of state.list) arm(item);
}

function arm(item: Toast): void {
  clearTimeout(timers.get(item.id));
  if (state.held) return;
  const stay = item.action || item.kind === 'error' ? longStay : shortStay;
  timers.set(item.id, setTimeout(() => dismiss(item.id), stay));
}
