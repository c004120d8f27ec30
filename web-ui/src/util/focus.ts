import { tick } from 'svelte';

/** Puts the cursor into the first field that is wrong, once its error is shown. */
export function focusFirstError(form: HTMLElement | undefined): void {
  void tick().then(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
