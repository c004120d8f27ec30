import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, frameSamples, levelDb } from '../src/audio/pcm';
import { Pump } from '../src/audio/pump';
import { Resampler, resampleAll } from '../src/audio/resample';

function sine(hz: number, rate: number, length: number, level = 0.5): Float32Array {
  return Float32Array.from({ length }, (_, n) => level * Math.sin((2 * Math.PI * hz * n) / rate));
}

/** Level of one frequency in dB, by Goertzel's method on the middle of the sound. */
function levelAt(samples: Float32Array, hz: number, rate: number): number {
  const middle = samples.subarray(Math.floor(samples.length / 4), Math.floor((samples.length * 3) / 4));
  let re = 0;
  let im = 0;
  for (const [n, sample] of middle.entries()) {
    re += sample * Math.cos((2 * Math.PI * hz * n) / rate);
    im += sample * Math.sin((2 * Math.PI * hz * n) / rate);
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / middle.length || 1e-9);
}

/** Pushes in the odd blocks that a browser gives. */
function inBlocks(resampler: Resampler, input: Float32Array, block: number): Float32Array {
  const parts: number[] = [];
  for (let n = 0; n < input.length; n += block) parts.push(...resampler.push(input.slice(n, n + block)));
  return Float32Array.from(parts);
}

describe('the resampler', () => {
  for (const [from, to] of [[48000, 8000], [44100, 8000], [8000, 48000], [8000, 44100], [16000, 8000]] as const) {
    it(`keeps a tone's pitch and level from ${from} to ${to} Hz`, () => {
      const output = inBlocks(new Resampler(from, to), sine(1000, from, from), 128);
      expect(Math.abs(output.length - to)).toBeLessThan(to / 100);
      expect(levelAt(output, 1000, to)).toBeCloseTo(20 * Math.log10(0.5), 1);
    });
  }

  it('lets no tone above the line’s band fold back into it', () => {
    const output = inBlocks(new Resampler(48000, 8000), sine(5000, 48000, 48000), 128);
    expect(levelAt(output, 3000, 8000)).toBeLessThan(-60);
  });

  it('adds no image above the line’s band', () => {
    const output = inBlocks(new Resampler(8000, 48000), sine(1000, 8000, 8000), 160);
    expect(levelAt(output, 7000, 48000)).toBeLessThan(-55);
  });

  it('gives the same samples whatever the size of the blocks', () => {
    const input = sine(440, 48000, 9600);
    const whole = new Resampler(48000, 8000).push(input);
    const parts = inBlocks(new Resampler(48000, 8000), input, 131);
    for (let n = 0; n < parts.length; n++) expect(parts[n]).toBeCloseTo(whole[n] ?? NaN, 4);
  });

  it('keeps the length of a whole sound', () => {
    expect(resampleAll(sine(440, 44100, 44100), 44100, 8000).length).toBe(8000);
  });
});

describe('frames', () => {
  it('are 16 bits little-endian and cut what is too loud', () => {
    const bytes = new Uint8Array(encodeFrame(Float32Array.of(0, 1, -1, 2, 0.5)));
    expect([...bytes]).toEqual([0, 0, 0xff, 0x7f, 0x01, 0x80, 0xff, 0x7f, 0x00, 0x40]);
  });

  it('come back as they were sent', () => {
    const sent = sine(440, 8000, frameSamples);
    const back = decodeFrame(encodeFrame(sent));
    for (let n = 0; n < sent.length; n++) expect(back[n]).toBeCloseTo(sent[n] ?? NaN, 3);
  });

  it('of odd length lose the last byte, nothing else', () => {
    expect(decodeFrame(new ArrayBuffer(5)).length).toBe(2);
  });

  it('have a level in dB below full scale', () => {
    expect(levelDb(sine(1000, 8000, 8000, 1))).toBeCloseTo(-3.01, 1);
    expect(levelDb(new Float32Array(160))).toBe(-90);
  });
});

describe('the pump', () => {
  it('waits for a cushion, then plays without a gap', () => {
    const pump = new Pump(48000);
    const tone = sine(440, 8000, 16000);
    const played: number[] = [];
    for (let n = 0; n < 90; n++) {
      pump.hear(tone.slice(n * 160, n * 160 + 160));
      for (let block = 0; block < 7; block++) played.push(...pump.play(128));
      played.push(...pump.play(64));
    }
    const start = played.findIndex((sample) => Math.abs(sample) > 0.01);
    expect(start).toBeGreaterThan(900);
    const rest = Float32Array.from(played.slice(start));
    expect(levelAt(rest, 440, 48000)).toBeCloseTo(20 * Math.log10(0.5), 0);
  });

  it('drops what comes too late instead of lagging for ever', () => {
    const pump = new Pump(8000);
    for (let n = 0; n < 100; n++) pump.hear(new Float32Array(160).fill(n));
    const next = pump.play(160);
    expect(next.at(-1)).toBeGreaterThan(80);
  });

  it('makes 50 frames a second of a microphone at 44.1 kHz', () => {
    const pump = new Pump(44100);
    let frames = 0;
    for (let n = 0; n < 44100; n += 128) frames += pump.record(sine(440, 44100, 128), 128).length;
    expect(frames).toBeGreaterThanOrEqual(49);
    expect(frames).toBeLessThanOrEqual(50);
  });

  it('speaks a file over and over in place of the microphone', () => {
    const pump = new Pump(48000);
    pump.speak(Float32Array.of(0.1, 0.2, 0.3));
    const frames = [];
    for (let n = 0; n < 48000; n += 128) frames.push(...pump.record(undefined, 128));
    expect(frames.length).toBe(50);
    expect(frames[0]?.[0]).toBeCloseTo(0.1);
    expect(frames[0]?.[4]).toBeCloseTo(0.2);
  });
});
