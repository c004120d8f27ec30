/** How good a password is, and why. `missing` is how many characters it lacks. */
export type Verdict =
  | { level: 0; reason: 'empty' }
  | { level: 1; reason: 'short'; missing: number }
  | { level: 1; reason: 'common' | 'repeats' | 'sequence' | 'name' }
  | { level: 2; reason: 'fair' }
  | { level: 3; reason: 'strong' };

/** Beginnings and cores of the passwords tried first. The box has the last word; this only warns while typing. */
const commonWords = [
  'password', 'passwort', 'motdepasse', 'azerty', 'qwerty', 'qwertz', 'administrateur', 'administrator', 'admin',
  'bienvenue', 'welcome', 'letmein', 'telephone', 'standard', 'bonjour', 'soleil', 'iloveyou', 'jetaime', 'secret',
  'changeme', 'default', 'superman', 'football', 'doudou', 'chocolat', 'princess', 'dragon', 'monkey', 'marseille',
];

const sequences = ['abcdefghijklmnopqrstuvwxyz', '01234567890123456789', 'azertyuiopqsdfghjklmwxcvbn', 'qwertyuiopasdfghjklzxcvbnm'];

/** Judges a password as it is typed. */
export function judge(password: string, minimum: number, siteName: string): Verdict {
  const length = [...password].length;
  if (length === 0) return { level: 0, reason: 'empty' };
  if (length < minimum) return { level: 1, reason: 'short', missing: minimum - length };
  const plain = fold(password);
  const names = ['offhook', ...fold(siteName).split(/[^a-z0-9]+/)].filter((word) => word.length >= 5);
  if (names.some((word) => plain.includes(word) && plain.replaceAll(word, '').length < 8)) return { level: 1, reason: 'name' };
  const letters = plain.replace(/[@$03]/g, (c) => ({ '@': 'a', $: 's', '0': 'o', '3': 'e' })[c] ?? c).replace(/[^a-z]/g, '');
  const bare = commonWords.reduce((rest, word) => rest.replaceAll(word, ''), letters);
  if (bare.length < 4 && bare.length < letters.length) {
    return { level: 1, reason: 'common' };
  }
  if (new Set(plain).size < 6) return { level: 1, reason: 'repeats' };
  if (longestRun(plain) >= Math.ceil(length * 0.6)) return { level: 1, reason: 'sequence' };
  return length >= minimum + 4 ? { level: 3, reason: 'strong' } : { level: 2, reason: 'fair' };
}

/** Lower case, without accents. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Length of the longest part that follows the alphabet, the digits or a keyboard, either way. */
function longestRun(text: string): number {
  let longest = 0;
  for (const line of sequences) {
    for (const row of [line, [...line].reverse().join('')]) {
      for (let start = 0; start < text.length; start++) {
        let end = start + longest + 1;
        while (end <= text.length && row.includes(text.slice(start, end))) longest = end++ - start;
      }
    }
  }
  return longest;
}
