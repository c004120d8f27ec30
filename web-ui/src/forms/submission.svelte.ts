import { ApiError, explain } from '../api/error';
import { t } from '../i18n/index.svelte';
import type { Messages } from '../i18n/messages';
import { focusFirstError } from '../util/focus';

type Errors<D> = Partial<Record<keyof D, string>>;

interface Form<D> {
  draft: () => D;
  /** What is wrong, field by field, in words. */
  check: (draft: D, m: Messages) => Errors<D>;
  /** Fields of the API's refusals and where they are in the form. */
  fieldOf: Record<string, keyof D>;
  save: () => Promise<void>;
}

/** The life of a form: checked when sent, refused by the box field by field, saved, changed again. */
export class Submission<D extends object> {
  busy = $state(false);
  /** A refusal that concerns no field. */
  failure = $state('');
  /** What was wrong, by field: nothing before the first try. */
  readonly errors: Errors<D> = $derived.by(() => ({ ...this.#refused, ...(this.#tried ? this.#form.check(this.#form.draft(), t()) : {}) }));

  readonly #form: Form<D>;
  #tried = $state(false);
  #refused = $state.raw<Errors<D>>({});
  #saved = $state('');

  constructor(form: Form<D>) {
    this.#form = form;
    this.#saved = JSON.stringify(form.draft());
  }

  /** Leaving now would lose something. */
  get dirty(): boolean {
    return !this.busy && JSON.stringify(this.#form.draft()) !== this.#saved;
  }

  readonly submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    this.#tried = true;
    this.#refused = {};
    this.failure = '';
    if (this.busy) return;
    if (Object.keys(this.errors).length > 0) return focusFirstError(element);
    this.busy = true;
    const before = this.#saved;
    this.#saved = JSON.stringify(this.#form.draft()); // Leaving after this is no loss.
    try {
      await this.#form.save();
      this.#saved = JSON.stringify(this.#form.draft());
    } catch (error) {
      this.#saved = before;
      const field = error instanceof ApiError && error.field ? this.#form.fieldOf[error.field] : undefined;
      if (field) {
        this.#refused = { [field]: explain(error, t()) } as Errors<D>;
        focusFirstError(element);
      } else {
        this.failure = explain(error, t());
      }
    } finally {
      this.busy = false;
    }
  };
}
