/** On paper everything is light, and drawings are pictures of what the screen showed. */
import { el } from '../shared/dom.ts';
import { themeChanged } from '../shared/theme.ts';

export function preparePrinting(drawNow: () => void): void {
  let pictures: HTMLImageElement[] = [];
  let unfolded: HTMLDetailsElement[] = [];
  const before = (): void => {
    if (pictures.length > 0) return;
    document.documentElement.classList.add('printing');
    unfolded = [...document.querySelectorAll<HTMLDetailsElement>('details.finding:not([open])')];
    for (const details of unfolded) details.open = true;
    themeChanged();
    drawNow();
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>('main canvas')) {
      if (canvas.width === 0 || canvas.closest('[hidden]') !== null) continue;
      const picture = el('img', { class: 'picture', alt: '', src: canvas.toDataURL('image/png') });
      picture.style.width = canvas.style.width;
      canvas.after(picture);
      pictures.push(picture);
    }
    document.documentElement.classList.add('pictured');
  };
  const after = (): void => {
    for (const picture of pictures) picture.remove();
    for (const details of unfolded) details.open = false;
    [pictures, unfolded] = [[], []];
    document.documentElement.classList.remove('printing', 'pictured');
    themeChanged();
  };
  window.addEventListener('beforeprint', before);
  window.addEventListener('afterprint', after);
}
