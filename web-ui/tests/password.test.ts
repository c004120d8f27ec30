import { describe, expect, it } from 'vitest';
import { judge } from '../src/util/password';

const reason = (password: string, site = 'Cabinet Martin') => judge(password, 12, site).reason;

describe('the strength of a password', () => {
  it('asks for enough characters, and says how many are missing', () => {
    expect(judge('', 12, '').reason).toBe('empty');
    expect(judge('douze', 12, '')).toEqual({ level: 1, reason: 'short', missing: 7 });
    expect(judge('été à la me', 12, '')).toMatchObject({ missing: 1 });
  });

  it('refuses what everybody tries first', () => {
    for (const password of ['password1234', 'Motdepasse2026!', 'administrateur1', 'AZERTY-azerty', 'P@ssword 12345 password']) {
      expect(judge(password, 12, '').level, password).toBe(1);
    }
  });

  it('refuses repetitions and sequences', () => {
    expect(reason('aaaaaaaaaaaaaa')).toBe('repeats');
    expect(reason('abababababab')).toBe('repeats');
    expect(reason('123456789012')).toBe('sequence');
    expect(reason('poiuytreza!!')).toBe('sequence');
  });

  it('refuses the name of the product or of the office with little more', () => {
    expect(reason('offhook-2026')).toBe('name');
    expect(reason('martin.martin1')).toBe('name');
    expect(reason('martin mange trois pommes')).toBe('strong');
  });

  it('accepts sentences, with spaces and accents', () => {
    expect(reason('le chat dort enfin')).toBe('strong');
    expect(reason('chat qui dort')).toBe('fair');
    expect(reason('correct horse battery')).toBe('strong');
  });
});
