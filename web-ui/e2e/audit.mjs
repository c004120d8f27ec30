// What a person who sees poorly or uses no mouse needs, measured in the page: names, contrast (WCAG 2.2 AA), target size.

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>} what is wrong
 */
export function audit(page) {
  return page.evaluate(() => {
    /** @type {string[]} */
    const wrong = [];
    /** @param {Element} element */
    const where = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> “${(element.textContent ?? '').trim().slice(0, 40)}”`;
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (!canvas) return ['no canvas'];

    /** @param {string} colour @returns {number[]} */
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    /** @param {number[]} over @param {number[]} under */
    const mix = (over, under) => {
      const a = over[3] ?? 1;
      return [0, 1, 2].map((n) => (over[n] ?? 0) * a + (under[n] ?? 0) * (1 - a)).concat(1);
    };
    /** @param {Element} element */
    const background = (element) => {
      const layers = [];
      for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) {
        const colour = rgba(getComputedStyle(at).backgroundColor);
        layers.unshift(colour);
        if (colour[3] === 1) break;
        if (at instanceof HTMLDialogElement) break;
      }
      return layers.reduce((under, over) => mix(over, under), rgba(getComputedStyle(document.documentElement).backgroundColor));
    };
    /** @param {number[]} colour */
    const luminance = (colour) => {
      const [r = 0, g = 0, b = 0] = colour.slice(0, 3).map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    /** @param {Element} element */
    const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest('.visually-hidden');

    const modal = document.querySelector('dialog[open]');
    const root = modal ?? document.body;

    for (const element of root.querySelectorAll('*')) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      if (!own || !visible(element) || element.closest(':disabled, option, svg, [aria-hidden="true"]')) continue;
      const style = getComputedStyle(element);
      const paper = background(element);
      const ink = mix(rgba(style.color), paper);
      const [light = 0, dark = 0] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
      const ratio = (light + 0.05) / (dark + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${where(element)}`);
    }

    for (const element of root.querySelectorAll('a[href], button, input, select, textarea, audio, [role="switch"]')) {
      if (!visible(element) && !(element instanceof HTMLInputElement && element.type === 'checkbox')) continue;
      if (element instanceof HTMLInputElement && element.type === 'hidden') continue;
      const labels = 'labels' in element && element.labels ? [.../** @type {NodeListOf<HTMLLabelElement>} */ (element.labels)] : [];
      const name = element.getAttribute('aria-label') ?? (labels.map((label) => label.textContent).join(' ') || element.textContent) ?? '';
      if (!name.trim()) wrong.push(`no name: ${where(element)}`);
      const box = element.getBoundingClientRect();
      const inText = element instanceof HTMLAnchorElement && getComputedStyle(element).display === 'inline';
      if (!inText && box.width > 0 && (box.width < 24 || box.height < 24) && !(element instanceof HTMLInputElement && element.type === 'checkbox')) {
        wrong.push(`smaller than 24 px: ${where(element)}`);
      }
    }

    if (document.querySelectorAll('h1').length !== 1) wrong.push(`${document.querySelectorAll('h1').length} headings of the first level`);
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    for (const id of new Set(ids.filter((value, index) => ids.indexOf(value) !== index))) wrong.push(`id “${id}” twice`);
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push('wider than the window');
    if (!['fr', 'en'].includes(document.documentElement.lang)) wrong.push('no language');
    return [...new Set(wrong)];
  });
}
