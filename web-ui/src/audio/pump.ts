import { frameSamples, lineRate } from './pcm';
import { Resampler } from './resample';

/** Sound waits this long before it plays, in line samples: evens out the network. */
const cushion = 480;
/** More than this is dropped, in line samples: late sound is worse than a gap. */
const ceiling = 2400;

/**
 * Between the browser's sound (any rate, blocks of any size) and the line (8 kHz, frames of 20 ms). The browser's
 * own clock drives it; it knows no browser object, so that it runs in an audio worklet, in an old-style node and in tests.
 */
export class Pump {
  readonly #toBrowser: Resampler;
  readonly #toLine: Resampler;
  readonly #rate: number;
  readonly #needed: number;
  #heard: Float32Array = new Float32Array(0);
  #ready: Float32Array = new Float32Array(0);
  #spoken: Float32Array = new Float32Array(0);
  #playing = false;
  #voice: Float32Array | undefined;
  #voicePlace = 0;
  /** Samples of the browser's clock spoken for so far, modulo a second. */
  #voiceTime = 0;

  /** `rate`: the browser's, in Hz. */
  constructor(rate: number) {
    this.#toBrowser = new Resampler(lineRate, rate);
    this.#toLine = new Resampler(rate, lineRate);
    this.#rate = rate;
    this.#needed = rate / lineRate;
  }

  /** Sound from the line. */
  hear(samples: Float32Array): void {
    const kept = this.#heard.length + samples.length > ceiling ? this.#heard.subarray(this.#heard.length - cushion) : this.#heard;
    this.#heard = join(kept, samples);
  }

  /** A sound at the line's rate, spoken over and over in place of the microphone; undefined: the microphone. */
  speak(voice: Float32Array | undefined): void {
    this.#voice = voice && voice.length > 0 ? voice : undefined;
    this.#voicePlace = 0;
  }

  /** The next `length` samples for the browser to play; silence where the line sent none. */
  play(length: number): Float32Array {
    if (!this.#playing && this.#heard.length >= cushion) this.#playing = true;
    while (this.#playing && this.#ready.length < length) {
      const wanted = Math.ceil((length - this.#ready.length) / this.#needed) + 1;
      const block = this.#heard.subarray(0, wanted);
      if (block.length === 0) this.#playing = false; // Ran dry: fill the cushion again.
      this.#heard = this.#heard.slice(block.length);
      this.#ready = join(this.#ready, this.#toBrowser.push(block));
    }
    const output = new Float32Array(length);
    output.set(this.#ready.subarray(0, length));
    this.#ready = this.#ready.slice(length);
    return output;
  }

  /** What the microphone gave in the same time (undefined: none); returns the frames now complete for the line. */
  record(input: Float32Array | undefined, length: number): Float32Array[] {
    if (this.#voice) {
      const due = (time: number) => Math.floor((time * lineRate) / this.#rate);
      const count = due(this.#voiceTime + length) - due(this.#voiceTime);
      this.#voiceTime = (this.#voiceTime + length) % this.#rate;
      this.#spoken = join(this.#spoken, this.#nextVoice(this.#voice, count));
    } else if (input) {
      this.#spoken = join(this.#spoken, this.#toLine.push(input));
    }
    const frames: Float32Array[] = [];
    while (this.#spoken.length >= frameSamples) {
      frames.push(this.#spoken.slice(0, frameSamples));
      this.#spoken = this.#spoken.slice(frameSamples);
    }
    return frames;
  }

  #nextVoice(voice: Float32Array, count: number): Float32Array {
    const block = new Float32Array(count);
    for (let n = 0; n < count; n++) {
      block[n] = voice[this.#voicePlace] ?? 0;
      this.#voicePlace = (this.#voicePlace + 1) % voice.length;
    }
    return block;
  }
}

function join(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
