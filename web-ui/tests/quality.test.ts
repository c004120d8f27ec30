import { describe, expect, it } from 'vitest';
import { pastCalls } from '../src/api/mock/history';
import { grade, gradeTones, lossPercent } from '../src/util/quality';

describe('the sound of a leg', () => {
  it('has a word for each score, with the borders of ITU-T G.109', () => {
    expect([4.5, 4.03, 4, 3.99, 3.1, 3.09, 1].map(grade)).toEqual(['good', 'good', 'good', 'fair', 'fair', 'poor', 'poor']);
    expect(new Set(Object.values(gradeTones)).size).toBe(3);
  });

  it('counts what came too late as lost, and survives a stream without packets', () => {
    expect(lossPercent(95, 5)).toBe(5);
    expect(lossPercent(95, 5, 5)).toBe(10);
    expect(lossPercent(0, 0)).toBe(0);
    expect(lossPercent(1, 0, 900)).toBe(100);
  });

  it('is there for telephones on the network alone, in every grade, in the sample calls', () => {
    const legs = pastCalls().flatMap((call) => call.legs);
    const told = legs.flatMap((leg) => (leg.quality ? [leg.quality] : []));
    expect(new Set(told.map((quality) => grade(quality.mos ?? 0)))).toEqual(new Set(['good', 'fair', 'poor']));
    expect(legs.filter((leg) => leg.quality).every((leg) => leg.answered && !/^FX[SO]/.test(leg.interface ?? ''))).toBe(true);
  });
});
