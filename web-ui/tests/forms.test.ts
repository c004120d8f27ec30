import { describe, expect, it } from 'vitest';
import { emptyBox } from '../src/api/mock/data';
import { MockExchange } from '../src/api/mock/exchange';
import { MockServer } from '../src/api/mock/server';
import type { Device, DeviceInput, Line, Trunk } from '../src/api/types';
import { checkDevice, deviceDraft, deviceInput } from '../src/forms/device-draft';
import { checkLine, lineDraft, lineInput } from '../src/forms/line-draft';
import { codecNames } from '../src/forms/sound-draft';
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
    kind: { kind: 'sip', uri: 'sip:carrier.example', username: 'office', has_password: true, addresses: ['203.0.113.5'], register: true, encryption: 'offered', codecs: ['pcma'], digits: 'info_relay' },
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

  it('keeps how its sound goes, and wants a codec where the administrator chooses', () => {
    const { kind } = trunkInput(trunkDraft(sip));
    expect(kind).toMatchObject({ encryption: 'offered', codecs: ['pcma'], digits: 'info_relay' });
    expect(checkTrunk({ ...trunkDraft(sip), codecs: [] }, en)).toEqual({ codecs: en.sipSound.codecsNone });
    expect(checkTrunk({ ...trunkDraft(sip), automatic: true, codecs: [] }, en)).toEqual({});
  });

  it('goes through the line it was asked for', () => {
    expect(trunkInput({ ...trunkDraft(undefined, 'line-5'), name: 'Copper' })).toEqual({ name: 'Copper', max_calls: 1, kind: { kind: 'line', line: 'line-5' } });
  });
});

describe('the form of a telephone', () => {
  const telephone: Device = {
    id: 'd', extension_id: 'e', label: 'Desk', kind: { kind: 'sip', username: '201' }, encryption: 'required', codecs: ['g722', 'opus'], digits: 'info', registrations: [],
  };

  it('keeps what is not changed', () => {
    const renamed = deviceInput(telephone, { ...deviceDraft(telephone), label: ' Van ' });
    expect(renamed).toEqual({ label: 'Van', kind: { kind: 'sip', username: '201' }, encryption: 'required', codecs: ['g722', 'opus'], digits: 'info' });
    const analog: Device = { ...telephone, kind: { kind: 'analog', line: 'line-1' }, encryption: 'auto', codecs: [], digits: 'auto' };
    expect(deviceInput(analog, deviceDraft(analog))).toEqual({ label: 'Desk', kind: { kind: 'analog', line: 'line-1' }, encryption: 'auto', codecs: [], digits: 'auto' });
  });

  it('leaves the codecs to the box, or sends those chosen in their order', () => {
    const draft = deviceDraft({ ...telephone, codecs: [] });
    expect(draft.automatic).toBe(true);
    expect(deviceInput(telephone, draft).codecs).toEqual([]);
    expect(deviceInput(telephone, { ...draft, automatic: false, codecs: ['pcma', 'opus'] }).codecs).toEqual(['pcma', 'opus']);
    expect(deviceInput(telephone, { ...deviceDraft(telephone), automatic: true }).codecs).toEqual([]);
  });

  it('wants a codec where the administrator chooses', () => {
    const draft = deviceDraft(telephone);
    expect(checkDevice(draft, en)).toEqual({ codecs: undefined });
    expect(checkDevice({ ...draft, codecs: [] }, en)).toEqual({ codecs: en.sipSound.codecsNone });
    expect(checkDevice({ ...draft, automatic: true, codecs: [] }, en)).toEqual({ codecs: undefined });
    expect(Object.keys(en.sipSound.codecNames)).toEqual(codecNames);
  });
});

describe('the mock of a telephone', () => {
  const box = emptyBox();
  const quiet = () => undefined;
  const server = new MockServer(box, new MockExchange(box, quiet, quiet), quiet);
  box.signedIn = true;
  const put = (id: string, body: DeviceInput) => server.handle('PUT', `/devices/${id}`, { ...body }, new URLSearchParams());
  server.handle('POST', '/extensions', { name: 'Desk', extension: '201' }, new URLSearchParams());
  const telephone = box.extensions[0]?.devices[0];

  it('keeps what the form sends, and refuses a codec given twice', () => {
    if (!telephone) throw new Error('the extension has no telephone');
    const draft = { ...deviceDraft(telephone), encryption: 'offered' as const, automatic: false };
    expect(put(telephone.id, deviceInput(telephone, { ...draft, codecs: ['g722', 'opus'] })).status).toBe(200);
    expect(telephone).toMatchObject({ encryption: 'offered', codecs: ['g722', 'opus'] });
    expect(put(telephone.id, deviceInput(telephone, { ...draft, codecs: ['opus', 'opus'] })).status).toBe(422);
    expect(telephone.codecs).toEqual(['g722', 'opus']);
  });
});
