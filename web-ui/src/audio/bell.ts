/** A bell of two gongs struck 25 times a second, while the ringing voltage is on. Returns how to stop it. */
export function startBell(context: AudioContext): () => void {
  const out = context.createGain();
  out.gain.value = 0.11;
  out.connect(context.destination);

  const strike = context.createOscillator();
  strike.type = 'square';
  strike.frequency.value = 25;
  const depth = context.createGain();
  depth.gain.value = 0.5;
  strike.connect(depth);
  const struck = context.createGain();
  struck.gain.value = 0.5;
  depth.connect(struck.gain);
  struck.connect(out);

  const gongs = [
    [1230, 1],
    [1490, 0.8],
    [2875, 0.35],
    [3480, 0.25],
  ].map(([frequency = 0, loudness = 0]) => {
    const gong = context.createOscillator();
    gong.frequency.value = frequency;
    const gain = context.createGain();
    gain.gain.value = loudness / 2.4;
    gong.connect(gain).connect(struck);
    gong.start();
    return gong;
  });
  strike.start();

  return () => {
    // The gongs die away.
    const end = context.currentTime + 0.35;
    out.gain.setTargetAtTime(0, context.currentTime, 0.08);
    for (const node of [strike, ...gongs]) node.stop(end);
  };
}
