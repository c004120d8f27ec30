/** Half the width of the kernel, in zero crossings of the sinc. */
const crossings = 12;
/** Points of the kernel's table per zero crossing. */
const resolution = 256;

/** One windowed-sinc kernel for all: index is the distance in zero crossings times `resolution`. */
const kernel = ((): Float32Array => {
  const table = new Float32Array(crossings * resolution + 2);
  for (let n = 0; n < table.length; n++) {
    const x = n / resolution;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const window = x >= crossings ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * x) / crossings);
    table[n] = sinc * window;
  }
  return table;
})();

/**
 * Changes the sampling rate of a stream, block by block, without aliases: samples are floats of −1 to 1.
 * The output lags the input by half the kernel's width (about 2 ms from 48 kHz to 8 kHz).
 */
export class Resampler {
  readonly #step: number;
  readonly #cutoff: number;
  readonly #reach: number;
  #history: Float32Array;
  /** Place of the next output sample, in input samples from the start of the history. */
  #position: number;

  /** Rates in Hz. */
  constructor(from: number, to: number) {
    this.#step = from / to;
    // Slightly below half the lower rate, so that the kernel's slope ends before it folds back.
    this.#cutoff = Math.min(1, to / from) * (from === to ? 1 : 0.92);
    this.#reach = Math.ceil(crossings / this.#cutoff);
    this.#history = new Float32Array(this.#reach * 2);
    this.#position = this.#reach;
  }

  /** The output samples that this block of input makes possible. */
  push(input: Float32Array): Float32Array {
    const samples = new Float32Array(this.#history.length + input.length);
    samples.set(this.#history);
    samples.set(input, this.#history.length);
    const last = samples.length - this.#reach;
    const output = new Float32Array(Math.max(0, Math.ceil((last - this.#position) / this.#step)));
    let count = 0;
    while (this.#position < last && count < output.length) {
      output[count++] = this.#at(samples, this.#position);
      this.#position += this.#step;
    }
    const kept = Math.max(0, Math.min(Math.floor(this.#position) - this.#reach, samples.length));
    this.#history = samples.slice(kept);
    this.#position -= kept;
    return output.subarray(0, count);
  }

  #at(samples: Float32Array, position: number): number {
    const first = Math.max(0, Math.ceil(position - this.#reach));
    const last = Math.min(samples.length - 1, Math.floor(position + this.#reach));
    let sum = 0;
    for (let n = first; n <= last; n++) {
      const place = Math.abs(n - position) * this.#cutoff * resolution;
      const index = Math.floor(place);
      if (index >= crossings * resolution) continue;
      const low = kernel[index] ?? 0;
      const high = kernel[index + 1] ?? 0;
      sum += (samples[n] ?? 0) * (low + (high - low) * (place - index));
    }
    return sum * this.#cutoff;
  }
}

/** Changes the sampling rate of a whole sound. */
export function resampleAll(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const resampler = new Resampler(from, to);
  const padded = new Float32Array(samples.length + Math.ceil(from / 100));
  padded.set(samples);
  const output = resampler.push(padded);
  return output.slice(0, Math.min(output.length, Math.round((samples.length * to) / from)));
}
