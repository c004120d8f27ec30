const state = $state({ path: location.pathname, search: location.search });

/** Asked before the page changes; answers whether it may. */
type Guard = (target: string) => boolean;
let guard: Guard | undefined;

/** The present path. Reactive. */
export function path(): string {
  return state.path;
}

/** The present query. Reactive. */
export function query(): URLSearchParams {
  return new URLSearchParams(state.search);
}

function read(): void {
  state.path = location.pathname;
  state.search = location.search;
}

/** Goes to an address of this application. */
export function navigate(target: string, options: { replace?: boolean; force?: boolean } = {}): void {
  const url = new URL(target, location.href);
  const changesPage = url.pathname !== state.path;
  if (changesPage && !options.force && guard && !guard(target)) return;
  if (changesPage) guard = undefined;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', url);
  read();
  if (changesPage) window.scrollTo(0, 0);
}

/** Changes the query, without leaving the page. Empty values are removed. */
export function setQuery(changes: Record<string, string | undefined>, replace = true): void {
  const params = query();
  for (const [key, value] of Object.entries(changes)) {
    if (value) params.set(key, value);
    else params.delete(key);
  }
  const text = params.toString();
  navigate(`${state.path}${text ? `?${text}` : ''}`, { replace });
}

/** Sets the question asked before leaving this page; gone with the page. */
export function setLeaveGuard(value: Guard | undefined): void {
  guard = value;
}

/** Follows ordinary clicks on links to this application without loading the page anew. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (link.pathname.startsWith('/api/')) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

/** Starts listening. Returns how to stop. */
export function startRouter(): () => void {
  const onBack = () => {
    if (guard && location.pathname !== state.path) {
      const target = location.pathname + location.search;
      if (!guard(target)) {
        history.pushState(null, '', state.path + state.search);
        return;
      }
      guard = undefined;
    }
    read();
  };
  document.addEventListener('click', onClick);
  window.addEventListener('popstate', onBack);
  return () => {
    document.removeEventListener('click', onClick);
    window.removeEventListener('popstate', onBack);
  };
}
