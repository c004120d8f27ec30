import { lineRate } from './pcm';
import { resampleAll } from './resample';

/** Longest voice kept, in seconds. */
const longest = 120;

/** Reads a sound file of any kind the browser knows, as one channel at the line's rate. Throws when it is no sound. */
export async function readVoice(file: Blob, context: BaseAudioContext): Promise<Float32Array> {
  const decoded = await context.decodeAudioData(await file.arrayBuffer());
  const length = Math.min(decoded.length, longest * decoded.sampleRate);
  const mono = new Float32Array(length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel++) {
    const samples = decoded.getChannelData(channel);
    for (let n = 0; n < length; n++) mono[n] = (mono[n] ?? 0) + (samples[n] ?? 0) / decoded.numberOfChannels;
  }
  return resampleAll(mono, decoded.sampleRate, lineRate);
}
