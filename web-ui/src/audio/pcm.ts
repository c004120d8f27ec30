/** Rate of the lines, in Hz. */
export const lineRate = 8000;
/** Samples in a frame: 20 ms. */
export const frameSamples = 160;
/** Bytes in a frame: 16 bits a sample, little-endian. */
export const frameBytes = frameSamples * 2;

/** Floats of −1 to 1 as a frame. Louder is cut. */
export function encodeFrame(samples: Float32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  for (const [index, sample] of samples.entries()) {
    view.setInt16(index * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
  }
  return view.buffer;
}

/** A frame as floats of −1 to 1. An odd last byte is left out. */
export function decodeFrame(bytes: ArrayBuffer): Float32Array {
  const view = new DataView(bytes);
  const samples = new Float32Array(Math.floor(bytes.byteLength / 2));
  for (let n = 0; n < samples.length; n++) samples[n] = view.getInt16(n * 2, true) / 32768;
  return samples;
}

/** Loudness relative to full scale, in dB; silence is −90. */
export function levelDb(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return Math.max(-90, 20 * Math.log10(rms || 1e-9));
}
