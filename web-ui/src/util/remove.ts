import { explain } from '../api/error';
import { undo } from '../api/site';
import type { Deleted } from '../api/types';
import { t } from '../i18n/index.svelte';
import { toast } from './toasts.svelte';

/** Deletes at once and offers to take it back: no question asked, nothing lost. */
export async function removeWithUndo(
  remove: () => Promise<Deleted>,
  name: string,
  refresh: () => void | Promise<void>,
): Promise<boolean> {
  let deleted: Deleted;
  try {
    deleted = await remove();
  } catch (error) {
    toast(explain(error, t()), { kind: 'error' });
    return false;
  }
  await refresh();
  toast(t().common.deleted(name), {
    action: {
      label: t().common.undo,
      run: () => {
        void undo(deleted.undo)
          .then(refresh)
          .catch((error: unknown) => toast(explain(error, t()), { kind: 'error' }));
      },
    },
  });
  return true;
}
