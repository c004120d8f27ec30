import { describe, expect, it } from 'vitest';
import type { Line, Trunk } from '../src/api/types';
import { checkLine, lineDraft, lineInput } from '../src/forms/line-draft';
import { checkTrunk, trunkDraft, trunkInput } from '../src/forms/trunk-draft';
import { en } from '../src/i18n/en';

const line = (port: number, kind: Line['kind'] = 'fxs'): Line => ({
  id: `line-${port}`, port, kind, label: '', answer_supervision: 'delay', sound: { cancel_echo: true, from_line_db: 0, to_line_db: 0, automatic_level: false }, state: 'on_hook', simulated: true, extension_id: null,
});

describe('the form of a line', () => {
  it('offers the first free socket and refuses those that are taken or impossible', () => {
    const others = [line(1), line(2), line(4)];
    const draft = lineDraft(undefined, others);
    expect(draft.port).toBe(3);
    expect(checkLine(draft, others, en)).toEqual({});
    expect(checkLine({ ...draft, port: 2 }, others, en)).toEqual({ port: en.errors.port_taken });
    for (const port of [0, 1.5, 1025, Number.NaN]) expect(checkLine({ ...draft, port }, others, en).port).toBe(en.lines.portInvalid);
  });

  it('sends what belongs to its kind only', () => {
    const draft = { ...lineDraft(line(1), []), label: ' Hall ', extension: 'someone', supervision: 'reversal' as const };
    expect(lineInput(draft)).toEqual({ kind: 'fxs', port: 1, label: 'Hall', extension_id: 'someone' });
    expect(lineInput({ ...draft, extension: '' }).extension_id).toBeNull();
    expect(lineInput({ ...draft, kind: 'fxo' })).toEqual({ kind: 'fxo', port: 1, label: 'Hall', answer_supervision: 'reversal' });
  });
});

describe('the form of a trunk', () => {
  const sip: Trunk = {
    id: 't', name: 'Carrier', max_calls: 4,
    kind: { kind: 'sip', uri: 'sip:carrier.example', username: 'office', has_password: true, addresses: ['203.0.113.5'], register: true },
  };
  const password = (change: Partial<ReturnType<typeof trunkDraft>>) => {
    const { kind } = trunkInput({ ...trunkDraft(sip), ...change });
    return kind.kind === 'sip' ? kind.password : 'none';
  };

  it('keeps, replaces and forgets the password', () => {
    expect(password({})).toBeNull();
    expect(password({ password: 'new' })).toBe('new');
    expect(password({ forget: true })).toBe('');
  });

  it('wants a user name for registering only', () => {
    expect(checkTrunk({ ...trunkDraft(sip), username: ' ' }, en)).toEqual({ username: en.trunks.usernameMissing });
    expect(checkTrunk({ ...trunkDraft(sip), username: '', register: false }, en)).toEqual({});
  });

  it('goes through the line it was asked for', () => {
    expect(trunkInput({ ...trunkDraft(undefined, 'line-5'), name: 'Copper' })).toEqual({ name: 'Copper', max_calls: 1, kind: { kind: 'line', line: 'line-5' } });
  });
});
