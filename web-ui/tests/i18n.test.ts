import { describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en';
import { fr } from '../src/i18n/fr';

type Leaf = { path: string; value: unknown };

function leaves(tree: object, prefix = ''): Leaf[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = prefix ? `${prefix}.${key}` : key;
    return typeof value === 'object' && value !== null ? leaves(value as object, path) : [{ path, value: value as unknown }];
  });
}

const english = leaves(en);
const french = leaves(fr);

/** The text, with made-up parameters. */
function text({ value }: Leaf): string {
  return typeof value === 'function' ? String(value(...Array.from({ length: value.length }, () => 3))) : String(value);
}

describe('the catalogues', () => {
  it('have the same keys', () => {
    expect(french.map((leaf) => leaf.path)).toEqual(english.map((leaf) => leaf.path));
  });

  it('have the same parameters', () => {
    const shape = (leaf: Leaf) => [leaf.path, typeof leaf.value === 'function' ? leaf.value.length : 'text'];
    expect(french.map(shape)).toEqual(english.map(shape));
  });

  it('leave no text empty', () => {
    expect([...english, ...french].filter((leaf) => text(leaf).trim() === '').map((leaf) => leaf.path)).toEqual([]);
  });

  it('put every parameter to use', () => {
    for (const leaf of [...english, ...french]) {
      if (typeof leaf.value !== 'function') continue;
      const marks = Array.from({ length: leaf.value.length }, (_, n) => 700 + n);
      const said = String(leaf.value(...marks));
      // A count may choose between two texts without being named.
      const other = String(leaf.value(...marks.map(() => 1)));
      expect(said !== other || marks.every((mark) => said.includes(String(mark))), leaf.path).toBe(true);
    }
  });

  it('keep French punctuation on its line: a no-break space before : ; ? ! and inside « »', () => {
    const wrong = french.filter((leaf) => / [:;?!»]|« | »/.test(text(leaf)));
    expect(wrong.map((leaf) => leaf.path)).toEqual([]);
  });

  it('write apostrophes as the language does', () => {
    expect([...english, ...french].filter((leaf) => /\w'\w/.test(text(leaf))).map((leaf) => leaf.path)).toEqual([]);
  });

  it('are translated: few texts are the same in both languages', () => {
    const same = english.filter((leaf, index) => text(leaf) === text(french[index] ?? leaf) && text(leaf).length > 12);
    expect(same.map((leaf) => leaf.path)).toEqual([]);
  });
});
