const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477];
const keys = '123456789*0#';

/** What one hears of one's own key: its two tones (ITU-T Q.23), for 0.12 s. */
export function playKey(context: AudioContext, key: string): void {
  const place = keys.indexOf(key);
  if (place < 0) return;
  const out = context.createGain();
  out.gain.value = 0.06;
  out.connect(context.destination);
  const end = context.currentTime + 0.12;
  for (const frequency of [rows[Math.floor(place / 3)] ?? 0, columns[place % 3] ?? 0]) {
    const tone = context.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(out);
    tone.start();
    tone.stop(end);
  }
}
