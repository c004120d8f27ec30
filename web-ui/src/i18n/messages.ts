import type { en } from './en';

/** The same shape with every text free: what each language's catalogue must be, key by key and parameter by parameter. */
type Translated<T> = {
  [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Translated<T[K]>;
};

/** All texts of the pages. English is the reference; the compiler refuses a language that lacks one. */
export type Messages = Translated<typeof en>;
